import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TreeId } from '../../src/base/ids.js';
import type { DiffOptions, DiffStatistics } from '../../src/browse/diff.js';
import { diffTrees } from '../../src/browse/diff.js';
import { walkTree } from '../../src/browse/walk.js';
import { plainLength } from '../../src/repo/codec.js';
import type { Repository } from '../../src/repo/repository.js';
import { at, rejection } from '../helpers/repository.js';
import { type Entries, type StoredTrees, storedTrees } from './stored-trees.js';

async function diff(
  { fresh, roots }: StoredTrees,
  options: DiffOptions = {},
): Promise<{ readonly lines: string[]; readonly statistics: DiffStatistics }> {
  const lines: string[] = [];
  const statistics = await diffTrees(
    fresh,
    at(roots, 0),
    at(roots, 1),
    ({ path, modifier }) => void lines.push(`${modifier} ${path}`),
    options,
  );
  return { lines, statistics };
}

/** Keys of all blobs below a root, the root's included. */
async function usedBlobs(repo: Repository, root: TreeId): Promise<Set<string>> {
  const used = new Set([`tree ${root}`]);
  for await (const { node } of walkTree(repo, root)) {
    for (const id of node.content ?? []) used.add(`data ${id}`);
    if (node.subtree !== undefined) used.add(`tree ${node.subtree}`);
  }
  return used;
}

describe('diffTrees', () => {
  it('names what came, went and changed, with all below', async () => {
    const before: Entries = { a: { x: 'x', gone: { in: { it: '1' } } }, same: { s: 's' }, t: 'file', z: 'z' };
    const after: Entries = { a: { x: 'X!', 'b.new': '2' }, new: { sub: {} }, same: { s: 's' }, t: { u: 'u' }, z: 'z' };
    const { lines, statistics } = await diff(await storedTrees([before, after]));
    expect(lines).toEqual([
      ...['+ /a/b.new', '- /a/gone/', '- /a/gone/in/', '- /a/gone/in/it', 'M /a/x'],
      // What lies in a folder that was a file is not told apart.
      ...['+ /new/', '+ /new/sub/', 'T /t/'],
    ]);
    expect(statistics.changedFiles).toBe(1);
    expect(statistics.added).toMatchObject({ files: 1, dirs: 2, others: 0 });
    expect(statistics.removed).toMatchObject({ files: 1, dirs: 2, others: 0 });
  });

  it('counts a blob as added or removed only if nothing on the other side uses it', async () => {
    // "one" moved into a folder that both sides have, unchanged.
    const trees = await storedTrees([
      { a: 'one', keep: { k: 'one' } },
      { b: 'two', keep: { k: 'one' } },
    ]);
    const { statistics } = await diff(trees);
    expect(statistics.removed).toMatchObject({ files: 1, dataBlobs: 0, treeBlobs: 1 });
    expect(statistics.added).toMatchObject({ files: 1, dataBlobs: 1, treeBlobs: 1 });
  });

  it('has the sums of what either side alone uses, for any two trees', async () => {
    const text = fc.constantFrom('1', '2', '3');
    const name = fc.constantFrom('a', 'b', 'c');
    const { folder } = fc.letrec<{ folder: Entries; entry: Entries[string] }>((tie) => ({
      folder: fc.dictionary(name, tie('entry'), { maxKeys: 3, noNullPrototype: true }),
      entry: fc.oneof({ depthSize: 'small' }, text, tie('folder')),
    }));
    await fc.assert(
      fc.asyncProperty(folder, folder, async (one, two) => {
        const trees = await storedTrees([one, two]);
        const { lines, statistics } = await diff(trees);
        // A folder in the place of a file, or the other way round, is not gone into: its blobs do not count.
        if (lines.some((line) => line.startsWith('T'))) return;
        const [before, after] = await Promise.all(trees.roots.map((root) => usedBlobs(trees.fresh, root)));
        if (before === undefined || after === undefined) throw new Error('no trees');
        const sizeOf = (key: string): number => {
          const [type, id] = key.split(' ');
          const [location] = trees.fresh.index.locate(type === 'tree' ? 'tree' : 'data', (id ?? '') as TreeId);
          return location === undefined ? Number.NaN : plainLength(location);
        };
        const only = (mine: Set<string>, other: Set<string>): unknown => {
          const keys = [...mine].filter((key) => !other.has(key));
          const dataBlobs = keys.filter((key) => key.startsWith('data')).length;
          const bytes = keys.map(sizeOf).reduce((sum, size) => sum + size, 0);
          return { dataBlobs, treeBlobs: keys.length - dataBlobs, bytes };
        };
        expect(statistics.removed).toMatchObject(only(before, after) as object);
        expect(statistics.added).toMatchObject(only(after, before) as object);
      }),
      { numRuns: 25 },
    );
  });

  it('looks at metadata if asked, and suspects content that changed alone', async () => {
    const node = (mode: number, more = {}): Entries[string] => ({
      node: { type: 'symlink', mode, linktarget: 'x', ...more },
    });
    const trees = await storedTrees([
      { l: node(0o777), m: node(0o777), n: node(0o777, { mtime: '2020-01-02T03:04:05.10Z' }), q: '1', r: '1' },
      { l: node(0o755), m: node(0o777), n: node(0o777, { mtime: '2020-01-02T04:04:05.1+01:00' }), q: '2', r: '22' },
    ]);
    expect((await diff(trees)).lines).toEqual(['M? /q', 'M /r']);
    expect((await diff(trees, { metadata: true })).lines).toEqual(['U /l', 'M? /q', 'M /r']);
  });

  it('tells of folders that cannot be read, and throws for the roots', async () => {
    const trees = await storedTrees([
      { a: { x: '1' }, b: { y: '1' } },
      { a: { x: '2' }, c: '3' },
    ]);
    const bad = (await trees.fresh.loadTree(at(trees.roots, 0))).map((one) => one.subtree);
    const { index } = trees.fresh;
    const [locate, find] = [index.locate.bind(index), index.find.bind(index)];
    index.locate = (type, id) => (bad.includes(id) ? [] : locate(type, id));
    index.find = (type, id) => (bad.includes(id) ? undefined : find(type, id));
    const told: string[] = [];
    const { lines } = await diff(trees, { onProblem: (message) => void told.push(message) });
    expect(lines).toEqual(['- /b/', '+ /c']);
    expect(told.filter((message) => message.startsWith('error: '))).toHaveLength(2);
    expect(told.filter((message) => message.startsWith('unable to find blob size for <tree/'))).toHaveLength(2);
    const gone = 'a'.repeat(64) as TreeId;
    expect((await rejection(diffTrees(trees.fresh, gone, gone, () => undefined))).code).toBe('damaged');
  });
});
