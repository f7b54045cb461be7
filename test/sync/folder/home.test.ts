import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findRelocation, writeHome } from '../../../src/sync/folder/home.js';
import { type Instance, newInstanceId, readInstance, writeInstance } from '../../../src/sync/folder/instance.js';
import { temporaryFolder } from '../temporary-folder.js';

const settings = { schema: 1, url: 'http://127.0.0.1:1/', instanceId: newInstanceId(), extra: {} } as const;

async function makeHome(): Promise<{ folder: string; game: string; instance: Instance }> {
  const folder = await temporaryFolder();
  const game = join(folder, 'game');
  mkdirSync(game);
  const instance = await writeInstance(game, settings);
  await writeHome(instance);
  return { folder, game, instance };
}

async function at(folder: string): Promise<Instance> {
  const instance = await readInstance(folder);
  if (instance === undefined) throw new Error(`${folder} is not set up`);
  return instance;
}

/** Changes keys of the record. */
function edit(instance: Instance, change: Record<string, unknown>): void {
  const path = join(instance.cloudFolder, 'home.json');
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...change }));
}

test('what is recorded', async () => {
  const { game, instance } = await makeHome();
  const { dev, ino } = statSync(join(game, '.cloud-sync'), { bigint: true });
  expect(JSON.parse(readFileSync(join(game, '.cloud-sync/home.json'), 'utf8'))).toEqual({
    schema: 1,
    instance_id: settings.instanceId,
    host: hostname(),
    folder: game,
    device: String(dev),
    inode: String(ino),
  });
  const before = statSync(join(game, '.cloud-sync/home.json'), { bigint: true });
  await writeHome(instance);
  const after = statSync(join(game, '.cloud-sync/home.json'), { bigint: true });
  expect(after).toMatchObject({ ino: before.ino, mtimeNs: before.mtimeNs });
});

describe('the same folder', () => {
  test('as it was, and after a rename or a move on the disk', async () => {
    const { folder, game, instance } = await makeHome();
    expect(await findRelocation(instance)).toBe('same');
    renameSync(game, join(folder, 'other'));
    const moved = await at(join(folder, 'other'));
    expect(await findRelocation(moved)).toBe('same');
    await writeHome(moved);
    expect(JSON.parse(readFileSync(join(folder, 'other/.cloud-sync/home.json'), 'utf8'))).toMatchObject({
      folder: join(folder, 'other'),
    });
  });

  test.skipIf(process.platform === 'win32')('through a link', async () => {
    const { folder, game } = await makeHome();
    symlinkSync(game, join(folder, 'link'));
    expect(await findRelocation(await at(join(folder, 'link')))).toBe('same');
  });

  test('on a disk that got other numbers, at the same place', async () => {
    const { instance } = await makeHome();
    edit(instance, { device: '1', inode: '2' });
    expect(await findRelocation(instance)).toBe('same');
  });

  test('on a disk that got other numbers and a second name', async () => {
    const { folder, game, instance } = await makeHome();
    symlinkSync(game, join(folder, 'link'), 'junction');
    edit(instance, { device: '1', inode: '2', folder: join(folder, 'link') });
    expect(await findRelocation(instance)).toBe('same');
  });
});

describe('a folder whose record is', () => {
  test('missing, broken, newer or of wrong types is new', async () => {
    const { instance } = await makeHome();
    const path = join(instance.cloudFolder, 'home.json');
    const whole = JSON.parse(readFileSync(path, 'utf8'));
    rmSync(path);
    expect(await findRelocation(instance)).toBe('new');
    const broken = [{ schema: 2 }, { host: 5 }, { folder: null }, { device: 5 }, { inode: 5 }, { instance_id: [] }];
    const texts = ['', '{', '[]', '{}', ...broken.map((change) => JSON.stringify({ ...whole, ...change }))];
    for (const text of texts) {
      writeFileSync(path, text);
      expect(await findRelocation(instance), text).toBe('new');
      await writeHome(instance);
      expect(await findRelocation(instance), text).toBe('same');
    }
  });

  test("another PC's or another instance's is new, wherever it is", async () => {
    const { instance } = await makeHome();
    edit(instance, { host: `not-${hostname()}` });
    expect(await findRelocation(instance)).toBe('new');
    edit(instance, { host: hostname(), instance_id: newInstanceId() });
    expect(await findRelocation(instance)).toBe('new');
  });
});

describe('a copy', () => {
  test('is noticed, and that the first is still there', async () => {
    const { folder, game } = await makeHome();
    cpSync(game, join(folder, 'copy'), { recursive: true });
    const copy = await at(join(folder, 'copy'));
    expect(await findRelocation(copy)).toEqual({ from: game, to: join(folder, 'copy'), stillThere: true });
    expect(await findRelocation(await at(game))).toBe('same');
    await writeHome(copy);
    expect(await findRelocation(copy)).toBe('same');
  });

  test('of a folder that is gone, or takes part in nothing or another instance now', async () => {
    const { folder, game } = await makeHome();
    cpSync(game, join(folder, 'copy'), { recursive: true });
    const copy = await at(join(folder, 'copy'));
    const gone = { from: game, to: join(folder, 'copy'), stillThere: false };
    await writeInstance(game, { ...settings, instanceId: newInstanceId() });
    expect(await findRelocation(copy)).toEqual(gone);
    writeFileSync(join(game, '.cloud-sync/sync.json'), '{');
    expect(await findRelocation(copy)).toEqual(gone);
    rmSync(join(game, '.cloud-sync'), { recursive: true });
    expect(await findRelocation(copy)).toEqual(gone);
    rmSync(game, { recursive: true });
    expect(await findRelocation(copy)).toEqual(gone);
    writeFileSync(game, 'a file');
    expect(await findRelocation(copy)).toEqual(gone);
  });
});
