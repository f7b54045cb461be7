/** `repairSnapshots`: what becomes of files and folders that are damaged, and of the snapshots they are in. */
import { describe, expect, it, vi } from 'vitest';
import { SyncError } from '../../src/base/errors.js';
import type { BlobId, SnapshotId, TreeId } from '../../src/base/ids.js';
import { repairIndex } from '../../src/maintain/repair-index.js';
import type { Mend } from '../../src/maintain/repair-snapshots.js';
import { repairSnapshots } from '../../src/maintain/repair-snapshots.js';
import type { Repository } from '../../src/repo/repository.js';
import { rewriteIndex } from '../helpers/damage-tools.js';
import { rejection, type TestRepository, testRepository } from '../helpers/repository.js';
import { allSnapshots, node, paths, problems, repairEnv, saveRawTree, treeOf } from './repair-env.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));

const GONE = 'e'.repeat(64);

/** Takes the pack of a blob away, with all that is in it. */
async function lose({ repo, backend, reopen }: TestRepository, type: 'data' | 'tree', id: BlobId): Promise<Repository> {
  const [location] = repo.index.locate(type, id);
  await backend.replace('data', location?.pack ?? '', undefined);
  const again = await reopen();
  await repairIndex(again);
  return reopen();
}

async function subtreeOf(repo: Repository, tree: TreeId, name: string): Promise<TreeId> {
  const found = (await repo.loadTree(tree)).find((one) => one.name === name)?.subtree;
  if (found === undefined) throw new Error(`no folder ${name}`);
  return found;
}

describe('a sound repository', () => {
  it('stays as it is, and each tree is read once', async () => {
    const { reopen, backend } = await repairEnv();
    const repo = await reopen();
    const before = await backend.names('snapshots');
    const { modified, outcomes } = await repairSnapshots(repo, { forget: true });
    expect({ modified, kinds: outcomes.map(({ kind }) => kind) }).toEqual({
      modified: 0,
      kinds: ['unchanged', 'unchanged'],
    });
    expect(await backend.names('snapshots')).toEqual(before);
    const trees = [...repo.index.values()].filter(({ type }) => type === 'tree').length;
    expect(backend.count('read', 'data')).toBeLessThanOrEqual(trees);
  });
});

describe('what is gone', () => {
  it('files lose the parts that are not there', async () => {
    const env = await repairEnv();
    const jar = (await env.repo.loadTree(await subtreeOf(env.repo, await root(env.repo, env.first), 'mods')))[0];
    const repo = await lose(env, 'data', (jar?.content ?? [])[0] ?? ('' as BlobId));
    const mends: Mend[] = [];
    const { modified } = await repairSnapshots(repo, { onMend: (mend) => mends.push(mend) });
    expect(modified).toBe(2);
    expect(mends).toContainEqual({ type: 'file', path: '/mods/a.jar', what: 'missing-content' });
    // Told once, though both snapshots have the folder.
    expect(mends.filter(({ path }) => path === '/mods/a.jar')).toHaveLength(1);
    const repaired = [...(await allSnapshots(repo))].filter(([, { tags }]) => tags?.includes('repaired'));
    expect(repaired.map(([, { original }]) => original).sort()).toEqual([env.first, env.second].sort());
    expect(await paths(repo, repaired[0]?.[1].tree ?? ('' as TreeId))).toContain('/mods/a.jar 0');
  });

  it('folders become empty, and the old snapshots go if that is wanted', async () => {
    const env = await repairEnv();
    const { repo } = env;
    const old = await allSnapshots(repo);
    const damaged = await subtreeOf(repo, await root(repo, env.first), 'mods');
    const broken = await withoutTree(env, damaged);
    const mends: Mend[] = [];
    const { outcomes } = await repairSnapshots(broken, { forget: true, onMend: (mend) => mends.push(mend) });
    expect(mends).toEqual([{ type: 'dir', path: '/mods', what: 'empty-directory' }]);
    expect(outcomes.map(({ kind, removed }) => ({ kind, removed }))).toEqual([
      { kind: 'replaced', removed: true },
      { kind: 'replaced', removed: true },
    ]);
    const now = await allSnapshots(broken);
    expect([...now.keys()].filter((id) => old.has(id))).toEqual([]);
    expect([...now.values()].map(({ tags }) => tags)).toEqual(expect.arrayContaining([['one'], undefined]));
    for (const { tree } of now.values()) {
      const list = await paths(broken, tree);
      expect(list).toContain('/mods/');
      expect(list.filter((path) => path.startsWith('/mods/a'))).toEqual([]);
    }
  });

  it('a snapshot without root is removed', async () => {
    const env = await repairEnv();
    const broken = await withoutTree(env, await root(env.repo, env.second));
    const mends: Mend[] = [];
    const { outcomes, modified } = await repairSnapshots(broken, { onMend: (mend) => mends.push(mend) });
    expect(mends).toEqual([{ type: 'dir', path: '/', what: 'not-readable' }]);
    expect(outcomes.map(({ old, kind }) => [old.id, kind])).toEqual([
      [env.first, 'unchanged'],
      [env.second, 'empty'],
    ]);
    expect({ modified, left: await broken.listSnapshots() }).toEqual({ modified: 1, left: [env.first] });
  });

  it('in a dry run nothing is written, and no lock is taken', async () => {
    const env = await repairEnv();
    const broken = await withoutTree(env, await subtreeOf(env.repo, await root(env.repo, env.first), 'mods'));
    const before = env.backend.calls.length;
    const { modified } = await repairSnapshots(broken, { dryRun: true, forget: true });
    expect(modified).toBe(2);
    expect(env.backend.calls.slice(before).filter(({ method }) => method !== 'read' && method !== 'list')).toEqual([]);
  });

  it('but a server that is away is no damage', async () => {
    const env = await repairEnv();
    const repo = await env.reopen();
    env.backend.before = ({ method, type }) => {
      if (method === 'read' && type === 'data') throw new SyncError('unreachable', 'no answer');
    };
    expect((await rejection(repairSnapshots(repo, { forget: true }))).code).toBe('unreachable');
    expect(await env.backend.names('snapshots')).toEqual([env.first, env.second].sort());
  });

  it('where the server removes nothing, the new snapshot is told before the refusal', async () => {
    const env = await repairEnv();
    const broken = await withoutTree(env, await subtreeOf(env.repo, await root(env.repo, env.first), 'mods'));
    env.backend.before = ({ method, type }) => {
      if (method === 'remove' && type === 'snapshots') throw new SyncError('forbidden', 'append-only');
    };
    const saved: SnapshotId[] = [];
    const onSaved = (_old: unknown, id: SnapshotId): number => saved.push(id);
    expect((await rejection(repairSnapshots(broken, { forget: true, onSaved }))).code).toBe('forbidden');
    expect(saved).toHaveLength(1);
    expect(await env.backend.names('snapshots')).toEqual([env.first, env.second, ...saved].sort());
  });
});

describe('trees that no reader takes', () => {
  const cases: readonly (readonly [string, (data: string) => string, readonly string[], readonly Mend['what'][]])[] = [
    ['a node of no type', (file) => treeOf(file, node('b', '')), ['/a 5'], ['bad-type']],
    ['an irregular one', (file) => treeOf(file, node('b', 'irregular')), ['/a 5'], ['bad-type']],
    ['out of order', (file) => treeOf(node('b', 'fifo'), file), ['/a 5', '/b 0'], ['unordered']],
    ['a name twice', (file) => treeOf(file, node('a', 'fifo')), ['/a 5'], ['duplicate-name']],
    ['a name of two steps', (file) => treeOf(node('../x', 'fifo'), file), ['/a 5'], ['bad-node']],
    ['no name', (file) => treeOf(node('', 'fifo'), file), ['/a 5'], ['bad-node']],
    ['a file without content', (file) => treeOf(file, node('b', 'file')), ['/a 5', '/b 0'], []],
    ['a wrong size', (file) => treeOf(file.replace('"size":5', '"size":6')), ['/a 5'], ['wrong-size']],
    ['a folder of no tree', (file) => treeOf(file, node('b', 'dir')), ['/a 5', '/b/'], ['empty-directory']],
    ['cut off', (file) => treeOf(file, node('b', 'fifo')).slice(0, -9), ['/a 5'], ['cut-off']],
    ['an unknown member', (file) => treeOf(file.replace('"mode"', '"new":1,"mode"')), ['/a 5'], []],
    ['content that is gone', (file) => treeOf(file.replace('["', `["${GONE}","`)), ['/a 5'], ['missing-content']],
  ];

  it.each(cases)('%s', async (_what, make, expected, whats) => {
    const { repo } = await testRepository();
    await saveRawTree(repo, async (_session, data) => make(node('a', 'file', `"size":5,"content":["${data}"]`)));
    const mends: Mend[] = [];
    const { modified } = await repairSnapshots(repo, { forget: true, onMend: (mend) => mends.push(mend) });
    expect(modified).toBe(1);
    expect(mends.map(({ what }) => what)).toEqual(whats);
    const [snapshot] = (await allSnapshots(repo)).values();
    expect(await paths(repo, snapshot?.tree ?? ('' as TreeId))).toEqual(expected);
    expect(await problems(repo)).toEqual([]);
  });

  it('a node of a type that a later version may know stays', async () => {
    const { repo } = await testRepository();
    await saveRawTree(repo, async () => treeOf(node('a', 'door')));
    expect(await repairSnapshots(repo, {})).toMatchObject({ modified: 0 });
  });
});

async function root(repo: Repository, id: SnapshotId): Promise<TreeId> {
  return (await repo.loadSnapshot(id)).tree;
}

/** Takes one tree out of all index files. */
async function withoutTree({ repo, reopen }: TestRepository, id: TreeId): Promise<Repository> {
  await rewriteIndex(repo, (packs) =>
    packs.map((pack) => ({ ...pack, blobs: pack.blobs.filter((blob) => blob.id !== id) })),
  );
  return reopen();
}
