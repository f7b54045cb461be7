/** The public Repository: what it shows of a repository, and that it shows it in pieces. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SyncError } from '../../src/base/errors.js';
import { backup } from '../../src/library/backup.js';
import { check } from '../../src/library/check.js';
import { openedOf } from '../../src/library/opened.js';
import { Repository } from '../../src/library/repository.js';
import { dumpTar } from '../../src/restore/dump-tar.js';
import { dumpZip } from '../../src/restore/dump-zip.js';
import { at, rejection } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';
import { all, backedUp, bytesOf, folderRepository, gameFolder, memoryRepository } from './env.js';

describe('a repository', () => {
  it('is made, and opened again', async () => {
    const repository = join(tempFolder(), 'repository');
    const made = await Repository.init({ repository, password: 'x', version: 1 });
    expect({ ...made }).toEqual({ id: expect.stringMatching(/^[0-9a-f]{64}$/), version: 1, location: repository });
    await made.close();
    const opened = await Repository.open({ repository, password: 'x' });
    expect({ ...opened }).toEqual({ ...made });
    await opened.close();
    expect((await rejection(Repository.init({ repository, password: 'x' }))).code).toBe('exists');
    expect((await rejection(Repository.open({ repository, password: 'y' }))).code).toBe('wrong-password');
    expect((await rejection(Repository.open({ repository: tempFolder(), password: 'y' }))).code).toBe('no-repository');
  });

  it('is refused to the functions unless it is one', async () => {
    // @ts-expect-error: not a Repository
    const error = await rejection(check({}));
    expect([error.code, error.message]).toEqual(['usage', expect.stringContaining('this copy of the library')]);
  });
});

describe('snapshots', () => {
  it('come oldest first, by a filter, and one by name', async () => {
    const { repo } = await memoryRepository();
    const cwd = gameFolder();
    const days = [3, 1, 2];
    for (const day of days) {
      const time = new Date(Date.UTC(2026, 0, day));
      await backup(repo, { cwd, paths: ['game'], hostname: `pc${day}`, tags: [`t${day}`], time, parent: 'none' });
    }
    const snapshots = await all(repo.snapshots());
    expect(snapshots.map((one) => [one.hostname, one.tags])).toEqual([1, 2, 3].map((day) => [`pc${day}`, [`t${day}`]]));
    expect(at(snapshots, 0).paths).toEqual([join(cwd, 'game')]);
    expect((await all(repo.snapshots({ tags: [['t2']] }))).map((one) => one.hostname)).toEqual(['pc2']);
    expect((await repo.snapshot('latest')).hostname).toBe('pc3');
    expect((await repo.snapshot('latest', { filter: { hosts: ['pc1'] } })).hostname).toBe('pc1');
    const { id } = at(snapshots, 1);
    expect(await repo.snapshot(id.slice(0, 12))).toEqual(at(snapshots, 1));
    expect(await repo.snapshot(id)).toEqual(at(snapshots, 1));
    await repo.close();
  });

  it('that cannot be read are told, and hide no others', async () => {
    const { repo, path } = await folderRepository();
    await backedUp(repo);
    const { id } = await repo.snapshot('latest');
    await backedUp(repo);
    rmSync(join(path, 'snapshots', id));
    writeFileSync(join(path, 'snapshots', id), 'rubbish');
    expect((await rejection(all(repo.snapshots()))).code).toBe('damaged');
    const told: string[] = [];
    const left = await all(repo.snapshots({}, { onUnreadable: (name) => told.push(name) }));
    expect([left.length, told]).toEqual([1, [id]]);
    await repo.close();
  });
});

describe('what a snapshot holds', () => {
  it('is the same by walk, by tree and by file', async () => {
    const { repo } = await memoryRepository();
    const cwd = await backedUp(repo);
    const latest = await repo.snapshot('latest');
    const entries = await all(repo.walk(latest));
    expect(entries.map(({ path, node }) => `${node.type} ${path}`)).toEqual([
      'dir /game',
      'dir /game/mods',
      'file /game/mods/big.jar',
      'file /game/options.txt',
      'dir /game/saves',
      'dir /game/saves/Home',
      'file /game/saves/Home/level.dat',
    ]);
    for (const { path, node } of entries) {
      if (node.type === 'file')
        expect((await bytesOf(repo.readFile(latest, path))).equals(readFileSync(cwd + path))).toBe(true);
      else expect((await repo.tree(node.subtree ?? '')).length).toBeGreaterThan(0);
    }
    const inside = (await all(repo.walk('latest', { folder: 'game//saves/' }))).map(({ path }) => path);
    expect(inside).toEqual(['/game/saves/Home', '/game/saves/Home/level.dat']);
    const byTree = await all(repo.walk({ tree: at(entries, 0).node.subtree ?? '' }, { enters: () => false }));
    expect(byTree.map(({ path }) => path)).toEqual(['/mods', '/options.txt', '/saves']);
    await repo.close();
  });

  it('comes as an archive', async () => {
    const { repo } = await memoryRepository();
    await backedUp(repo);
    const { engine } = openedOf(repo);
    const { tree } = await repo.snapshot('latest');
    const [game] = await repo.tree(tree);
    const mods = at(await repo.tree(game?.subtree ?? ''), 0).subtree ?? tree;
    expect((await bytesOf(repo.archive('latest'))).equals(await bytesOf(dumpTar(engine, tree)))).toBe(true);
    const zip = await bytesOf(repo.archive('latest', { folder: 'game/mods', format: 'zip' }));
    expect(zip.equals(await bytesOf(dumpZip(engine, mods, { path: '/game/mods' })))).toBe(true);
    await repo.close();
  });

  it('is told to be missing, or to be something else', async () => {
    const { repo } = await memoryRepository();
    expect(await told(repo.snapshot('latest'))).toBe('not-found: there is no snapshot at memory');
    await backedUp(repo);
    // @ts-expect-error: there is no such format
    const rar = all(repo.archive('latest', { format: 'rar' }));
    expect(await told(rar)).toBe('usage: archives are "tar" or "zip", not "rar"');
    const wrong: [Promise<unknown>, string][] = [
      [
        repo.snapshot('latest', { filter: { hosts: ['x'] } }),
        'not-found: there is no snapshot that the filter lets thro',
      ],
      [repo.snapshot(''), 'not-found: no matching ID found for prefix ""'],
      [repo.snapshot('xyz'), 'not-found: no matching ID found for prefix "xyz"'],
      [repo.snapshot('latest:game'), 'usage: "latest:game" names no snapshot: folders are given by themselves'],
      [repo.tree('xyz'), 'usage: "xyz" is no id of 64 hex digits'],
      [repo.blob('data', '0'.repeat(64)), 'damaged: data blob 00000000 is in no index'],
      [all(repo.walk({ tree: '0'.repeat(64) })), 'damaged: tree blob 00000000 is in no index'],
      [all(repo.walk('latest', { folder: '/game/x' })), 'not-found: path game/x: not found'],
      [
        all(repo.walk('latest', { folder: '/game/options.txt/x' })),
        'not-found: path game/options.txt: not a directory',
      ],
      [all(repo.readFile('latest', '/game/x')), 'not-found: path "/game/x" not found in snapshot'],
      [all(repo.readFile('latest', '/game')), 'usage: /game is a folder: "archive" takes it'],
      [
        all(repo.readFile('latest', '/game/options.txt/x')),
        'usage: "/game/options.txt" should be a dir, but is a "file"',
      ],
      [
        all(repo.archive('latest', { folder: '/game/options.txt' })),
        'usage: /game/options.txt is a file: "readFile" t',
      ],
    ];
    for (const [call, text] of wrong) expect(await told(call)).toContain(text);
    await repo.close();
  });

  it('is made of blobs, which verify', async () => {
    const { repo } = await memoryRepository();
    await backedUp(repo);
    const blobs = await all(repo.blobs());
    const { engine } = openedOf(repo);
    expect(blobs.length).toBe(engine.index.blobCount);
    for (const { type, id, uncompressedLength, length } of blobs) {
      expect((await repo.blob(type, id)).length).toBe(uncompressedLength ?? length - 32);
    }
    await repo.close();
  });
});

async function told(call: Promise<unknown>): Promise<string> {
  const { code, message }: SyncError = await rejection(call);
  return `${code}: ${message}`;
}
