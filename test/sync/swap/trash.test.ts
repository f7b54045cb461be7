import { expect, test } from 'vitest';
import { encodeJournal } from '../../../src/sync/swap/journal.js';
import { emptyTrashFolder, listTrash, nextGeneration, pruneTrash, TRASH_LIMITS } from '../../../src/sync/swap/trash.js';
import { MemoryFs } from '../memory-fs.js';

const CLOUD = '/game/.cloud-sync';
const NOW = Date.parse('2026-11-22T10:15:00Z');
const DAY = 86_400_000;

/** One generation per age in days, with an old file of so many bytes. */
async function trashOf(...ages: [days: number, bytes: number][]): Promise<{ fs: MemoryFs; names: string[] }> {
  const fs = new MemoryFs();
  fs.folder(CLOUD);
  const names: string[] = [];
  for (const [index, [days, bytes]] of ages.entries()) {
    const name = `${new Date(NOW - days * DAY).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z-g${index}`;
    const expected = { size: bytes, mtimeNs: 1n, ctimeNs: 1n, inode: 1n };
    const journal = {
      id: `g${index}`,
      created: '',
      direction: 'forward',
      trash: name,
      replace: [],
      remove: [{ path: 'saves/x', expected }],
      makeDirs: [],
      removeDirs: [],
    } as const;
    fs.put(`${CLOUD}/trash/${name}/manifest.json`, encodeJournal(journal));
    fs.put(`${CLOUD}/trash/${name}/files/saves/x`, 'old');
    names.push(name);
  }
  return { fs, names };
}

async function kept(fs: MemoryFs): Promise<string[]> {
  return (await listTrash(CLOUD, fs)).map(({ name }) => name.replace(/^.*-/, ''));
}

test('three generations stay at any age, and more while they are young', async () => {
  const { fs, names } = await trashOf([1, 1], [13, 1], [20, 1], [30, 1], [40, 1]);
  expect(await pruneTrash(CLOUD, NOW, TRASH_LIMITS, fs)).toEqual([names[3], names[4]]);
  expect(await kept(fs)).toEqual(['g0', 'g1', 'g2']);
  const young = await trashOf([1, 1], [2, 1], [3, 1], [4, 1], [13, 1], [15, 1]);
  await pruneTrash(CLOUD, NOW, TRASH_LIMITS, young.fs);
  expect(await kept(young.fs)).toEqual(['g0', 'g1', 'g2', 'g3', 'g4']);
});

test('beyond the size the oldest go, the newest never', async () => {
  const { fs } = await trashOf([1, 60], [2, 30], [3, 30]);
  await pruneTrash(CLOUD, NOW, { ...TRASH_LIMITS, bytes: 100 }, fs);
  expect(await kept(fs)).toEqual(['g0', 'g1']);
  const huge = await trashOf([99, 1e12], [100, 1]);
  await pruneTrash(CLOUD, NOW, TRASH_LIMITS, huge.fs);
  expect(await kept(huge.fs)).toEqual(['g0']);
});

test('a clock that was wrong once keeps nothing for ever, and the next generation is the newest all the same', async () => {
  const { fs } = await trashOf([-9000, 1], [-9001, 1], [1, 1], [2, 1], [20, 1], [-8000, 1]);
  const name = await nextGeneration(fs, CLOUD, 'new', NOW);
  expect(name).toBe('20510715T101501Z-new');
  fs.put(`${CLOUD}/trash/${name}/files/x`, 'x');
  await pruneTrash(CLOUD, NOW, TRASH_LIMITS, fs);
  expect(await kept(fs)).toEqual(['new', 'g1', 'g0', 'g2', 'g3']);
  expect(await nextGeneration(new MemoryFs(), CLOUD, 'id', NOW)).toBe('20261122T101500Z-id');
});

test('nothing is removed while a swap is unfinished; half-removed generations are swept', async () => {
  const { fs } = await trashOf([1, 1], [50, 1], [51, 1], [52, 1]);
  fs.put(`${CLOUD}/trash/.removed-x/files/y`, 'y');
  fs.put(`${CLOUD}/journal.json`, '{}');
  expect(await pruneTrash(CLOUD, NOW, TRASH_LIMITS, fs)).toEqual([]);
  await fs.unlink(`${CLOUD}/journal.json`);
  expect(await kept(fs)).toHaveLength(4);
  await pruneTrash(CLOUD, NOW, TRASH_LIMITS, fs);
  expect(Object.keys(fs.tree(`${CLOUD}/trash`)).some((path) => path.startsWith('.'))).toBe(false);
});

test('a generation with a damaged manifest is listed with the size of its files', async () => {
  const { fs, names } = await trashOf([1, 1000]);
  fs.put(`${CLOUD}/trash/${names[0]}/manifest.json`, '{');
  const [generation] = await listTrash(CLOUD, fs);
  expect(generation).toMatchObject({ manifest: undefined, bytes: 4 });
});

test('by hand all of it goes, but nothing while a swap is unfinished', async () => {
  const { fs } = await trashOf([0, 5], [1, 7], [90, 1]);
  fs.put(`${CLOUD}/journal.json`, 'a swap under way');
  expect(await emptyTrashFolder(CLOUD, fs)).toEqual({ generations: 0, bytes: 0 });
  expect(await kept(fs)).toHaveLength(3);
  await fs.unlink(`${CLOUD}/journal.json`);
  fs.put(`${CLOUD}/trash/.removed-half/files/saves/x`, 'left by a crash');
  expect(await emptyTrashFolder(CLOUD, fs)).toEqual({ generations: 3, bytes: 13 });
  expect(await fs.readdir(`${CLOUD}/trash`)).toEqual([]);
});
