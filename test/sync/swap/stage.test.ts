import { chmod, mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { toFsPath } from '../../../src/base/raw-string.js';
import type { Instance } from '../../../src/sync/folder/instance.js';
import { writeInstance } from '../../../src/sync/folder/instance.js';
import { makeScope } from '../../../src/sync/scope/scope.js';
import { nodeFs, stampFrom } from '../../../src/sync/swap/fs-ops.js';
import {
  applySwap,
  checkFreeSpace,
  checkScopeRoots,
  checkTargets,
  makeStaging,
  recoverSwap,
  type SwapPlan,
} from '../../../src/sync/swap/stage.js';
import { asUser, onLinux, onPosix } from '../../helpers/only-where.js';
import { crashAt, isCrash } from '../memory-fs.js';
import { temporaryFolder } from '../temporary-folder.js';

async function makeGame(): Promise<Instance> {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'saves', 'W'), { recursive: true });
  await writeFile(join(folder, 'saves', 'W', 'level.dat'), 'old');
  await writeFile(join(folder, 'options.txt'), 'old options');
  const settings = { schema: 1, url: 'http://a', instanceId: '01ARZ3NDEKTSV4RRFFQ69G5FAV', extra: {} } as const;
  return await writeInstance(folder, settings);
}

async function planFor(instance: Instance): Promise<SwapPlan> {
  const staging = await makeStaging(instance);
  const staged = join(staging.folder, '0');
  await writeFile(staged, 'new');
  const level = await nodeFs.lstat(join(instance.packFolder, 'saves', 'W', 'level.dat'));
  const options = await nodeFs.lstat(join(instance.packFolder, 'options.txt'));
  if (!level || !options) throw new Error('missing');
  return {
    id: staging.id,
    replace: [{ path: 'saves/W/level.dat', staged, expected: stampFrom(level) }],
    remove: [{ path: 'options.txt', expected: stampFrom(options) }],
    makeDirs: ['saves/Empty'],
    removeDirs: [],
  };
}

describe('on the real file system', () => {
  test('a swap replaces, removes, makes folders, and keeps the old', async () => {
    const instance = await makeGame();
    const { trash = '', placed } = await applySwap(instance, await planFor(instance));
    const { packFolder, cloudFolder } = instance;
    expect(await readFile(join(packFolder, 'saves', 'W', 'level.dat'), 'utf8')).toBe('new');
    expect((await readdir(packFolder)).sort()).toEqual(['.cloud-sync', 'saves']);
    expect((await readdir(join(packFolder, 'saves'))).sort()).toEqual(['Empty', 'W']);
    expect(await readFile(join(trash, 'files', 'saves', 'W', 'level.dat'), 'utf8')).toBe('old');
    expect(await readFile(join(trash, 'files', 'options.txt'), 'utf8')).toBe('old options');
    expect(await readdir(join(cloudFolder, 'staging'))).toEqual([]);
    const entry = await nodeFs.lstat(join(packFolder, 'saves', 'W', 'level.dat'));
    expect(placed.get('saves/W/level.dat')).toEqual(entry && stampFrom(entry));
  });

  test('a power cut at every call ends in the old state or the new one', async () => {
    const seen = new Set<string>();
    for (let n = 1; ; n++) {
      const instance = await makeGame();
      const plan = await planFor(instance);
      const cut = await applySwap(instance, plan, { fs: crashAt(nodeFs, n, true).ops }).then(
        () => false,
        (error: unknown) => isCrash(error),
      );
      const outcome = await recoverSwap(instance);
      const { packFolder, cloudFolder } = instance;
      const level = await readFile(join(packFolder, 'saves', 'W', 'level.dat'), 'utf8');
      const top = (await readdir(packFolder)).length;
      expect([`old 3`, `new 2`]).toContain(`${level} ${top}`);
      expect(await readdir(join(cloudFolder, 'staging'))).toEqual([]);
      expect(await readdir(cloudFolder)).not.toContain('journal.json');
      seen.add(`${level}, ${outcome}`);
      await rm(packFolder, { recursive: true });
      if (!cut) break;
    }
    expect([...seen].sort()).toEqual(['new, completed', 'new, nothing', 'old, nothing']);
  });

  onLinux('names that are not UTF-8 keep their bytes', async () => {
    const instance = await makeGame();
    const { id, folder } = await makeStaging(instance);
    await writeFile(join(folder, '0'), 'x');
    const replace = [{ path: 'saves/raw\udcff', staged: join(folder, '0') }];
    await applySwap(instance, { id, replace, remove: [], makeDirs: [], removeDirs: [] });
    expect(await nodeFs.readdir(join(instance.packFolder, 'saves'))).toContain('raw\udcff');
    expect(await readFile(toFsPath(join(instance.packFolder, 'saves', 'raw\udcff')), 'utf8')).toBe('x');
  });

  asUser('a folder that may not be written turns the swap back', async () => {
    const instance = await makeGame();
    const plan = await planFor(instance);
    const world = join(instance.packFolder, 'saves', 'W');
    await chmod(world, 0o555);
    await expect(applySwap(instance, plan)).rejects.toMatchObject({ code: 'io' });
    await chmod(world, 0o755);
    expect(await readFile(join(instance.packFolder, 'options.txt'), 'utf8')).toBe('old options');
    expect(await readFile(join(world, 'level.dat'), 'utf8')).toBe('old');
  });

  test('recovery sweeps stages and old temporary files, and touches nothing else', async () => {
    const instance = await makeGame();
    const { folder } = await makeStaging(instance);
    await writeFile(join(folder, '0'), 'x');
    const old = join(instance.cloudFolder, '.state.json.0123456789ab.tmp');
    const young = join(instance.cloudFolder, '.token.0123456789ab.tmp');
    for (const path of [old, young]) await writeFile(path, 'x');
    await utimes(old, 1, 1);
    expect(await recoverSwap(instance)).toBe('nothing');
    expect((await readdir(instance.cloudFolder)).sort()).toEqual(['.token.0123456789ab.tmp', 'staging', 'sync.json']);
    expect(await readdir(join(instance.cloudFolder, 'staging'))).toEqual([]);
  });
});

describe('before a pull', () => {
  onPosix('linked folders are refused, at the top and on the way', async () => {
    const instance = await makeGame();
    const { packFolder } = instance;
    const other = await temporaryFolder();
    const scope = makeScope({ preset: 'personal' });
    await checkScopeRoots(instance, scope);
    await writeFile(join(other, 'servers.dat'), '');
    await symlink(join(other, 'servers.dat'), join(packFolder, 'servers.dat'));
    await symlink(other, join(packFolder, 'mods'));
    await checkScopeRoots(instance, scope);
    await symlink(other, join(packFolder, 'config'));
    await expect(checkScopeRoots(instance, scope)).rejects.toMatchObject({
      code: 'unsafe-path',
      details: { path: 'config' },
    });
    await rm(join(packFolder, 'config'));
    await symlink(join(other, 'nowhere'), join(packFolder, 'config'));
    await expect(checkScopeRoots(instance, scope)).rejects.toMatchObject({ code: 'unsafe-path' });
    await symlink(other, join(packFolder, 'saves', 'linked'));
    await checkTargets(instance, ['saves/W/x', 'new/deep/x']);
    await expect(checkTargets(instance, ['saves/linked/x'])).rejects.toMatchObject({ code: 'unsafe-path' });
    await expect(checkTargets(instance, ['options.txt/x'])).rejects.toMatchObject({ code: 'unsafe-path' });
    await checkTargets(instance, ['options.txt/x', 'saves/linked/x'], ['options.txt', 'saves/linked']);
  });

  onPosix('a linked .cloud-sync is refused', async () => {
    const folder = await temporaryFolder();
    const other = await temporaryFolder();
    await symlink(other, join(folder, '.cloud-sync'));
    const settings = { schema: 1, url: 'http://a', instanceId: '01ARZ3NDEKTSV4RRFFQ69G5FAV', extra: {} } as const;
    const instance = await writeInstance(folder, settings);
    await expect(makeStaging(instance)).rejects.toMatchObject({ code: 'unsafe-path' });
  });

  test('free space is checked with some to spare', async () => {
    const instance = await makeGame();
    await checkFreeSpace(instance, 1000);
    await expect(checkFreeSpace(instance, Number.MAX_SAFE_INTEGER)).rejects.toMatchObject({ code: 'no-space' });
  });
});
