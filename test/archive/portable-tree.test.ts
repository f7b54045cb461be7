import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Manifest, ManifestEntry } from '../../src/archive/manifest.js';
import { diffManifests, isEmptyDiff, sameEntry } from '../../src/archive/manifest.js';
import { savePortableTrees } from '../../src/archive/portable-tree.js';
import { type Bytes, fromUtf8, utf8 } from '../../src/base/bytes.js';
import { isSyncError } from '../../src/base/errors.js';
import type { BlobId, TreeId } from '../../src/base/ids.js';
import { blobId } from '../../src/repo/codec.js';
import { at, crypto } from '../helpers/repository.js';

const ID_A = 'aa'.repeat(32) as BlobId;
const ID_B = 'bb'.repeat(32) as BlobId;
const T1 = Date.UTC(2026, 10, 22, 10, 0, 0, 120);
const T2 = Date.UTC(2026, 10, 22, 11, 0, 0);

function file(content: readonly BlobId[], size: number, mtimeMs = T1, executable = false): ManifestEntry {
  return { type: 'file', size, executable, content, mtimeMs };
}
const link = (linktarget: string, mtimeMs = T1): ManifestEntry => {
  return { type: 'symlink', size: 0, executable: false, content: [], linktarget, mtimeMs };
};
const dir = (mtimeMs = T1): ManifestEntry => ({ type: 'dir', size: 0, executable: false, content: [], mtimeMs });

async function save(manifest: Manifest): Promise<{ root: TreeId; trees: Map<TreeId, string>; order: TreeId[] }> {
  const trees = new Map<TreeId, string>();
  const order: TreeId[] = [];
  const root = await savePortableTrees(manifest, async (plain: Bytes) => {
    const id = blobId(crypto, plain);
    trees.set(id, fromUtf8(plain));
    order.push(id);
    return id;
  });
  return { root, trees, order };
}

const world: [string, ManifestEntry][] = [
  ['options.txt', file([ID_A], 10)],
  ['saves/Welt/level.dat', file([ID_A, ID_B], 9_000_000, T2)],
  ['saves/Welt/empty', file([], 0)],
  ['saves/Welt/run.sh', file([ID_B], 5, T1, true)],
  ['saves/latest', link('Welt')],
  ['screenshots', dir()],
];

describe('portable trees', () => {
  it('are these very bytes', async () => {
    const { root, trees } = await save(new Map(world));
    const t1 = '2026-11-22T10:00:00.12Z';
    const t2 = '2026-11-22T11:00:00Z';
    const times = (time: string): string => `"mtime":"${time}","atime":"${time}","ctime":"${time}","uid":0,"gid":0`;
    const welt = `{"nodes":[{"name":"empty","type":"file","mode":420,${times(t1)},"content":[]},{"name":"level.dat","type":"file","mode":420,${times(t2)},"size":9000000,"content":["${ID_A}","${ID_B}"]},{"name":"run.sh","type":"file","mode":493,${times(t1)},"size":5,"content":["${ID_B}"]}]}\n`;
    const saves = `{"nodes":[{"name":"Welt","type":"dir","mode":2147484141,${times(t2)},"content":null,"subtree":"${blobId(crypto, utf8(welt))}"},{"name":"latest","type":"symlink","mode":134218239,${times(t1)},"linktarget":"Welt","content":null}]}\n`;
    const none = '{"nodes":[]}\n';
    const top = `{"nodes":[{"name":"options.txt","type":"file","mode":420,${times(t1)},"size":10,"content":["${ID_A}"]},{"name":"saves","type":"dir","mode":2147484141,${times(t2)},"content":null,"subtree":"${blobId(crypto, utf8(saves))}"},{"name":"screenshots","type":"dir","mode":2147484141,${times(t1)},"content":null,"subtree":"${blobId(crypto, utf8(none))}"}]}\n`;
    expect([...trees.values()].sort()).toEqual([welt, saves, none, top].sort());
    expect(trees.get(root)).toBe(top);
    expect(root).toBe('8b2881e7ec9ca61a8b93477e067ee3eab194716fbdcc82dc183f52b80f245b80');
  });

  it('have the same id in whatever order the entries come', async () => {
    const { root } = await save(new Map(world));
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(world, { minLength: world.length }), async (entries) => {
        expect((await save(new Map(entries))).root).toBe(root);
      }),
      { numRuns: 30 },
    );
  });

  it('are stored leaves first', async () => {
    const { trees, order, root } = await save(new Map(world));
    for (const [i, id] of order.entries()) {
      for (const [, child] of (trees.get(id) ?? '').matchAll(/"subtree":"([0-9a-f]{64})"/g)) {
        expect(order.indexOf(child as TreeId)).toBeLessThan(i);
      }
    }
    expect(order.at(-1)).toBe(root);
  });

  it('give a folder the time of the newest thing in it, its own only where it is empty', async () => {
    const times = async (entries: [string, ManifestEntry][]): Promise<string | undefined> => {
      const { trees, root } = await save(new Map(entries));
      return /"name":"d".*?"mtime":"([^"]+)"/.exec(trees.get(root) ?? '')?.[1];
    };
    expect(await times([['d', dir(T2)]])).toBe('2026-11-22T11:00:00Z');
    expect(
      await times([
        ['d', dir(T2)],
        ['d/f', file([], 0, T1)],
      ]),
    ).toBe('2026-11-22T10:00:00.12Z');
    expect(
      await times([
        ['d/e', dir(T1)],
        ['d/x/y/z', file([], 0, T2)],
      ]),
    ).toBe('2026-11-22T11:00:00Z');
    expect(await times([['d/f', file([], 0, -1)]])).toBe('1969-12-31T23:59:59.999Z');
  });

  it('of nothing are the empty tree', async () => {
    const { trees, root } = await save(new Map());
    expect(trees.get(root)).toBe('{"nodes":[]}\n');
  });

  it('hold deep folders and odd names', async () => {
    const deep = Array.from({ length: 120 }, (_, i) => `d${i}`).join('/');
    const entries: [string, ManifestEntry][] = [
      [`${deep}/f`, file([], 0)],
      ['Ünïcode \udcff "quotes"', file([], 0)],
      ['\u{1f600}', file([], 0)],
      ['\ue000', file([], 0)],
    ];
    const { trees, root } = await save(new Map(entries));
    expect(trees.size).toBe(121);
    const top = trees.get(root) ?? '';
    expect(top).toContain('\\\\xff \\\\\\"quotes');
    expect(top.indexOf('\\\\ue000')).toBeGreaterThan(-1);
    expect(top.indexOf('\\\\ue000')).toBeLessThan(top.indexOf('\u{1f600}'));
  });

  it('refuse a path that is both file and folder', async () => {
    const both: [string, ManifestEntry][] = [
      ['a', file([], 0)],
      ['a/b', file([], 0)],
    ];
    const error = await save(new Map(both)).catch((thrown: unknown) => thrown);
    expect(isSyncError(error, 'internal')).toBe(true);
  });
});

describe('manifests', () => {
  it('differ in type, bytes, executable bit and target, never in time', () => {
    const base = file([ID_A], 10);
    expect(sameEntry(base, { ...base, mtimeMs: 5 })).toBe(true);
    for (const other of [
      { ...base, size: 11 },
      { ...base, executable: true },
      { ...base, content: [ID_B] },
      { ...base, content: [ID_A, ID_A] },
      dir(),
      link('x'),
    ]) {
      expect(sameEntry(base, other)).toBe(false);
      expect(sameEntry(other, base)).toBe(false);
    }
    expect(sameEntry(link('x'), link('y'))).toBe(false);
  });

  it('say what turns one into the other', () => {
    const from = new Map(world);
    expect(isEmptyDiff(diffManifests(from, new Map([...world].reverse())))).toBe(true);
    const to = new Map([...world.slice(1), ['options.txt', file([ID_B], 10)] as const, ['new', dir()] as const]);
    to.delete('saves/latest');
    const diff = diffManifests(from, to);
    expect(diff).toEqual({ added: ['new'], changed: ['options.txt'], removed: ['saves/latest'] });
    expect(diffManifests(to, from)).toEqual({ added: ['saves/latest'], changed: ['options.txt'], removed: ['new'] });
    expect(at(diff.added, 0)).toBe('new');
  });
});
