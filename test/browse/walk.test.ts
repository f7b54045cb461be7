import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SyncError } from '../../src/base/errors.js';
import type { TreeId } from '../../src/base/ids.js';
import { streamTrees } from '../../src/browse/stream-trees.js';
import { findSubfolder } from '../../src/browse/subfolder.js';
import { walkTree } from '../../src/browse/walk.js';
import { BlobSet } from '../../src/repo/blob-set.js';
import type { Repository } from '../../src/repo/repository.js';
import { at, rejection } from '../helpers/repository.js';
import { collect, type Entries, storedTrees } from './stored-trees.js';

const GAME: Entries = {
  b: { 'x.txt': 'x', deep: { er: { z: 'z' } } },
  'b-b': { y: 'y' },
  'a.txt': 'a',
  empty: {},
  ümläut: 'u',
};

async function pathsOf(repo: Repository, root: TreeId, options = {}): Promise<string[]> {
  return (await collect(walkTree(repo, root, options))).map(({ path }) => path);
}

/** What a walk must give, without any care for how trees are fetched. */
async function naive(repo: Repository, root: TreeId, prefix = '/'): Promise<string[]> {
  const paths: string[] = [];
  for (const node of await repo.loadTree(root)) {
    paths.push(prefix + node.name);
    if (node.subtree !== undefined) paths.push(...(await naive(repo, node.subtree, `${prefix}${node.name}/`)));
  }
  return paths;
}

describe('walkTree', () => {
  it('gives a folder, what is in it, then what follows it', async () => {
    const { fresh, roots } = await storedTrees([GAME]);
    const [root] = roots;
    if (root === undefined) throw new Error('no tree');
    const inOrder = ['/a.txt', '/b', '/b/deep', '/b/deep/er', '/b/deep/er/z', '/b/x.txt', '/b-b', '/b-b/y', '/empty'];
    expect(await pathsOf(fresh, root)).toEqual([...inOrder, '/ümläut']);
    const entries = await collect(walkTree(fresh, root));
    expect(entries.find(({ path }) => path === '/a.txt')?.parent).toBe(root);
    expect(await pathsOf(fresh, root, { prefix: '/up/' })).toContain('/up/b/deep');
    expect(await pathsOf(fresh, root, { prefix: '/up' })).toContain('/up/b/deep');
  });

  it('visits what any tree holds, in the same order as a plain recursion', async () => {
    const leaf = fc.constantFrom<Entries[string]>('x', 'y', {});
    const name = fc.constantFrom('a', 'b', 'b-', 'b.', 'c', 'é', '\u{1f600}', '\uffee');
    const { folder } = fc.letrec<{ folder: Entries; entry: Entries[string] }>((tie) => ({
      folder: fc.dictionary(name, tie('entry'), { maxKeys: 5, noNullPrototype: true }),
      entry: fc.oneof({ depthSize: 'small' }, leaf, tie('folder')),
    }));
    await fc.assert(
      fc.asyncProperty(folder, async (entries) => {
        const { fresh, roots } = await storedTrees([entries]);
        expect(await pathsOf(fresh, at(roots, 0))).toEqual(await naive(fresh, at(roots, 0)));
      }),
      { numRuns: 30 },
    );
  });

  it('goes only where it is told, and fetches nothing of the rest', async () => {
    const { fresh, roots, backend } = await storedTrees([GAME]);
    const enters = (_: unknown, path: string): boolean => '/b/deep'.startsWith(path);
    expect(await pathsOf(fresh, at(roots, 0), { enters })).toEqual([
      ...['/a.txt', '/b', '/b/deep', '/b/deep/er', '/b/x.txt', '/b-b', '/empty', '/ümläut'],
    ]);
    backend.calls.length = 0;
    await pathsOf(fresh, at(roots, 0), { enters: () => false });
    expect(backend.calls.filter(({ method }) => method === 'read')).toHaveLength(1);
  });

  it('enters a tree once if it is told to remember', async () => {
    const same = { x: { y: 'y' } };
    const { fresh, roots } = await storedTrees([{ a: same, b: same }, { c: same }]);
    const seen = new Set<TreeId>();
    expect(await pathsOf(fresh, at(roots, 0), { seen })).toEqual(['/a', '/a/x', '/a/x/y', '/b']);
    expect(await pathsOf(fresh, at(roots, 1), { seen })).toEqual(['/c']);
    expect(await pathsOf(fresh, at(roots, 1), { seen })).toEqual([]);
    expect(seen.size).toBe(4);
  });

  it('fetches many folders with few requests', async () => {
    const many = Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`f${i}`, { x: String(i) }]));
    const { fresh, roots, backend } = await storedTrees([many]);
    backend.calls.length = 0;
    expect(await pathsOf(fresh, at(roots, 0))).toHaveLength(1200);
    expect(backend.calls.length).toBeLessThan(30);
  });

  it('waits for one tree at a time only where each is in the one before', async () => {
    let nested: Entries = { end: 'x' };
    for (let i = 0; i < 200; i++) nested = { [`d${i}`]: nested };
    const { fresh, roots } = await storedTrees([nested]);
    expect(await pathsOf(fresh, at(roots, 0))).toHaveLength(201);
  });

  it('throws before the folder that cannot be read, or tells of it and goes on', async () => {
    const { fresh, roots, backend } = await storedTrees([GAME]);
    const bad = await findSubfolder(fresh, at(roots, 0), 'b');
    const [copy] = fresh.index.locate('tree', bad);
    backend.tamper = ({ type, range }, bytes) => {
      if (type !== 'data' || range === undefined || copy === undefined) return bytes;
      const from = copy.offset - range.offset;
      const changed = Uint8Array.from(bytes);
      if (from >= 0 && from < changed.length) changed[from + 20] = (changed[from + 20] ?? 0) ^ 1;
      return changed;
    };
    const before: string[] = [];
    const walk = async (): Promise<void> => {
      for await (const { path } of walkTree(fresh, at(roots, 0))) before.push(path);
    };
    expect((await rejection(walk())).code).toBe('damaged');
    expect(before).toEqual(['/a.txt']);
    const told: string[] = [];
    const onError = ({ id, path, entry }: { id: TreeId; path: string; entry?: unknown }): void => {
      expect([id, entry !== undefined]).toEqual([bad, true]);
      told.push(path);
    };
    expect(await pathsOf(fresh, at(roots, 0), { onError })).toEqual(['/a.txt', '/b-b', '/b-b/y', '/empty', '/ümläut']);
    expect(told).toEqual(['/b']);
  });

  it('tells of a root that is not there', async () => {
    const { fresh } = await storedTrees([GAME]);
    const gone = 'a'.repeat(64) as TreeId;
    expect((await rejection(pathsOf(fresh, gone))).code).toBe('damaged');
    const told: unknown[] = [];
    expect(await pathsOf(fresh, gone, { onError: (tree: unknown) => told.push(tree) })).toEqual([]);
    expect(told).toEqual([{ id: gone, path: '/', entry: undefined }]);
  });

  it('ends when it is told to', async () => {
    const { fresh, roots } = await storedTrees([GAME]);
    const abort = new AbortController();
    const walk = async (): Promise<void> => {
      for await (const { path } of walkTree(fresh, at(roots, 0), { signal: abort.signal })) {
        if (path === '/b') abort.abort();
      }
    };
    expect((await rejection(walk())).code).toBe('aborted');
  });
});

describe('streamTrees', () => {
  it('gives every tree once, whatever is damaged', async () => {
    const same = { x: { y: 'y' } };
    const { fresh, roots } = await storedTrees([{ a: same, b: same }, { c: same }]);
    const trees: TreeId[] = [];
    await streamTrees(fresh, roots, (id) => trees.push(id));
    expect(new Set(trees).size).toBe(4);
    expect(trees).toHaveLength(4);
    const gone = 'a'.repeat(64) as TreeId;
    expect((await rejection(streamTrees(fresh, [gone], () => undefined))).code).toBe('damaged');
    const told: TreeId[] = [];
    const seen = new BlobSet(fresh.index, 'tree');
    await streamTrees(fresh, [gone, ...roots], (id) => trees.push(id), { seen, onError: (id) => told.push(id) });
    expect([trees.length, told, seen.size]).toEqual([8, [gone], 5]);
  });
});

describe('findSubfolder', () => {
  it('follows a path as Go cleans it', async () => {
    const { fresh, roots } = await storedTrees([GAME]);
    const root = at(roots, 0);
    const deep = await findSubfolder(fresh, root, 'b/deep');
    expect(await findSubfolder(fresh, root, '/b//x/../deep/.')).toBe(deep);
    for (const path of ['', '/', '.', 'b/..']) expect(await findSubfolder(fresh, root, path)).toBe(root);
  });

  it('says which step failed', async () => {
    const { fresh, roots } = await storedTrees([GAME]);
    const error = (path: string): Promise<SyncError> => rejection(findSubfolder(fresh, at(roots, 0), path));
    expect((await error('b/nope/x')).message).toBe('path b/nope: not found');
    expect((await error('/a.txt')).message).toBe('path a.txt: not a directory');
    expect((await error('a.txt')).code).toBe('not-found');
    const gone = await rejection(findSubfolder(fresh, 'a'.repeat(64) as TreeId, 'x'));
    expect(gone.code).toBe('damaged');
    expect(gone.message).toMatch(/^path x: tree blob aaaaaaaa/);
  });
});
