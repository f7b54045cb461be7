import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWorlds, newestIcon, readWorldIcon } from '../../../src/sync/folder/worlds.js';
import { onPosix } from '../../helpers/only-where.js';
import { tempFolder } from '../../helpers/temp.js';
import { codeOf } from '../../helpers/two-pcs.js';
import { levelDat } from '../level-dat.js';

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1]);

function newWorld(name: string, files: Readonly<Record<string, Buffer | string>>): string {
  const packFolder = tempFolder();
  mkdirSync(join(packFolder, 'saves', name), { recursive: true });
  for (const [file, content] of Object.entries(files)) writeFileSync(join(packFolder, 'saves', name, file), content);
  return packFolder;
}

it('counts by world, and takes the name from level.dat', async () => {
  const packFolder = newWorld('World', { 'level.dat': levelDat('Under <b>', 1) });
  const file = (size: number): { type: 'file' | 'dir'; size: number } => ({ type: 'file', size });
  const entries = new Map<string, { type: 'file' | 'dir'; size: number }>([
    ['options.txt', file(1)],
    ['saves/World/level.dat', file(10)],
    ['saves/World/icon.png', file(5)],
    ['saves/World/region', { ...file(0), type: 'dir' }],
    ['saves/Broken/level.dat', file(3)],
    ['saves/file.txt', file(7)],
  ]);
  const worlds = await describeWorlds(packFolder, entries);
  expect(worlds).toMatchObject([
    { folder: 'saves/Broken', files: 1, bytes: 3, hasIcon: false },
    { folder: 'saves/World', files: 2, bytes: 15, hasIcon: true, name: 'Under <b>' },
  ]);
  expect(worlds[0]).not.toHaveProperty('name');
});

it('gives pictures of worlds and nothing else', async () => {
  const packFolder = newWorld('World', { 'icon.png': PNG });
  expect(await readWorldIcon({ packFolder, world: 'saves/World' })).toEqual(PNG);
  expect(await readWorldIcon({ packFolder, world: 'saves/None' })).toBeUndefined();
  writeFileSync(join(packFolder, 'saves', 'World', 'icon.png'), '<svg onload="alert(1)">');
  expect(await readWorldIcon({ packFolder, world: 'saves/World' })).toBeUndefined();
  writeFileSync(join(packFolder, 'saves', 'World', 'icon.png'), Buffer.concat([PNG, Buffer.alloc(1024 * 1024)]));
  expect(await readWorldIcon({ packFolder, world: 'saves/World' })).toBeUndefined();
  for (const world of ['saves/..', 'saves/.', 'saves/a/b', 'saves\\World', '../saves/World', 'saves/', '']) {
    expect(await codeOf(readWorldIcon({ packFolder, world }))).toBe('usage');
  }
});

it('takes the newest picture for the whole instance', async () => {
  const packFolder = newWorld('Old', { 'icon.png': PNG });
  expect(await newestIcon(tempFolder())).toBeUndefined();
  expect(await newestIcon(packFolder)).toBe('saves/Old');
  for (const [name, time] of Object.entries({ New: 2_000_000_000, Plain: 0, Between: 1_000_000_000 })) {
    mkdirSync(join(packFolder, 'saves', name));
    if (time === 0) continue;
    writeFileSync(join(packFolder, 'saves', name, 'icon.png'), PNG);
    utimesSync(join(packFolder, 'saves', name, 'icon.png'), time, time);
  }
  expect(await newestIcon(packFolder)).toBe('saves/New');
});

onPosix('follows no link to a picture', async () => {
  const packFolder = newWorld('World', {});
  const outside = join(tempFolder(), 'private.png');
  writeFileSync(outside, PNG);
  symlinkSync(outside, join(packFolder, 'saves', 'World', 'icon.png'));
  expect(await readWorldIcon({ packFolder, world: 'saves/World' })).toBeUndefined();
});
