/** `rewriteSnapshots`: what becomes of snapshots, and what is refused. */
import { describe, expect, it, vi } from 'vitest';
import type { TreeId } from '../../src/base/ids.js';
import type { RewriteOptions } from '../../src/maintain/rewrite.js';
import { rewriteSnapshots } from '../../src/maintain/rewrite.js';
import { encodeTree } from '../../src/repo/tree.js';
import { at, rejection, testRepository } from '../helpers/repository.js';
import { fileNode } from '../helpers/sound-repository.js';
import { allSnapshots, node, paths, problems, repairEnv, saveRawTree, treeOf } from './repair-env.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));

const without = (name: string): RewriteOptions => ({ exclude: (path) => path.endsWith(`/${name}`) });
const only = (...wanted: string[]): RewriteOptions => ({
  include: { matches: (path) => wanted.some((one) => path.startsWith(one)), childMayMatch: () => true },
});

describe('rewriteSnapshots', () => {
  it('leaves out what is excluded, and counts what stays', async () => {
    const { repo, first } = await repairEnv();
    const { modified, outcomes } = await rewriteSnapshots(repo, { ...without('deep'), snapshots: [first] });
    expect(modified).toBe(1);
    const [outcome] = outcomes;
    if (outcome?.newId === undefined) throw new Error('nothing was saved');
    const now = await repo.loadSnapshot(outcome.newId);
    expect(await paths(repo, now.tree)).toEqual([
      ...['/config/', '/config/options.txt 7', '/mods/', '/mods/a.jar 500', '/readme.txt 8'],
    ]);
    expect(now).toMatchObject({
      time: '2026-11-22T10:00:00Z',
      hostname: 'alpha',
      tags: ['one', 'rewrite'],
      original: first,
      summary: { totalFilesProcessed: 3, totalBytesProcessed: 515, filesNew: 0, backupStart: '0001-01-01T00:00:00Z' },
    });
    expect(await problems(repo)).toEqual([]);
  });

  it('keeps only what is included; folders stay for what is in them, or for themselves', async () => {
    const { repo } = await repairEnv();
    const { outcomes } = await rewriteSnapshots(repo, { ...only('/mods/deep', '/world/level.dat'), forget: true });
    const trees = await Promise.all(
      outcomes.map(async ({ newId }) => (newId === undefined ? undefined : (await repo.loadSnapshot(newId)).tree)),
    );
    expect(await paths(repo, trees[0] ?? ('' as TreeId))).toEqual(['/mods/', '/mods/deep/', '/mods/deep/b.jar 700']);
    expect(await paths(repo, trees[1] ?? ('' as TreeId))).toContain('/world/level.dat 5');
  });

  it('leaves a snapshot alone of which nothing is included, even to be forgotten', async () => {
    const { repo, first, second } = await repairEnv();
    const { outcomes } = await rewriteSnapshots(repo, { ...only('/world'), forget: true });
    expect(outcomes.map(({ kind }) => kind)).toEqual(['unchanged', 'replaced']);
    const left = await repo.listSnapshots();
    expect([left.includes(first), left.includes(second)]).toEqual([true, false]);
  });

  it('puts host and time in, also where they are the same, and looks at no tree for that', async () => {
    const { repo, backend, second } = await repairEnv();
    const time = '2020-01-01T00:00:00Z';
    const before = backend.count('read', 'data');
    const { outcomes } = await rewriteSnapshots(repo, { snapshots: ['latest'], time, hostname: 'beta', forget: true });
    expect(backend.count('read', 'data')).toBe(before);
    const { newId } = at(outcomes, 0);
    if (newId === undefined) throw new Error('nothing was saved');
    expect(await repo.loadSnapshot(newId)).toMatchObject({ time, hostname: 'beta', original: second });
    expect(await repo.listSnapshots()).not.toContain(second);
  });

  it('gives a summary to snapshots that have none, once', async () => {
    const { repo } = await repairEnv();
    expect(await rewriteSnapshots(repo, { summary: true, forget: true })).toMatchObject({ modified: 2 });
    const summaries = [...(await allSnapshots(repo)).values()].map(({ summary }) => summary?.totalFilesProcessed);
    expect(summaries.sort()).toEqual([4, 5]);
    expect(await rewriteSnapshots(repo, { summary: true, forget: true })).toMatchObject({ modified: 0 });
  });

  it('in a dry run writes nothing', async () => {
    const { repo, backend } = await repairEnv();
    const before = backend.done.length;
    expect(await rewriteSnapshots(repo, { ...without('deep'), dryRun: true })).toMatchObject({ modified: 2 });
    expect(backend.done.slice(before).filter((call) => !/^(read|list)/.test(call))).toEqual([]);
  });

  it('counts a folder as often as it is there, and takes it for what it is at each place', async () => {
    const { repo } = await testRepository();
    const id = await saveRawTree(repo, async (session, data) => {
      const subtree = await session.saveTree(encodeTree([fileNode('x', [data], 5), fileNode('y', [data], 5)]));
      const dir = `"content":null,"subtree":"${subtree}"`;
      return treeOf(node('a', 'dir', dir), node('b', 'dir', dir), node('c', 'dir', dir));
    });
    const seen: string[] = [];
    const options: RewriteOptions = { exclude: (path) => path === '/b/x', forget: true };
    await rewriteSnapshots(repo, { ...options, onPath: (path) => seen.push(path) });
    const [snapshot] = (await allSnapshots(repo)).values();
    expect(await paths(repo, snapshot?.tree ?? ('' as TreeId))).toEqual([
      ...['/a/', '/a/x 5', '/a/y 5', '/b/', '/b/y 5', '/c/', '/c/x 5', '/c/y 5'],
    ]);
    expect(snapshot).toMatchObject({ original: id, summary: { totalFilesProcessed: 5, totalBytesProcessed: 25 } });
    expect(seen).toEqual(['/b/x']);
  });
});

describe('what is refused', () => {
  it('patterns of both kinds', async () => {
    const { repo } = await testRepository();
    expect((await rejection(rewriteSnapshots(repo, { ...without('a'), ...only('/b') }))).code).toBe('usage');
  });

  it.each([
    ['a member that would be lost', treeOf(node('a', 'fifo', '"new":1,"content":null')), 'unsupported'],
    ['names out of order', treeOf(node('b', 'fifo'), node('a', 'fifo')), 'damaged'],
    ['a node that cannot be read', treeOf(node('a', 'fifo', '"size":"x"')), 'damaged'],
    [
      'a folder whose tree is gone',
      treeOf(node('a', 'dir', `"content":null,"subtree":"${'e'.repeat(64)}"`)),
      'damaged',
    ],
    ['a folder of no tree', treeOf(node('a', 'dir')), 'damaged'],
    ['what is no tree', 'hello', 'damaged'],
  ])('%s', async (_what, tree, code) => {
    const { repo } = await testRepository();
    const id = await saveRawTree(repo, async () => tree);
    const error = await rejection(rewriteSnapshots(repo, { ...without('zzz'), forget: true }));
    expect(error.code).toBe(code);
    expect(error.message).toContain(`unable to rewrite snapshot ID "${id.slice(0, 8)}": `);
    expect(await repo.listSnapshots()).toEqual([id]);
  });

  it('but not what is odd only', async () => {
    const { repo } = await testRepository();
    await saveRawTree(repo, async () => treeOf(node('a', 'door'), node('b', 'fifo')));
    await rewriteSnapshots(repo, { ...without('b'), forget: true });
    const [snapshot] = (await allSnapshots(repo)).values();
    const bytes = await repo.loadBlob('tree', snapshot?.tree ?? ('' as TreeId));
    expect(new TextDecoder().decode(bytes)).toBe(treeOf(node('a', 'door')));
  });
});
