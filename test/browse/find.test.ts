import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TreeId } from '../../src/base/ids.js';
import { BarrenTrees } from '../../src/browse/barren.js';
import type { FindOptions } from '../../src/browse/find.js';
import { findEntries, findObjects } from '../../src/browse/find.js';
import { parsePatterns } from '../../src/pattern/pattern-list.js';
import type { Repository } from '../../src/repo/repository.js';
import { at } from '../helpers/repository.js';
import { collect, type Entries, storedTrees } from './stored-trees.js';

function lookingFor(...lines: string[]): Pick<FindOptions, 'matches' | 'mayMatchBelow'> {
  const patterns = parsePatterns(lines);
  return { matches: (path) => patterns.matches(path), mayMatchBelow: (path) => patterns.childMayMatch(path) };
}

async function foundIn(repo: Repository, roots: readonly TreeId[], options: FindOptions): Promise<string[][]> {
  const all: string[][] = [];
  for (const root of roots) all.push((await collect(findEntries(repo, root, options))).map(({ path }) => path));
  return all;
}

/** Ids of the trees that are read while `work` runs. */
async function treesRead(repo: Repository, work: () => Promise<unknown>): Promise<TreeId[]> {
  const { loader } = repo;
  const original = loader.loadMany;
  const read: TreeId[] = [];
  loader.loadMany = (type, ids, ...rest) => {
    const list = [...ids];
    read.push(...list);
    return original.call(loader, type, list, ...rest);
  };
  try {
    await work();
  } finally {
    loader.loadMany = original;
  }
  return read;
}

const leaf = fc.constantFrom<Entries[string]>('x', 'y', {});
const name = fc.constantFrom('a', 'b', 'c', 'd');
const { folder } = fc.letrec<{ folder: Entries; entry: Entries[string] }>((tie) => ({
  folder: fc.dictionary(name, tie('entry'), { maxKeys: 4, noNullPrototype: true }),
  entry: fc.oneof({ depthSize: 'small' }, leaf, tie('folder')),
}));

describe('a search through several trees', () => {
  it('finds the same entries as a search through each of them', async () => {
    const patterns = fc.constantFrom(['a'], ['/a/b'], ['b/c'], ['/a/*/d'], ['/b/**/a'], ['nothing']);
    await fc.assert(
      fc.asyncProperty(fc.array(folder, { minLength: 2, maxLength: 4 }), patterns, async (folders, lines) => {
        const { fresh, roots } = await storedTrees(folders);
        const options = lookingFor(...lines);
        const together = await foundIn(fresh, roots, { ...options, barren: new BarrenTrees() });
        expect(together).toEqual(await foundIn(fresh, roots, options));
      }),
      { numRuns: 20 },
    );
  });

  it('finds the same uses of blobs and trees as a search through each of them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(folder, { minLength: 2, maxLength: 4 }), fc.nat(15), async (folders, digit) => {
        const { fresh, roots } = await storedTrees(folders);
        const wants = (id: string): boolean => Number.parseInt(id.slice(0, 1), 16) === digit;
        const search = async (barren?: BarrenTrees): Promise<unknown[]> => {
          const all: unknown[] = [];
          const options = { wantsBlob: wants, wantsTree: wants, barren };
          for (const root of roots) all.push(await collect(findObjects(fresh, root, options)));
          return all;
        };
        expect(await search(new BarrenTrees())).toEqual(await search());
      }),
      { numRuns: 20 },
    );
  });

  it('does not read again what they share and where nothing was found', async () => {
    const shared = { deep: { er: { z: 'z' } }, other: { y: 'y' } };
    const { fresh, roots } = await storedTrees([
      { shared, new: { wanted: '1' } },
      { shared, new: { wanted: '2' } },
    ]);
    const options = { ...lookingFor('wanted'), barren: new BarrenTrees() };
    const first = await treesRead(fresh, () => foundIn(fresh, roots.slice(0, 1), options));
    const second = await treesRead(fresh, () => foundIn(fresh, roots.slice(1), options));
    // The root, shared and its three, new; then the root and new.
    expect(first).toHaveLength(6);
    expect(second).toHaveLength(2);
    expect(await foundIn(fresh, roots, options)).toEqual([['/new/wanted'], ['/new/wanted']]);
  });

  it('looks at a tree again in another place, where the pattern has a place', async () => {
    const folderTree = { b: { c: 'x' } };
    const { fresh, roots } = await storedTrees([{ other: folderTree }, { a: folderTree }]);
    const options = { ...lookingFor('/a/b/c'), barren: new BarrenTrees() };
    expect(await foundIn(fresh, roots, options)).toEqual([[], ['/a/b/c']]);
  });

  it('tells of an unreadable tree in each of them', async () => {
    const broken: Entries[string] = { node: { type: 'dir', mode: 2 ** 31 + 0o755, subtree: 'f'.repeat(64) as TreeId } };
    const { fresh, roots } = await storedTrees([{ in: { broken } }, { in: { broken }, more: 'm' }]);
    const told: string[] = [];
    const onError = ({ path }: { path: string }): void => void told.push(path);
    await foundIn(fresh, roots, { ...lookingFor('nothing'), barren: new BarrenTrees(), onError });
    expect(told).toEqual(['/in/broken', '/in/broken']);
    expect(at(roots, 0)).not.toBe(at(roots, 1));
  });
});
