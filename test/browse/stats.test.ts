import { describe, expect, it } from 'vitest';
import type { BlobId, TreeId } from '../../src/base/ids.js';
import { findEntries, findObjects } from '../../src/browse/find.js';
import type { Stats, StatsMode, StatsProgress } from '../../src/browse/stats.js';
import { countStats } from '../../src/browse/stats.js';
import { at, noise, rejection } from '../helpers/repository.js';
import { collect, type Entries, type StoredTrees, storedTrees } from './stored-trees.js';

const linked = (inode: bigint, device = 1n): Entries[string] => ({
  node: { type: 'file', size: 100, links: 2n, inode, deviceId: device, content: [] },
});
const FIRST: Entries = {
  a: { x: 'xx', y: 'xx' },
  b: ['xx', 'yyy'],
  e: '',
  h1: linked(1n),
  h2: linked(1n),
  h3: linked(2n),
};
const SECOND: Entries = { a: { x: 'xx', y: 'xx' }, c: 'zzzz', h: { l: linked(1n), m: linked(1n), n: linked(1n, 2n) } };

const count = (trees: StoredTrees, mode: StatsMode, roots = trees.roots): Promise<Stats> =>
  countStats(trees.fresh, roots, { mode });

describe('countStats', () => {
  it('restore-size counts a file of several names once in each snapshot', async () => {
    const trees = await storedTrees([FIRST, SECOND]);
    const both = { snapshots: 2, files: 8 + 8, blobs: 0, bytes: 4 + 5 + 200 + (4 + 4 + 200), compression: {} };
    expect(await count(trees, 'restore-size')).toEqual(both);
    expect(await count(trees, 'restore-size', [])).toMatchObject({ snapshots: 0, files: 0, bytes: 0 });
    const [first] = trees.roots;
    if (first === undefined) throw new Error('no tree');
    expect(await count(trees, 'restore-size', [first, first])).toMatchObject({ files: 16, bytes: 418 });
  });

  it('files-by-contents counts equal contents once; all that has none is one', async () => {
    const trees = await storedTrees([FIRST, SECOND]);
    expect(await count(trees, 'files-by-contents')).toMatchObject({ files: 4, bytes: 2 + 5 + 4, blobs: 0 });
  });

  it('blobs-per-file counts paths, and blobs once for each', async () => {
    const trees = await storedTrees([FIRST, SECOND]);
    // /a/x: xx. /b: xx, yyy. /c: zzzz.
    expect(await count(trees, 'blobs-per-file')).toMatchObject({ files: 3, blobs: 4, bytes: 2 + 5 + 4 });
  });

  it.each([1, 2] as const)('raw-data counts stored blobs, and what compression saves (version %i)', async (version) => {
    const text = 'x'.repeat(1000);
    const random = Buffer.from(noise(1000)).toString('latin1');
    const trees = await storedTrees([{ a: text, b: [text, random] }], { version });
    const { blobs, bytes, compression } = await count(trees, 'raw-data');
    expect(blobs).toBe(3);
    if (version === 1) {
      expect(compression).toEqual({});
      return;
    }
    const { uncompressedBytes = 0, ratio = 0, progress = 0, spaceSaving = 0 } = compression;
    expect(uncompressedBytes).toBeGreaterThan(bytes);
    expect(ratio).toBeGreaterThan(2);
    expect(progress).toBeGreaterThan(0);
    expect(spaceSaving).toBeCloseTo((1 - bytes / uncompressedBytes) * 100, 10);
  });

  it('says of each snapshot what it holds, also where its trees were seen before', async () => {
    const trees = await storedTrees([FIRST, FIRST, SECOND]);
    const last = new Map<number, StatsProgress>();
    const onProgress = (progress: StatsProgress): void => void last.set(progress.snapshots, { ...progress });
    await countStats(trees.fresh, trees.roots, { mode: 'files-by-contents', onProgress });
    expect([...last.values()].map(({ files, bytes }) => [files, bytes])).toEqual([
      [8, 309],
      [8, 309],
      [8, 308],
    ]);
  });

  it('names the tree of a snapshot that cannot be read', async () => {
    const trees = await storedTrees([FIRST]);
    const gone = 'a'.repeat(64) as TreeId;
    const error = await rejection(count(trees, 'restore-size', [gone]));
    expect([error.code, error.message.startsWith(`walking tree ${gone}: `)]).toEqual(['damaged', true]);
    expect((await rejection(count(trees, 'raw-data', [gone]))).code).toBe('damaged');
  });
});

describe('find', () => {
  it('looks no further than something may be', async () => {
    const { fresh, roots } = await storedTrees([{ a: { b: { c: 'x' } }, d: { b: 'y' } }]);
    const asked: string[] = [];
    const found = await collect(
      findEntries(fresh, at(roots, 0), {
        matches: (path) => path.endsWith('/b'),
        mayMatchBelow: (path) => {
          asked.push(path);
          return path === '/a';
        },
      }),
    );
    expect(found.map(({ path }) => path)).toEqual(['/a/b']);
    expect(asked.sort()).toEqual(['/a', '/d']);
  });

  it('holds times against both ends', async () => {
    const node = (mtime: string): Entries[string] => ({ node: { type: 'fifo', mtime } });
    const { fresh, roots } = await storedTrees([
      {
        a: node('1960-01-01T00:00:00.5Z'),
        b: node('2020-01-01T00:00:00.000000001Z'),
        c: node('2020-01-01T01:00:00+01:00'),
      },
    ]);
    const find = async (times: { oldest?: bigint; newest?: bigint }): Promise<string> => {
      const all = { matches: () => true, mayMatchBelow: () => true };
      return (await collect(findEntries(fresh, at(roots, 0), { ...all, ...times }))).map(({ path }) => path).join('');
    };
    const year2020 = 1_577_836_800_000_000_000n;
    expect(await find({})).toBe('/a/b/c');
    expect(await find({ oldest: year2020 })).toBe('/b/c');
    expect(await find({ oldest: year2020 + 1n })).toBe('/b');
    expect(await find({ newest: year2020 })).toBe('/a/c');
  });

  it('gives every use of blobs and trees', async () => {
    const { fresh, roots } = await storedTrees([{ a: { x: 'one' }, b: { x: 'one' }, c: ['two', 'one'] }]);
    const root = at(roots, 0);
    const nodes = await fresh.loadTree(root);
    const wanted = new Set<BlobId | undefined>([nodes[0]?.subtree, nodes[2]?.content?.[1]]);
    const options = { wantsBlob: (id: BlobId) => wanted.has(id), wantsTree: (id: TreeId) => wanted.has(id) };
    const found = await collect(findObjects(fresh, root, options));
    expect(found.map(({ type, path }) => `${type} ${path}`)).toEqual([
      ...['tree /a', 'blob /a/x', 'tree /b', 'blob /b/x', 'blob /c'],
    ]);
    const first = await collect(findObjects(fresh, root, { ...options, wantsTree: () => true }));
    expect(first[0]).toEqual({ type: 'tree', id: root, path: '/', parent: root });
  });
});
