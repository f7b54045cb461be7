/** Two PCs with different monitors: what options.txt holds for one of them alone is no change, and stays there. */
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { readMachineOptions } from '../../../src/sync/scope/machine-options.js';
import { codeOf, newCloud, type TestCloud, type TestPc } from '../../helpers/two-pcs.js';

vi.mock('../../../src/base/sleep.js', () => import('../../helpers/no-wait.js'));

/** As the game writes it. */
function options(machine: Record<string, string | number>, shared: Record<string, string | number> = {}): string {
  const all = {
    version: 3955,
    fov: 0,
    maxFps: 120,
    guiScale: 0,
    lang: 'en_us',
    'key_key.jump': 'space',
    ...machine,
    ...shared,
  };
  return Object.entries(all)
    .map(([key, value]) => `${key}:${value}\n`)
    .join('');
}

const LAPTOP = { maxFps: 60, guiScale: 2 };
const TOWER = { maxFps: 240, guiScale: 4 };

const WORLD = 'saves/World/level.dat';
const read = (pc: TestPc): string | undefined => pc.files().get('options.txt');
const record = (pc: TestPc): string => join(pc.cloudFolder, 'machine-options.json');

/** Of the newest snapshot that no other follows. */
async function inCloud(cloud: TestCloud): Promise<string | undefined> {
  const known = await cloud.snapshots();
  const parents = new Set(known.map(({ snapshot }) => snapshot.parent));
  const [head] = known.filter(({ id }) => !parents.has(id));
  return head && (await cloud.content(head.id)).get('options.txt');
}

/** The laptop has sent its file, the tower has it with other values of its own, and both are in step. */
async function inStep(): Promise<{ cloud: TestCloud; laptop: TestPc; tower: TestPc }> {
  const cloud = await newCloud();
  const [laptop, tower] = [await cloud.pc(), await cloud.pc()];
  laptop.put(WORLD, 'world');
  laptop.put('options.txt', options(LAPTOP));
  await laptop.push();
  await tower.pull();
  tower.put('options.txt', options(TOWER));
  return { cloud, laptop, tower };
}

describe('values of the machine', () => {
  test('make no snapshot, however often the two take turns', async () => {
    const { cloud, laptop, tower } = await inStep();
    for (let round = 0; round < 3; round++) {
      for (const [pc, values] of [
        [tower, TOWER],
        [laptop, LAPTOP],
      ] as const) {
        const now = { ...values, maxFps: values.maxFps + round * 100 };
        expect(await pc.pull()).toMatchObject({ outcome: 'up-to-date' });
        pc.put('options.txt', options(now), 'now');
        expect(await pc.push()).toMatchObject({ outcome: 'nothing-to-send' });
        expect(read(pc)).toBe(options(now));
      }
    }
    expect(await cloud.snapshots()).toHaveLength(1);
    expect(await inCloud(cloud)).toBe(options(LAPTOP));
  });

  test('need no request when nothing else was changed', async () => {
    const { tower } = await inStep();
    const calls: string[] = [];
    tower.hooks.before = (call) => void calls.push(call);
    expect(await tower.push()).toMatchObject({ outcome: 'nothing-to-send' });
    expect(calls).toEqual([]);
  });

  test('stay where they are while the rest of the file travels', async () => {
    const { cloud, laptop, tower } = await inStep();
    tower.put('options.txt', options(TOWER, { 'key_key.jump': 'w' }));
    expect(await tower.push()).toMatchObject({ outcome: 'sent', files: { added: 0, changed: 1, removed: 0 } });
    expect(await inCloud(cloud)).toBe(options(LAPTOP, { 'key_key.jump': 'w' }));
    expect(await laptop.pull()).toMatchObject({ outcome: 'updated', files: { added: 0, changed: 1, removed: 0 } });
    expect(read(laptop)).toBe(options(LAPTOP, { 'key_key.jump': 'w' }));
    laptop.put('options.txt', options({ ...LAPTOP, guiScale: 1 }, { 'key_key.jump': 'x' }));
    expect(await laptop.push()).toMatchObject({ outcome: 'sent' });
    expect(await tower.pull()).toMatchObject({ outcome: 'updated' });
    expect(read(tower)).toBe(options(TOWER, { 'key_key.jump': 'x' }));
    for (const pc of [laptop, tower]) expect(await pc.push()).toMatchObject({ outcome: 'nothing-to-send' });
    expect(await cloud.snapshots()).toHaveLength(3);
  });

  test('stay when a world comes, and the file that comes keeps its time', async () => {
    const { laptop, tower } = await inStep();
    laptop.put(WORLD, 'played');
    laptop.put('options.txt', options(LAPTOP, { fov: 1 }));
    await laptop.push();
    await tower.pull();
    expect(tower.files().get(WORLD)).toBe('played');
    expect(read(tower)).toBe(options(TOWER, { fov: 1 }));
    const time = (pc: TestPc): number => statSync(join(pc.game, 'options.txt')).mtimeMs;
    expect(time(tower)).toBe(time(laptop));
  });

  test('come along once for a PC that has no such file', async () => {
    const { cloud, laptop } = await inStep();
    const third = await cloud.pc();
    await third.pull();
    expect(read(third)).toBe(options(LAPTOP));
    third.put('options.txt', options(TOWER));
    expect(await third.push()).toMatchObject({ outcome: 'nothing-to-send' });
    expect(await laptop.pull()).toMatchObject({ outcome: 'up-to-date' });
  });

  test('that one version of the game does not know are no change, and are not lost', async () => {
    const { cloud, laptop, tower } = await inStep();
    tower.put('options.txt', `${options(TOWER)}preferredGraphicsBackend:"vulkan"\n`);
    expect(await tower.push()).toMatchObject({ outcome: 'nothing-to-send' });
    laptop.put('options.txt', options(LAPTOP, { fov: 1 }));
    await laptop.push();
    await tower.pull();
    expect(read(tower)).toBe(`${options(TOWER, { fov: 1 })}preferredGraphicsBackend:"vulkan"\n`);
    expect(await tower.push()).toMatchObject({ outcome: 'nothing-to-send' });
    expect(await cloud.snapshots()).toHaveLength(2);
  });

  test('that are not UTF-8 come through', async () => {
    const { cloud, tower } = await inStep();
    const odd = Buffer.concat([
      Buffer.from(options(TOWER, { fov: 2 })),
      Buffer.from('lastServer:\xff\nsoundDevice:\xfe\n', 'latin1'),
    ]);
    writeFileSync(join(tower.game, 'options.txt'), odd);
    await tower.push();
    const third = await cloud.pc();
    await third.pull();
    expect(readFileSync(join(third.game, 'options.txt'), 'latin1')).toBe(
      `${options(LAPTOP, { fov: 2 })}lastServer:\xff\nsoundDevice:\xfe\n`,
    );
  });
});

describe('first contact', () => {
  test('of two files that differ in values of the machine only', async () => {
    const { cloud } = await inStep();
    const third = await cloud.pc();
    third.put('options.txt', options(TOWER));
    await third.pull();
    expect(read(third)).toBe(options(TOWER));
    expect(third.trash()).not.toContain(options(TOWER));
    expect(await third.push()).toMatchObject({ outcome: 'nothing-to-send' });
    expect(await cloud.snapshots()).toHaveLength(1);
  });

  test('of two files that differ in more', async () => {
    const { cloud } = await inStep();
    const third = await cloud.pc();
    third.put('options.txt', options(TOWER, { lang: 'de_de' }));
    await third.pull();
    expect(read(third)).toBe(options(TOWER));
    expect(third.trash()).toContain(options(TOWER, { lang: 'de_de' }));
  });
});

describe('both sides changed', () => {
  test('a setting: that is a conflict', async () => {
    const { laptop, tower } = await inStep();
    laptop.put('options.txt', options(LAPTOP, { fov: 1 }));
    await laptop.push();
    tower.put('options.txt', options(TOWER, { fov: 2 }));
    expect(await codeOf(tower.pull())).toBe('conflict');
    expect(read(tower)).toBe(options(TOWER, { fov: 2 }));
    await tower.pull({ onConflict: 'cloud' });
    expect(read(tower)).toBe(options(TOWER, { fov: 1 }));
  });

  test('the same setting, or here the machine alone: that is none', async () => {
    const { laptop, tower } = await inStep();
    laptop.put('options.txt', options({ ...LAPTOP, guiScale: 9 }, { fov: 1 }));
    laptop.put(WORLD, 'played');
    await laptop.push();
    tower.put('options.txt', options({ ...TOWER, guiScale: 7 }));
    await tower.pull();
    expect(read(tower)).toBe(options({ ...TOWER, guiScale: 7 }, { fov: 1 }));
    laptop.put('options.txt', options(LAPTOP, { fov: 3 }));
    await laptop.push();
    tower.put('options.txt', options(TOWER, { fov: 3 }));
    expect(await codeOf(tower.pull())).toBe('ok');
    expect(read(tower)).toBe(options(TOWER, { fov: 3 }));
  });
});

describe('a file that is gone', () => {
  test('here goes in the cloud too, and comes back with its values', async () => {
    const { cloud, laptop, tower } = await inStep();
    tower.remove('options.txt');
    expect(await tower.push()).toMatchObject({ outcome: 'sent', files: { removed: 1 } });
    expect(await inCloud(cloud)).toBeUndefined();
    await laptop.pull();
    expect(read(laptop)).toBeUndefined();
    tower.put('options.txt', options(TOWER));
    await tower.push();
    await laptop.pull();
    expect(read(laptop)).toBe(options(LAPTOP));
  });

  test('in the cloud goes here, into the trash', async () => {
    const { laptop, tower } = await inStep();
    await tower.pull();
    laptop.remove('options.txt');
    await laptop.push();
    await tower.pull();
    expect(read(tower)).toBeUndefined();
    expect(tower.trash()).toContain(options(TOWER));
  });
});

describe('the record', () => {
  test('missing costs one snapshot at most', async () => {
    const { cloud, tower } = await inStep();
    rmSync(record(tower));
    tower.put('options.txt', options({ ...TOWER, maxFps: 9999 }));
    await tower.push();
    expect((await cloud.snapshots()).length).toBeLessThanOrEqual(2);
    tower.put('options.txt', options({ ...TOWER, maxFps: 1 }));
    expect(await tower.push()).toMatchObject({ outcome: 'nothing-to-send' });
  });

  test('broken counts as missing', async () => {
    const { tower } = await inStep();
    expect(await readMachineOptions(tower.game, [])).toMatchObject({ known: [Buffer.from(options(LAPTOP))] });
    for (const broken of ['', '{', '{"schema":2,"known":["a"]}', '{"schema":1,"known":[5]}', '{"schema":1}', '[]']) {
      writeFileSync(record(tower), broken);
      expect(await readMachineOptions(tower.game, []), broken).toMatchObject({ known: [] });
    }
  });

  test('of a push that was cut off does no harm, and no copy is left', async () => {
    const { cloud, laptop, tower } = await inStep();
    tower.hooks.before = (call) => {
      if (call === 'write snapshots') throw new Error('cut off');
    };
    tower.put('options.txt', options(TOWER, { fov: 5 }));
    await expect(tower.push()).rejects.toThrow('cut off');
    tower.hooks.before = () => undefined;
    tower.put('options.txt', options(TOWER));
    expect(await tower.push()).toMatchObject({ outcome: 'nothing-to-send' });
    laptop.put('options.txt', options(LAPTOP, { fov: 6 }));
    await laptop.push();
    expect(await codeOf(tower.pull())).toBe('ok');
    expect(read(tower)).toBe(options(TOWER, { fov: 6 }));
    expect(await inCloud(cloud)).toBe(options(LAPTOP, { fov: 6 }));
    expect(readdirSync(tower.cloudFolder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('of a pull that was cut off before or after the swap does no harm', async () => {
    for (const lost of ['state', 'all']) {
      const { laptop, tower } = await inStep();
      await tower.pull();
      const before = new Map(
        ['state.json', 'files.bin'].map((name) => [name, readFileSync(join(tower.cloudFolder, name))]),
      );
      laptop.put('options.txt', options({ maxFps: 30 }, { fov: 5 }));
      rmSync(record(laptop));
      await laptop.push();
      await tower.pull();
      // As if the power had gone before the state was written, or before the swap.
      for (const [name, bytes] of before) writeFileSync(join(tower.cloudFolder, name), bytes);
      if (lost === 'all') tower.put('options.txt', options(TOWER));
      expect(await codeOf(tower.pull())).toBe('ok');
      expect(read(tower)).toBe(options(TOWER, { fov: 5 }));
      expect(await tower.push()).toMatchObject({ outcome: 'nothing-to-send' });
    }
  });
});

test('of two versions that differ in values of the machine only, that of the last sync counts', async () => {
  const { cloud, laptop, tower } = await inStep();
  const before = new Map(
    ['state.json', 'files.bin'].map((name) => [name, readFileSync(join(tower.cloudFolder, name))]),
  );
  rmSync(record(laptop));
  laptop.put('options.txt', options({ maxFps: 30 }));
  laptop.put(WORLD, 'played');
  await laptop.push();
  await tower.pull();
  // As if the power had gone before the swap.
  for (const [name, bytes] of before) writeFileSync(join(tower.cloudFolder, name), bytes);
  tower.put(WORLD, 'world');
  expect(await tower.pull()).toMatchObject({ outcome: 'updated' });
  expect(tower.files().get(WORLD)).toBe('played');
  expect(await cloud.snapshots()).toHaveLength(2);
});

describe.skipIf(process.platform === 'win32')('what the file is', () => {
  test('counts beside what it holds', async () => {
    const { cloud, tower } = await inStep();
    chmodSync(join(tower.game, 'options.txt'), 0o755);
    expect(await tower.push()).toMatchObject({ outcome: 'sent', files: { added: 0, changed: 1, removed: 0 } });
    expect(await inCloud(cloud)).toBe(options(LAPTOP));
  });

  test('a link in its place is not looked into', async () => {
    const { cloud } = await inStep();
    const third = await cloud.pc();
    third.put('elsewhere.txt', options(TOWER));
    third.link('options.txt', 'elsewhere.txt');
    await third.pull();
    expect(read(third)).toBe(options(LAPTOP));
  });
});

describe('while the file is read for sending', () => {
  test('a change of it is seen', async () => {
    const { cloud, tower } = await inStep();
    tower.put('options.txt', options(TOWER, { fov: 1 }));
    let reads = 0;
    tower.hooks.read = () => {
      reads += 1;
      if (reads === 1) tower.put('options.txt', options(TOWER, { fov: 2 }), 'now');
    };
    expect(await tower.push()).toMatchObject({ outcome: 'sent', warnings: [] });
    expect(reads).toBe(2);
    expect(await inCloud(cloud)).toBe(options(LAPTOP, { fov: 2 }));
  });

  test('a copy that somebody takes away is not taken for the file', async () => {
    const { cloud, tower } = await inStep();
    tower.put('options.txt', options(TOWER, { fov: 1 }));
    tower.hooks.read = (path) => rmSync(path);
    expect(await tower.push()).toMatchObject({ unreadable: ['options.txt'] });
    expect(await inCloud(cloud)).toBe(options(LAPTOP));
    expect(read(tower)).toBe(options(TOWER, { fov: 1 }));
  });
});

describe('keep_options in scope.json', () => {
  test('replaces the list', async () => {
    const { cloud, tower } = await inStep();
    writeFileSync(join(tower.cloudFolder, 'scope.json'), '{"schema":1,"keep_options":["fov"]}');
    tower.put('options.txt', options(TOWER, { fov: 8 }));
    expect(await tower.push()).toMatchObject({ outcome: 'sent' });
    expect(await inCloud(cloud)).toBe(options(TOWER));
  });

  test('empty: the file travels as it is', async () => {
    const { cloud, laptop, tower } = await inStep();
    for (const pc of [laptop, tower])
      writeFileSync(join(pc.cloudFolder, 'scope.json'), '{"schema":1,"keep_options":[]}');
    expect(await tower.push()).toMatchObject({ outcome: 'sent', files: { added: 0, changed: 1, removed: 0 } });
    expect(await inCloud(cloud)).toBe(options(TOWER));
    await laptop.pull();
    expect(read(laptop)).toBe(options(TOWER));
  });

  test.each(['5', '["a:b"]', '[""]', '["a\\nb"]', '[1]', `["${'x'.repeat(101)}"]`])('%s is refused', async (list) => {
    const { tower } = await inStep();
    writeFileSync(join(tower.cloudFolder, 'scope.json'), `{"schema":1,"keep_options":${list}}`);
    expect(await codeOf(tower.push())).toBe('bad-settings');
  });
});

test('a file that is too large for the game is a file like others', async () => {
  const { cloud, tower } = await inStep();
  const large = options(TOWER) + 'x'.repeat(300_000);
  tower.put('options.txt', large);
  await tower.push();
  expect(await inCloud(cloud)).toBe(large);
  const third = await cloud.pc();
  third.put('options.txt', options(LAPTOP));
  await third.pull();
  expect(read(third)).toBe(large);
});
