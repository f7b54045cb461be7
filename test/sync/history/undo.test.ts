import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { bringBack } from '../../../src/sync/history/bring-back.js';
import type { Trash } from '../../../src/sync/history/trash-report.js';
import { readTrash } from '../../../src/sync/history/trash-report.js';
import type { UndoOptions, UndoResult } from '../../../src/sync/history/undo.js';
import { undo } from '../../../src/sync/history/undo.js';
import { nodeFs } from '../../../src/sync/swap/fs-ops.js';
import { listTrash } from '../../../src/sync/swap/trash.js';
import { onPosix } from '../../helpers/only-where.js';
import { codeOf, newCloud, type TestCloud, type TestPc } from '../../helpers/two-pcs.js';

vi.mock('../../../src/base/sleep.js', () => import('../../helpers/no-wait.js'));

/** What a running game holds, for the commands here. */
const game = vi.hoisted(() => ({ holds: [] as string[] }));
vi.mock('../../../src/sync/folder/world-in-use.js', () => ({
  worldsInUse: async (_folder: string, worlds: readonly string[]) => worlds.filter((one) => game.holds.includes(one)),
}));

function undoOn(pc: TestPc, options: UndoOptions = {}): Promise<UndoResult> {
  return undo({ packFolder: pc.game, ...options }, pc.services);
}

async function trashOf(pc: TestPc): Promise<Trash> {
  const result = await readTrash({ packFolder: pc.game });
  if (result.outcome === 'not-configured') throw new Error(result.outcome);
  return result;
}

let cloud: TestCloud;
let a: TestPc;
let b: TestPc;
let old: Map<string, string>;
let pulled: Map<string, string>;

/** PC b has the first version, then pulls one in which everything happens at once. */
beforeEach(async () => {
  game.holds = [];
  cloud = await newCloud();
  [a, b] = [await cloud.pc(), await cloud.pc()];
  for (const path of ['saves/World/level.dat', 'saves/World/region/r.mca', 'saves/Dead/level.dat', 'options.txt']) {
    a.put(path, `${path} of old`);
  }
  a.put('config/file-to-dir', 'a file');
  a.put('config/dir-to-file/x', 'in a folder');
  a.mkdir('saves/World/empty');
  await a.push();
  await b.pull();
  for (const generation of await listTrash(b.cloudFolder)) rmSync(generation.folder, { recursive: true });
  old = b.files();
  a.put('saves/World/level.dat', 'new level');
  a.put('saves/World/region/r2.mca', 'new region');
  a.put('saves/New/level.dat', 'new world');
  for (const path of ['saves/Dead', 'config', 'saves/World/empty']) a.remove(path);
  a.put('config/file-to-dir/x', 'in a folder now');
  a.put('config/dir-to-file', 'a file now');
  await a.push({ onDeletion: 'send' });
  await b.pull();
  pulled = b.files();
  expect(pulled).toEqual(a.files());
});

describe('back to before the last pull', () => {
  it('files and folders that were there, and those that came go', async () => {
    expect(await undoOn(b)).toMatchObject({
      outcome: 'undone',
      command: 'pull',
      files: { added: 3, changed: 1, removed: 4 },
      worlds: ['saves/Dead', 'saves/New', 'saves/World'],
      changedSince: 0,
    });
    expect(b.files()).toEqual(old);
  });

  it('is meant: the next pull sends it, deleted worlds and all', async () => {
    await undoOn(b);
    expect(await b.pull()).toMatchObject({ outcome: 'up-to-date', recovered: { outcome: 'sent' } });
    await a.pull();
    expect(a.files()).toEqual(old);
  });

  it('a second undo takes the first one back, a third that one', async () => {
    await undoOn(b);
    expect(await undoOn(b)).toMatchObject({ outcome: 'undone', command: 'undo' });
    expect(b.files()).toEqual(pulled);
    await undoOn(b);
    expect(b.files()).toEqual(old);
  });

  it('the next push sends the old state as the newest version, and nobody else is asked', async () => {
    b.hooks.before = (call) => {
      throw new Error(call);
    };
    await undoOn(b);
    b.hooks.before = () => undefined;
    const result = await b.push({ onDeletion: 'send' });
    if (result.outcome !== 'sent') throw new Error(result.outcome);
    expect(await cloud.content(result.snapshot)).toEqual(new Map([...old].sort(([x], [y]) => (x < y ? -1 : 1))));
  });

  it('what was changed since goes to the trash as it is, and is counted', async () => {
    b.put('saves/World/level.dat', 'played after the pull');
    b.put('saves/New/level.dat', 'played there too');
    b.put('saves/Dead/level.dat', 'made again');
    b.put('saves/New/fresh.dat', 'never in any version');
    expect(await undoOn(b)).toMatchObject({ outcome: 'undone', changedSince: 3 });
    const kept = ['played after the pull', 'played there too', 'made again'];
    expect(b.trash()).toEqual(expect.arrayContaining(kept));
    expect(b.files()).toEqual(new Map([...old, ['saves/New/fresh.dat', 'never in any version']].sort() as never));
  });

  it('a dry run tells the same and changes nothing', async () => {
    const dry = await undoOn(b, { dryRun: true });
    expect(b.files()).toEqual(pulled);
    expect((await trashOf(b)).generations).toHaveLength(1);
    const { trash: _, ...done } = { trash: '', ...(await undoOn(b)) };
    expect({ ...dry, outcome: 'undone' }).toEqual(done);
  });

  onPosix('times and modes come back too', async () => {
    const path = join(b.game, 'saves/World/level.dat');
    await undoOn(b);
    const { mtimeMs, mode } = statSync(path);
    expect([Math.round(mtimeMs), mode & 0o777]).toEqual([1_700_000_000_123, 0o644]);
  });

  it('the first pull of all: the folder is as empty as it was', async () => {
    const pc = await cloud.pc();
    pc.put('mods/a.jar', 'mine');
    await pc.pull();
    expect(await undoOn(pc)).toMatchObject({ files: { added: 0, changed: 0, removed: a.files().size } });
    expect(pc.files()).toEqual(new Map([['mods/a.jar', 'mine']]));
  });

  it('a restore is taken back as a pull is', async () => {
    const [first] = (await cloud.snapshots()).filter(({ snapshot }) => snapshot.parent === undefined);
    await bringBack({ packFolder: b.game, snapshot: first?.id ?? '', world: 'World' }, b.services);
    expect(b.files()).not.toEqual(pulled);
    expect(await undoOn(b)).toMatchObject({ outcome: 'undone', worlds: ['saves/World'] });
    expect(b.files()).toEqual(pulled);
  });
});

describe('nothing is changed', () => {
  it('where there is nothing to undo', async () => {
    expect(await undoOn(a)).toMatchObject({ outcome: 'nothing-to-undo' });
    expect(await undoOn(await cloud.pc())).toMatchObject({ outcome: 'nothing-to-undo' });
  });

  it('where the trash no longer has all of it, or no list of it', async () => {
    const [generation] = await listTrash(b.cloudFolder);
    const folder = generation?.folder ?? '';
    writeFileSync(join(folder, 'files/saves/World/level.dat'), 'somebody was here');
    expect(await codeOf(undoOn(b))).toBe('damaged');
    rmSync(join(folder, 'files/saves/World/level.dat'));
    expect(await codeOf(undoOn(b))).toBe('damaged');
    writeFileSync(join(folder, 'manifest.json'), '{');
    expect(await codeOf(undoOn(b))).toBe('damaged');
    expect(b.files()).toEqual(pulled);
    expect(readdirSync(join(b.cloudFolder, 'trash'))).toHaveLength(1);
    expect(readdirSync(join(b.cloudFolder, 'staging'))).toEqual([]);
  });

  it('where a file would have to take the place of a folder that has something in it', async () => {
    b.put('config/file-to-dir/deep/mine', 'mine');
    const before = b.files();
    const inTheWay = { code: 'conflict', details: { path: 'config/file-to-dir/deep/mine' } };
    await expect(undoOn(b)).rejects.toMatchObject(inTheWay);
    expect(b.files()).toEqual(before);
    b.remove('config/file-to-dir/deep/mine');
    await undoOn(b);
    expect(b.files()).toEqual(old);
  });

  it('while somebody plays in one of its worlds', async () => {
    game.holds = ['saves/New'];
    expect(await codeOf(undoOn(b))).toBe('in-use');
    expect(b.files()).toEqual(pulled);
  });

  it('where the disk has no room for the copies', async () => {
    const spy = vi.spyOn(nodeFs, 'freeSpace').mockResolvedValue(20);
    expect(await codeOf(undoOn(b))).toBe('no-space');
    spy.mockRestore();
    expect(b.files()).toEqual(pulled);
  });

  it('when it is cancelled half way', async () => {
    const controller = new AbortController();
    const onProgress: UndoOptions['onProgress'] = (event) => {
      if (event.type === 'progress' && event.filesDone === 2) controller.abort();
    };
    expect(await codeOf(undoOn(b, { signal: controller.signal, onProgress }))).toBe('aborted');
    expect(b.files()).toEqual(pulled);
    expect(readdirSync(join(b.cloudFolder, 'staging'))).toEqual([]);
  });

  it('by a swap that was given up itself: what is undone is the one before', async () => {
    const [generation] = await listTrash(b.cloudFolder);
    const folder = join(b.cloudFolder, 'trash/20991231T000000Z-x');
    cpSync(generation?.folder ?? '', folder, { recursive: true });
    const text = readFileSync(join(folder, 'manifest.json'), 'utf8');
    writeFileSync(join(folder, 'manifest.json'), text.replace('"direction":"forward"', '"direction":"back"'));
    expect((await trashOf(b)).generations).toMatchObject([
      { isNext: false, files: 0 },
      { isNext: true, files: 4 },
    ]);
    rmSync(generation?.folder ?? '', { recursive: true });
    expect(await undoOn(b)).toMatchObject({ outcome: 'nothing-to-undo' });
  });

  it('where a file stands in the way of a folder', async () => {
    b.put('saves/Dead', 'a file now');
    const before = b.files();
    expect(await codeOf(undoOn(b))).toBe('unsafe-path');
    expect(b.files()).toEqual(before);
  });
});

it('a file that was moved back by hand is back', async () => {
  const [generation] = await listTrash(b.cloudFolder);
  b.rename(
    join('.cloud-sync/trash', generation?.name ?? '', 'files/saves/Dead/level.dat').replaceAll('\\', '/'),
    'saves/Dead/level.dat',
  );
  expect(await undoOn(b)).toMatchObject({ outcome: 'undone', changedSince: 0 });
  expect(b.files()).toEqual(old);
});

onPosix('links come back as links', async () => {
  a.link('saves/World/link', 'level.dat');
  await a.push();
  await b.pull();
  a.remove('saves/World/link');
  await a.push();
  await b.pull();
  expect(b.files().has('saves/World/link')).toBe(false);
  await undoOn(b);
  expect(b.files().get('saves/World/link')).toBe('-> level.dat');
});

describe('what the trash holds', () => {
  it('by generation: when, from what, how much, and which is undone next', async () => {
    await undoOn(b);
    const { generations, bytes, limits } = await trashOf(b);
    expect(generations).toMatchObject([
      { from: 'undo', files: 5, worlds: ['saves/New', 'saves/World'], isNext: true },
      { from: 'pull', files: 4, worlds: ['saves/Dead', 'saves/World'], isNext: false },
    ]);
    expect(bytes).toBe(generations.reduce((sum, one) => sum + one.bytes, 0));
    const texts = b.trash().filter((text) => !text.startsWith('{'));
    expect(bytes).toBe(texts.reduce((sum, text) => sum + text.length, 0));
    expect(limits.generations).toBe(3);
    for (const { time = '' } of generations) expect(Math.abs(Date.parse(time) - Date.now())).toBeLessThan(60_000);
  });

  it('one whose list is damaged is there with its bytes', async () => {
    const [generation] = await listTrash(b.cloudFolder);
    writeFileSync(join(generation?.folder ?? '', 'manifest.json'), '{');
    const { generations } = await trashOf(b);
    expect(generations).toMatchObject([{ worlds: [], isNext: true }]);
    expect(generations[0]).not.toHaveProperty('files');
    expect(generations[0]?.bytes).toBeGreaterThan(0);
  });

  it('undo keeps to the limits', async () => {
    for (const day of ['01', '02', '03', '04']) {
      mkdirSync(join(b.cloudFolder, `trash/202001${day}T000000Z-x/files`), { recursive: true });
    }
    await undoOn(b);
    expect((await trashOf(b)).generations).toHaveLength(3);
  });
});
