import { chmodSync, existsSync, mkdirSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { workerSource } from 'virtual:worker-source';
import { describe, expect, it } from 'vitest';
import { backup } from '../../src/archive/backup.js';
import type { BackupEvent, BackupOptions, BackupResult } from '../../src/archive/backup-types.js';
import { type Bytes, utf8 } from '../../src/base/bytes.js';
import { SyncError } from '../../src/base/errors.js';
import type { TreeId } from '../../src/base/ids.js';
import type { NamedSnapshot } from '../../src/browse/select.js';
import type { Repository } from '../../src/repo/repository.js';
import type { TreeNode } from '../../src/repo/tree.js';
import type { Executor } from '../../src/worker/executor.js';
import { inlineExecutor } from '../../src/worker/executor.js';
import { poolExecutor } from '../../src/worker/pool.js';
import { fileTools } from '../../src/worker/split.js';
import { asUser, onPosix } from '../helpers/only-where.js';
import { at, noise, rejection, type TestRepository, testRepository } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';

/** Sizes by path: a folder for each slash. */
function makeFiles(files: Readonly<Record<string, number>>): string {
  const folder = tempFolder();
  let seed = 1;
  for (const [path, size] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), noise(size, seed++));
  }
  return folder;
}

const FILES = { 'a/1': 10, 'a/2': 0, 'a/deep/3': 700_000, 'b/4': 2_000_000, c: 5 };

/** Takes the lock away, which costs 200 ms each time: these tests are alone. */
function run(repo: Repository, cwd: string, options: Partial<BackupOptions> = {}): Promise<BackupResult> {
  return backup(repo, { targets: ['.'], cwd, programVersion: 'restic-ts test', ...options });
}

async function parentOf(repo: Repository, { snapshotId }: BackupResult): Promise<NamedSnapshot> {
  if (snapshotId === undefined) throw new Error('there is no snapshot');
  return { id: snapshotId, snapshot: await repo.loadSnapshot(snapshotId) };
}

/** All nodes by path. */
async function nodesOf(repo: Repository, tree: TreeId, above = ''): Promise<Map<string, TreeNode>> {
  const found = new Map<string, TreeNode>();
  for (const node of await repo.loadTree(tree)) {
    const path = above === '' ? node.name : `${above}/${node.name}`;
    found.set(path, node);
    if (node.subtree !== undefined)
      for (const [key, value] of await nodesOf(repo, node.subtree, path)) found.set(key, value);
  }
  return found;
}

async function contentOf(repo: Repository, node: TreeNode | undefined): Promise<Bytes> {
  return Buffer.concat(await Promise.all((node?.content ?? []).map((id) => repo.loadBlob('data', id))));
}

const packsOf = ({ backend }: TestRepository): number => backend.done.filter((one) => one === 'write data').length;

describe('a backup', () => {
  it('stores folders so that they can be read again', async () => {
    const test = await testRepository();
    const cwd = makeFiles(FILES);
    const result = await run(test.repo, cwd);
    const again = await test.reopen();
    const nodes = await nodesOf(again, result.tree);
    expect([...nodes.keys()]).toEqual(['a', 'a/1', 'a/2', 'a/deep', 'a/deep/3', 'b', 'b/4', 'c']);
    let seed = 1;
    for (const [path, size] of Object.entries(FILES)) {
      expect(Buffer.compare(await contentOf(again, nodes.get(path)), noise(size, seed++))).toBe(0);
    }
    expect(result).toMatchObject({ errors: [], leftOut: [] });
    expect(result.summary).toMatchObject({ filesNew: 5, dirsNew: 3, treeBlobs: 4, totalBytesProcessed: 2_700_015 });
    expect(await parentOf(again, result)).toMatchObject({
      snapshot: { paths: [cwd], programVersion: 'restic-ts test', tree: result.tree, summary: result.summary },
    });
  });

  it('gives the same on threads', async () => {
    const test = await testRepository();
    const cwd = makeFiles({ ...FILES, 'large/1': 9_000_000, 'large/2': 6_000_000 });
    const asked: number[] = [];
    const createExecutor: BackupOptions['createExecutor'] = async ({ codec, config }, bytes) => {
      asked.push(bytes);
      const setup = { key: codec.key, version: codec.version, polynomial: config.chunkerPolynomial };
      return poolExecutor({ threads: 2, source: workerSource, setup });
    };
    const first = await run(test.repo, cwd, { createExecutor });
    expect(asked).toHaveLength(1);
    expect((await run(test.repo, cwd)).tree).toBe(first.tree);
    const parent = await parentOf(test.repo, first);
    await run(test.repo, cwd, { createExecutor, parent });
    // Nothing to read, no threads.
    expect(asked).toHaveLength(1);
  });

  it('of many folders, deep and wide, ends', async () => {
    const cwd = tempFolder();
    mkdirSync(join(cwd, 'x/'.repeat(300)), { recursive: true });
    for (let i = 0; i < 600; i++) mkdirSync(join(cwd, 'wide', String(i)), { recursive: true });
    for (let i = 0; i < 600; i++) writeFileSync(join(cwd, 'wide', String(i % 300), `file ${i}`), String(i % 7));
    const { repo } = await testRepository();
    const { summary, tree } = await run(repo, cwd, { readConcurrency: 1 });
    expect(summary).toMatchObject({ filesNew: 600, dirsNew: 901, dataBlobs: 7 });
    expect((await nodesOf(repo, tree)).size).toBe(1501);
  });

  it('that is a dry run writes nothing, and counts as a real one', async () => {
    const test = await testRepository();
    const cwd = makeFiles(FILES);
    test.backend.done.length = 0;
    const dry = await run(test.repo, cwd, { dryRun: true });
    expect(test.backend.done.filter((one) => !/^(list|read|stat)/.test(one))).toEqual([]);
    expect(dry.snapshotId).toBeUndefined();
    const real = await run(test.repo, cwd);
    expect(dry.tree).toBe(real.tree);
    const counts = ({ summary: { backupStart: _, backupEnd: __, ...rest } }: BackupResult): object => rest;
    expect(counts(dry)).toEqual(counts(real));
  });

  it('adds nothing where nothing changed, and then makes no snapshot if that is asked for', async () => {
    const test = await testRepository();
    const cwd = makeFiles(FILES);
    const first = await run(test.repo, cwd);
    const packs = packsOf(test);
    const parent = await parentOf(test.repo, first);
    const second = await run(test.repo, cwd, { parent });
    expect(second.summary).toMatchObject({ filesUnmodified: 5, filesNew: 0, dirsUnmodified: 3, dataAdded: 0 });
    expect(second.tree).toBe(first.tree);
    expect(packsOf(test)).toBe(packs);
    expect((await parentOf(test.repo, second)).snapshot.parent).toBe(first.snapshotId);
    expect((await run(test.repo, cwd, { parent, skipIfUnchanged: true })).snapshotId).toBeUndefined();
    writeFileSync(join(cwd, 'c'), 'other');
    const third = await run(test.repo, cwd, { parent, skipIfUnchanged: true });
    expect(third.summary).toMatchObject({ filesChanged: 1, filesUnmodified: 4, dirsUnmodified: 3 });
    const forced = await run(test.repo, cwd, { parent, force: true });
    expect(forced.summary).toMatchObject({ filesNew: 5, filesUnmodified: 0, dataAdded: 0 });
    expect((await parentOf(test.repo, forced)).snapshot.parent).toBeUndefined();
  });

  it('reads a file again whose blobs the repository has lost, and tells so', async () => {
    const test = await testRepository();
    const cwd = makeFiles(FILES);
    const first = await run(test.repo, cwd);
    const repo = await test.reopen();
    const parent = await parentOf(repo, first);
    const lost = at((await nodesOf(repo, first.tree)).get('b/4')?.content ?? [], 0);
    const { pack } = at(repo.index.locate('data', lost), 0);
    repo.index.removePack(pack, [{ ...at(repo.index.locate('data', lost), 0) }]);
    const { errors, summary, tree } = await run(repo, cwd, { parent });
    expect(errors.map(({ item, error }) => [item, error.message])).toEqual([
      [join(cwd, 'b/4'), `parts of ${join(cwd, 'b/4')} not found in the repository index; storing the file again`],
    ]);
    expect(summary).toMatchObject({ filesUnmodified: 5, filesChanged: 0, dataBlobs: 1 });
    expect(tree).toBe(first.tree);
    expect(repo.index.has('data', lost)).toBe(true);
  });

  it('takes a folder for new whose tree the repository has lost, and tells so', async () => {
    const test = await testRepository();
    const cwd = makeFiles(FILES);
    const first = await run(test.repo, cwd);
    const repo = await test.reopen();
    const parent = await parentOf(repo, first);
    const lost = (await nodesOf(repo, first.tree)).get('a')?.subtree;
    if (lost === undefined) throw new Error('a is no folder');
    const location = at(repo.index.locate('tree', lost), 0);
    repo.index.removePack(location.pack, [{ ...location }]);
    const { errors, summary } = await run(repo, cwd, { parent });
    expect(errors.map(({ item, error }) => [item, error instanceof SyncError && error.code])).toEqual([
      [join(cwd, 'a'), 'damaged'],
    ]);
    expect(summary).toMatchObject({ filesNew: 3, filesUnmodified: 2, dirsNew: 1, dirsUnmodified: 2, treeBlobs: 1 });
  });
});

describe('targets of a backup', () => {
  it('that are missing are told, and the rest is saved', async () => {
    const { repo } = await testRepository();
    const cwd = makeFiles(FILES);
    const result = await run(repo, cwd, { targets: ['a', 'gone', '', 'c/below a file'] });
    expect(result.errors.map(({ item, error }) => [item, error.message])).toEqual([
      ['gone', 'gone does not exist, skipping'],
      ['', ' does not exist, skipping'],
      ['c/below a file', 'c/below a file cannot be accessed, skipping'],
    ]);
    expect((await parentOf(repo, result)).snapshot.paths).toEqual([join(cwd, 'a')]);
  });

  it('of which none is there, or nothing is left, are an error', async () => {
    const test = await testRepository();
    const cwd = makeFiles(FILES);
    const missing = await rejection(run(test.repo, cwd, { targets: ['gone', 'gone too'] }));
    expect([missing.code, missing.message]).toEqual(['usage', 'all source directories/files do not exist']);
    const empty = await rejection(run(test.repo, cwd, { filter: () => false }));
    expect([empty.code, empty.message]).toEqual(['usage', 'unable to save snapshot: snapshot is empty']);
    expect(await test.repo.listSnapshots()).toEqual([]);
  });

  it('are filtered but for those that are named', async () => {
    const { repo } = await testRepository();
    const cwd = makeFiles(FILES);
    const asked: string[] = [];
    const filter: BackupOptions['filter'] = async (path, { stats, isDirectory }) => {
      asked.push(path.slice(cwd.length));
      return isDirectory || stats.size > 5n;
    };
    const { tree } = await run(repo, cwd, { filter, targets: ['a', 'c'], noScan: true });
    expect([...(await nodesOf(repo, tree)).keys()]).toEqual(['a', 'a/1', 'a/deep', 'a/deep/3', 'c']);
    expect(asked.sort()).toEqual(['/a/1', '/a/2', '/a/deep', '/a/deep/3']);
  });
});

describe('what goes wrong in a backup', () => {
  asUser('with one file is told, and the rest is saved', async () => {
    const { repo } = await testRepository();
    const cwd = makeFiles({ ...FILES, 'locked/x': 1 });
    chmodSync(join(cwd, 'a/1'), 0);
    chmodSync(join(cwd, 'locked'), 0);
    try {
      const { errors, tree, summary } = await run(repo, cwd);
      expect(errors.map(({ item }) => item).sort()).toEqual([join(cwd, 'a/1'), join(cwd, 'locked')]);
      const nodes = await nodesOf(repo, tree);
      expect([nodes.has('a/1'), nodes.has('a/2'), nodes.has('locked')]).toEqual([false, true, false]);
      expect(summary.filesNew).toBe(4);
    } finally {
      chmodSync(join(cwd, 'locked'), 0o700);
    }
  });

  /** Reads as ever but for what `before` throws or does. */
  const disturbed =
    (before: (path: string) => void): BackupOptions['createExecutor'] =>
    async ({ codec, config }): Promise<Executor> => {
      const inner = inlineExecutor(fileTools(codec, config.chunkerPolynomial));
      return {
        ...inner,
        saveFile: async (path, sink, options) => {
          before(path);
          return inner.saveFile(path, sink, options);
        },
      };
    };
  /** Enough that `createExecutor` is asked before the first of the others. */
  const BIG = { '0': 9_000_000 };

  it('with the disk is told, unless the file is gone', async () => {
    const { repo } = await testRepository();
    const cwd = makeFiles({ ...BIG, ...FILES });
    const createExecutor = disturbed((path) => {
      if (path.endsWith('/1')) throw new SyncError('io', 'EIO', { details: { errno: 'EIO' } });
      if (path.endsWith('/3')) rmSync(path);
    });
    const { errors, tree } = await run(repo, cwd, { createExecutor });
    expect(errors.map(({ item, during }) => [item, during])).toEqual([[join(cwd, 'a/1'), 'archival']]);
    expect([...(await nodesOf(repo, tree)).keys()]).toEqual(['0', 'a', 'a/2', 'a/deep', 'b', 'b/4', 'c']);
  });

  onPosix('never follows a link that comes into the place of a file or a folder', async () => {
    const { repo } = await testRepository();
    const secret = makeFiles({ secret: 100 });
    const cwd = makeFiles({ 'a/1': 10, 'b/2': 10 });
    // After the look at each of them, and before anything is done with it.
    const filter = (path: string): boolean => {
      if (path !== join(cwd, 'a/1') && path !== join(cwd, 'b')) return true;
      rmSync(path, { recursive: true });
      symlinkSync(path.endsWith('b') ? secret : join(secret, 'secret'), path);
      return true;
    };
    const { errors, tree } = await run(repo, cwd, { filter });
    expect(errors.map(({ item }) => item).sort()).toEqual([join(cwd, 'a/1'), join(cwd, 'b')]);
    expect([...(await nodesOf(repo, tree)).keys()]).toEqual(['a']);
  });

  it('with the metadata of a file that changes: what is stored is not newer than its metadata', async () => {
    const { repo } = await testRepository();
    const cwd = makeFiles({ ...BIG, x: 3_000_000 });
    const path = join(cwd, 'x');
    const createExecutor = disturbed((file) => {
      if (file === path) truncateSync(path, 100);
    });
    const first = await run(repo, cwd, { createExecutor });
    const node = (await nodesOf(repo, first.tree)).get('x');
    expect(node?.size).toBe(100);
    // The next one finds it unmodified, with what it has.
    const second = await run(repo, cwd, { parent: await parentOf(repo, first) });
    expect(second.summary).toMatchObject({ filesUnmodified: 2 });
    expect((await contentOf(repo, (await nodesOf(repo, second.tree)).get('x'))).length).toBe(statSync(path).size);
  });

  it('with the repository ends it, and leaves no claims behind', async () => {
    const test = await testRepository();
    const cwd = makeFiles(FILES);
    // As a local disk fails: the code is that of a file which cannot be read.
    test.backend.before = ({ method, type }) => {
      if (method === 'write' && type === 'data') throw new SyncError('io', 'the disk of the repository is broken');
    };
    const error = await rejection(run(test.repo, cwd, { write: { packSize: 1000 } }));
    expect(error.message).toBe('the disk of the repository is broken');
    expect(test.repo.index.claimCount).toBe(0);
    test.backend.before = () => undefined;
    expect((await run(test.repo, cwd)).summary.dataBlobs).toBe(5);
  });

  it('is no snapshot once the caller has given up', async () => {
    const test = await testRepository();
    const cwd = makeFiles(FILES);
    const stop = new AbortController();
    const onEvent = (event: BackupEvent): void => {
      if (event.type === 'item') stop.abort();
    };
    expect((await rejection(run(test.repo, cwd, { signal: stop.signal, onEvent }))).code).toBe('aborted');
    expect((await rejection(run(test.repo, cwd, { signal: stop.signal }))).code).toBe('aborted');
    expect(await test.repo.listSnapshots()).toEqual([]);
    expect((await test.backend.list('locks')).length).toBe(0);
    expect(test.repo.index.claimCount).toBe(0);
  });
});

describe('standard input', () => {
  const stdinOf = (name: string, parts: readonly string[]): BackupOptions['stdin'] => ({
    name,
    stream: (async function* () {
      for (const part of parts) yield utf8(part);
    })(),
  });

  it('is a file, in folders made up for it', async () => {
    const { repo } = await testRepository();
    const stdin = stdinOf('dumps/../db/all.sql', ['one ', '', 'two']);
    const result = await run(repo, tempFolder(), { targets: [], stdin, timeNs: 1_000_000_000n });
    const nodes = await nodesOf(repo, result.tree);
    expect([...nodes.keys()]).toEqual(['db', 'db/all.sql']);
    expect(Buffer.from(await contentOf(repo, nodes.get('db/all.sql'))).toString()).toBe('one two');
    expect(result.summary).toMatchObject({ filesNew: 1, dirsNew: 1, totalBytesProcessed: 7 });
    expect((await parentOf(repo, result)).snapshot.paths).toEqual(['/db/all.sql']);
    const parent = await parentOf(repo, result);
    const more = { targets: [], timeNs: 1_000_000_000n, parent };
    const same = await run(repo, tempFolder(), { ...more, stdin: stdinOf('db/all.sql', ['one two']) });
    expect(same.summary).toMatchObject({ filesUnmodified: 1, dirsUnmodified: 1, dataAdded: 0 });
    const other = await run(repo, tempFolder(), { ...more, stdin: stdinOf('db/all.sql', []) });
    expect(other.summary).toMatchObject({ filesChanged: 1, dirsChanged: 1, totalBytesProcessed: 0 });
  });

  it('that fails is no snapshot; one that cannot be read is told', async () => {
    const { repo } = await testRepository();
    const failing = async function* (code: 'io' | 'usage'): AsyncGenerator<Bytes> {
      yield utf8('half');
      throw new SyncError(code, 'the command failed');
    };
    const save = (code: 'io' | 'usage'): Promise<BackupResult> =>
      run(repo, tempFolder(), { targets: [], stdin: { name: 'x', stream: failing(code) } });
    expect((await rejection(save('usage'))).message).toBe('the command failed');
    expect(await repo.listSnapshots()).toEqual([]);
    const { errors, tree } = await save('io');
    expect(errors.map(({ error }) => error.message)).toEqual(['failed to save /x: the command failed']);
    expect(await repo.loadTree(tree)).toEqual([]);
  });

  it('that never comes does not keep the caller from giving up', async () => {
    const { repo } = await testRepository();
    const stop = new AbortController();
    const stream: AsyncIterable<Bytes> = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          setTimeout(() => stop.abort(), 10);
          return new Promise(() => undefined);
        },
      }),
    };
    const stuck = run(repo, tempFolder(), { targets: [], stdin: { name: 'x', stream }, signal: stop.signal });
    expect((await rejection(stuck)).code).toBe('aborted');
  });

  it.each(['', '/', 'a/..', 'x/'])('cannot be called %j, nor stand beside targets', async (name) => {
    const { repo } = await testRepository();
    const both = { targets: ['.'], stdin: stdinOf('x', []) };
    expect((await rejection(run(repo, tempFolder(), { targets: [], stdin: stdinOf(name, []) }))).code).toBe('usage');
    expect((await rejection(run(repo, tempFolder(), both))).code).toBe('usage');
  });
});

describe('a backup tells', () => {
  it('of each file and folder, of every byte, and what there is in all', async () => {
    const { repo } = await testRepository();
    const cwd = makeFiles(FILES);
    const events: BackupEvent[] = [];
    const onEvent = (event: BackupEvent): void => void events.push(event);
    const { summary } = await run(repo, cwd, { onEvent });
    const items = events.filter((event) => event.type === 'item');
    expect(items.map(({ item, kind, action }) => `${action} ${kind} ${item}`).sort()).toEqual([
      'new dir /a/',
      'new dir /a/deep/',
      'new dir /b/',
      'new file /a/1',
      'new file /a/2',
      'new file /a/deep/3',
      'new file /b/4',
      'new file /c',
    ]);
    const b = items.find(({ item }) => item === '/b/4');
    expect(b).toMatchObject({ size: 2_000_000, added: { dataSize: 2_000_000, treeBlobs: 0 } });
    expect(b?.added.dataSizeInRepo).toBeGreaterThan(2_000_000);
    const bytes = events.reduce((sum, event) => sum + (event.type === 'bytes' ? event.bytes : 0), 0);
    expect(bytes).toBe(summary.totalBytesProcessed);
    const [starts, ends] = [
      events.filter(({ type }) => type === 'file-start'),
      events.filter(({ type }) => type === 'file-end'),
    ];
    expect([starts.length, ends.length]).toEqual([5, 5]);
  });

  it('how much there is to do, unless nobody asks', async () => {
    const { repo } = await testRepository();
    const cwd = makeFiles(FILES);
    const events: BackupEvent[] = [];
    const onEvent = (event: BackupEvent): void => void events.push(event);
    await run(repo, cwd, { onEvent, targets: ['a', 'c'], createExecutor: undefined });
    expect(events.filter(({ type }) => type === 'scan').at(-1)).toEqual({
      type: 'scan',
      totals: { files: 4, dirs: 2, others: 0, bytes: 700_015 },
      finished: true,
    });
    events.length = 0;
    await run(repo, cwd, { onEvent, noScan: true });
    expect(events.some(({ type }) => type === 'scan')).toBe(false);
  });

  it('whom it waits for', async () => {
    const test = await testRepository();
    const cwd = makeFiles(FILES);
    const other = await test.reopen();
    const events: BackupEvent[] = [];
    const onEvent = (event: BackupEvent): void => void events.push(event);
    await other.exclusively({}, async () => {
      const waiting = run(test.repo, cwd, { onEvent, write: { lock: { waitMs: 300 } } });
      expect((await rejection(waiting)).code).toBe('locked');
    });
    expect(events.map(({ type }) => type)).toContain('lock-wait');
    expect(existsSync(cwd)).toBe(true);
  });
});
