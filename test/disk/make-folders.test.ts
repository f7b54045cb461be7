import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeFolders } from '../../src/disk/make-folders.js';
import { onPosix } from '../helpers/only-where.js';
import { tempFolder } from '../helpers/temp.js';

it('makes a folder and those above, and leaves those that are there as they are', async () => {
  const root = tempFolder();
  mkdirSync(join(root, 'a'), { mode: 0o755 });
  await makeFolders(join(root, 'a', 'b', 'c'), 0o700);
  await makeFolders(join(root, 'a', 'b', 'c'), 0o700);
  expect(statSync(join(root, 'a', 'b', 'c')).isDirectory()).toBe(true);
  if (process.platform !== 'win32') expect(statSync(join(root, 'a')).mode & 0o777).toBe(0o755);
});

it('makes many folders at once that share those above', async () => {
  const root = tempFolder();
  for (let round = 0; round < 100; round++) {
    const leaves = Array.from({ length: 16 }, (_, i) => join(root, `${round}`, 'a', 'b', `${i % 4}`, `${i}`));
    await Promise.all(leaves.map((leaf) => makeFolders(leaf, 0o700)));
    for (const leaf of leaves) expect(statSync(leaf).isDirectory()).toBe(true);
  }
});

it('fails where a file stands in the way', async () => {
  const root = tempFolder();
  writeFileSync(join(root, 'file'), '');
  await expect(makeFolders(join(root, 'file'), 0o700)).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makeFolders(join(root, 'file', 'x'), 0o700)).rejects.toMatchObject({ code: 'ENOTDIR' });
});

onPosix('ends where the system makes no folders', async () => {
  if (!existsSync('/proc/self')) return;
  await expect(makeFolders('/proc/no-such-thing/x', 0o700)).rejects.toMatchObject({ code: 'ENOENT' });
});
