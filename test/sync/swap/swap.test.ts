import { describe, expect, test } from 'vitest';
import type { FileStamp } from '../../../src/archive/scan.js';
import type { Instance } from '../../../src/sync/folder/instance.js';
import type { FsOps } from '../../../src/sync/swap/fs-ops.js';
import type { SwapPlan } from '../../../src/sync/swap/stage.js';
import { applySwap, recoverSwap, recoverSwapWithDetails } from '../../../src/sync/swap/stage.js';
import { listTrash } from '../../../src/sync/swap/trash.js';
import { Crash, crashAt, isCrash, MemoryFs } from '../memory-fs.js';

const GAME = '/game';
const CLOUD = '/game/.cloud-sync';
const STAGE = `${CLOUD}/staging/s1/new`;
const instance: Instance = {
  packFolder: GAME,
  cloudFolder: CLOUD,
  settings: { schema: 1, url: 'http://127.0.0.1/', instanceId: '01ARZ3NDEKTSV4RRFFQ69G5FAV', extra: {} },
};

interface Scenario {
  readonly fs: MemoryFs;
  readonly plan: SwapPlan;
  readonly before: Record<string, string>;
  readonly after: Record<string, string>;
  readonly oldTexts: readonly string[];
}

function folderOf(fs: MemoryFs): Record<string, string> {
  return fs.tree(GAME, (path) => path.startsWith('.cloud-sync'));
}

async function stampAt(fs: MemoryFs, path: string): Promise<FileStamp> {
  const entry = await fs.lstat(`${GAME}/${path}`);
  if (!entry) throw new Error(`no ${path}`);
  const { size, mtimeNs, ctimeNs, inode } = entry;
  return { size, mtimeNs, ctimeNs, inode };
}

/** One of each step, for matrices that grow with the square of it. */
const FEW = ['saves/W/level.dat', 'config/file-to-dir', 'config/file-to-dir/b', 'saves/Dead/level.dat', 'saves/Dead'];

/** Every kind of change at once, or those of the paths given. */
async function scenario(only?: readonly string[]): Promise<Scenario> {
  const isMeant = (path: string): boolean => only?.includes(path) ?? true;
  const fs = new MemoryFs();
  for (const name of ['level.dat', 'region/r.0.0.mca', 'data/gone.dat', 'session.lock', 'raw\udcff', 'umlaut-ü']) {
    fs.put(`${GAME}/saves/W/${name}`, `old ${name}`);
  }
  fs.put(`${GAME}/saves/Dead/level.dat`, 'old dead');
  fs.put(`${GAME}/saves/Held/level.dat`, 'old held');
  fs.put(`${GAME}/saves/Held/session.lock`, 'lock');
  fs.put(`${GAME}/config/file-to-dir`, 'old file-to-dir');
  fs.put(`${GAME}/config/dir-to-file/a`, 'old a');
  fs.link(`${GAME}/config/link`, 'options.txt');
  fs.put(`${GAME}/mods/x.jar`, 'not in scope');
  fs.folder(CLOUD);
  const added = ['saves/W/region/r.1.0.mca', 'saves/New/deep/er/x', 'config/file-to-dir/b', 'config/dir-to-file'];
  const replaced = ['saves/W/level.dat', 'saves/W/region/r.0.0.mca', 'saves/W/raw\udcff', 'config/link'];
  const removed = ['saves/W/data/gone.dat', 'saves/Dead/level.dat', 'saves/Held/level.dat'];
  const turned = ['config/file-to-dir', 'config/dir-to-file/a'];
  const replace: SwapPlan['replace'][number][] = [];
  for (const path of [...added, ...replaced].filter(isMeant)) {
    const staged = `${STAGE}/${replace.length}`;
    if (path === 'config/link') fs.link(staged, 'new target');
    else fs.put(staged, `new ${path}`);
    const expected = replaced.includes(path) ? await stampAt(fs, path) : 'absent';
    replace.push({ path, staged, expected });
  }
  const remove: { path: string; expected: FileStamp }[] = [];
  for (const path of [...removed, ...turned].filter(isMeant)) remove.push({ path, expected: await stampAt(fs, path) });
  const removeDirs = ['saves/W/data', 'saves/Dead', 'saves/Held', 'config/dir-to-file'].filter(isMeant);
  const makeDirs = ['saves/New', 'screenshots/empty'].filter(isMeant);
  const plan = { id: 's1', replace, remove, makeDirs, removeDirs };
  const before = folderOf(fs);
  const done = fs.clone();
  await applySwap(instance, plan, { fs: done });
  const oldTexts = Object.values(before).filter((text) => text !== '<dir>');
  return { fs, plan, before, after: folderOf(done), oldTexts };
}

async function runInto<T>(work: Promise<T>): Promise<T | Crash> {
  try {
    return await work;
  } catch (error) {
    if (isCrash(error)) return new Crash();
    throw error;
  }
}

function everyText(fs: MemoryFs): Set<string> {
  return new Set(Object.values(fs.tree('/')));
}

function expectNothingLost(fs: MemoryFs, texts: readonly string[]): void {
  const there = everyText(fs);
  expect(texts.filter((text) => !there.has(text))).toEqual([]);
}

describe('a swap without a crash', () => {
  test('makes the new state, keeps the old files in the trash and leaves no stage', async () => {
    const { fs, plan, oldTexts } = await scenario();
    const { trash, placed } = await applySwap(instance, plan, { fs });
    expect(folderOf(fs)).toEqual({
      config: '<dir>',
      'config/dir-to-file': 'new config/dir-to-file',
      'config/file-to-dir': '<dir>',
      'config/file-to-dir/b': 'new config/file-to-dir/b',
      'config/link': '-> new target',
      mods: '<dir>',
      'mods/x.jar': 'not in scope',
      saves: '<dir>',
      'saves/Held': '<dir>',
      'saves/Held/session.lock': 'lock',
      'saves/New': '<dir>',
      'saves/New/deep': '<dir>',
      'saves/New/deep/er': '<dir>',
      'saves/New/deep/er/x': 'new saves/New/deep/er/x',
      'saves/W': '<dir>',
      'saves/W/level.dat': 'new saves/W/level.dat',
      'saves/W/raw\udcff': 'new saves/W/raw\ufffd',
      'saves/W/region': '<dir>',
      'saves/W/region/r.0.0.mca': 'new saves/W/region/r.0.0.mca',
      'saves/W/region/r.1.0.mca': 'new saves/W/region/r.1.0.mca',
      'saves/W/session.lock': 'old session.lock',
      'saves/W/umlaut-ü': 'old umlaut-ü',
      screenshots: '<dir>',
      'screenshots/empty': '<dir>',
    });
    expectNothingLost(fs, oldTexts);
    expect(fs.tree(`${trash}/files`)).toMatchObject({
      'saves/W/level.dat': 'old level.dat',
      'saves/Dead/level.dat': 'old dead',
      'config/link': '-> options.txt',
    });
    expect(fs.tree(CLOUD)['journal.json']).toBeUndefined();
    expect(fs.tree(`${CLOUD}/staging`)).toEqual({});
    expect([...placed.keys()].sort()).toEqual(plan.replace.map(({ path }) => path).sort());
    expect(placed.get('saves/W/level.dat')).toEqual(await stampAt(fs, 'saves/W/level.dat'));
    const [generation] = await listTrash(CLOUD, fs);
    expect(generation?.manifest?.remove.map(({ path }) => path)).toContain('saves/Dead/level.dat');
  });

  test('an empty plan does nothing', async () => {
    const fs = new MemoryFs();
    fs.folder(CLOUD);
    const before = fs.tree('/');
    const result = await applySwap(
      instance,
      { id: 'x', replace: [], remove: [], makeDirs: [], removeDirs: [] },
      { fs },
    );
    expect(result.trash).toBeUndefined();
    expect(fs.tree('/')).toEqual(before);
  });
});

describe('a power cut at every call', () => {
  test('of a swap: the next command completes it or finds it not begun', async () => {
    const start = await scenario();
    let completed = 0;
    let points = 0;
    for (let n = 1; ; n++) {
      const fs = start.fs.clone();
      const outcome = await runInto(applySwap(instance, start.plan, { fs: crashAt(fs, n, true).ops }));
      if (!(outcome instanceof Crash)) break;
      points += 1;
      expectNothingLost(fs, start.oldTexts);
      const recovered = await recoverSwap(instance, fs);
      expect(recovered).not.toBe('undone');
      const isNew = recovered === 'completed' || (await done(fs));
      if (isNew) completed += 1;
      expect(folderOf(fs), `call ${n}`).toEqual(isNew ? start.after : start.before);
      expectClean(fs);
      expectNothingLost(fs, start.oldTexts);
      expect(await recoverSwap(instance, fs)).toBe('nothing');
    }
    expect(points).toBeGreaterThan(100);
    expect(completed).toBeGreaterThan(50);
  });

  test('of a swap, and at every call of each recovery', async () => {
    const start = await scenario(FEW);
    for (let n = 1; ; n++) {
      const cut = start.fs.clone();
      const outcome = await runInto(applySwap(instance, start.plan, { fs: crashAt(cut, n).ops }));
      if (!(outcome instanceof Crash)) return;
      const expected = 'journal.json' in cut.tree(CLOUD) || (await done(cut)) ? start.after : start.before;
      for (let m = 1; ; m++) {
        const fs = cut.clone();
        const again = await runInto(recoverSwap(instance, crashAt(fs, m, m % 2 === 0).ops));
        expectNothingLost(fs, start.oldTexts);
        if (!(again instanceof Crash)) break;
        await recoverSwap(instance, fs);
        expect(folderOf(fs), `call ${n}, then ${m}`).toEqual(expected);
        expectClean(fs);
      }
    }
  });

  test('of a recovery that turns back, and at every call of the next one', async () => {
    const start = await scenario(FEW);
    const cut = start.fs.clone();
    const blocked: MemoryFs['fault'] = (call, _, to) =>
      call === 'rename' && to === `${GAME}/saves/W/level.dat` ? 'EIO' : undefined;
    cut.fault = blocked;
    await runInto(applySwap(instance, start.plan, { fs: crashAt(cut, 75).ops })).catch(() => undefined);
    expect(Object.keys(cut.tree(CLOUD))).toContain('journal.json');
    expect(folderOf(cut)).not.toEqual(start.before);
    const backFault: MemoryFs['fault'] = (call, from, to) =>
      from.includes('/new/') ? blocked(call, from, to) : undefined;
    for (let n = 1; ; n++) {
      const fs = cut.clone();
      fs.fault = backFault;
      const first = await runInto(recoverSwap(instance, crashAt(fs, n).ops));
      expectNothingLost(fs, start.oldTexts);
      if (!(first instanceof Crash)) {
        expect(first).toBe('undone');
        expect(n).toBeGreaterThan(30);
        return;
      }
      for (let m = 1; ; m++) {
        const again = fs.clone();
        again.fault = backFault;
        const second = await runInto(recoverSwap(instance, crashAt(again, m).ops));
        if (!(second instanceof Crash)) break;
        await recoverSwap(instance, again);
        expect(folderOf(again), `call ${n}, then ${m}`).toEqual(start.before);
        expectClean(again);
        expectNothingLost(again, start.oldTexts);
      }
    }
  });

  test('of a swap that fails and turns back: the old state, from every point', async () => {
    const start = await scenario(FEW);
    for (const blocked of ['saves/W/level.dat', 'config/file-to-dir/b', 'saves/Dead/level.dat']) {
      const fault: MemoryFs['fault'] = (call, from, to) =>
        call === 'rename' && to === `${GAME}/${blocked}` && from.startsWith(STAGE) ? 'EIO' : undefined;
      const takeFault: MemoryFs['fault'] = (call, from) =>
        call === 'rename' && from === `${GAME}/${blocked}` && blocked.includes('Dead') ? 'EIO' : undefined;
      for (let n = 1; ; n++) {
        const fs = start.fs.clone();
        fs.fault = (...args) => fault(...args) ?? takeFault(...args);
        let ended = false;
        try {
          await applySwap(instance, start.plan, { fs: crashAt(fs, n).ops });
          expect.unreachable('the fault must stop it');
        } catch (error) {
          ended = !isCrash(error);
          if (ended) expect(error).toMatchObject({ code: 'io' });
        }
        expectNothingLost(fs, start.oldTexts);
        const outcome = await recoverSwap(instance, fs);
        expect(folderOf(fs), `${blocked}, call ${n}, ${outcome}`).toEqual(start.before);
        expectClean(fs);
        if (ended) break;
      }
    }
  });

  test('while turning back: the decision stands, though what led to it has passed', async () => {
    const start = await scenario(FEW);
    let undone = 0;
    for (let n = 1; ; n++) {
      const fs = start.fs.clone();
      fs.fault = (call, from, to) =>
        call === 'rename' && from.startsWith(STAGE) && to === `${GAME}/config/file-to-dir/b` ? 'EIO' : undefined;
      const failure: unknown = await applySwap(instance, start.plan, { fs: crashAt(fs, n).ops }).catch(
        (e: unknown) => e,
      );
      fs.fault = () => undefined;
      const isBack = fs.tree(CLOUD)['journal.json']?.includes('"direction":"back"') ?? false;
      const outcome = await recoverSwap(instance, fs);
      if (isBack) undone += 1;
      if (isBack) expect(outcome).toBe('undone');
      expect(folderOf(fs)).toEqual(outcome === 'completed' ? start.after : start.before);
      if (!isCrash(failure)) break;
    }
    expect(undone).toBeGreaterThan(10);
  });

  test('and the stage deleted by hand: undone, and nothing of the old is missing', async () => {
    const start = await scenario();
    const outcomes = new Set<string>();
    for (let n = 1; ; n++) {
      const fs = start.fs.clone();
      const outcome = await runInto(applySwap(instance, start.plan, { fs: crashAt(fs, n).ops }));
      if (!(outcome instanceof Crash)) break;
      await fs.removeTree(`${CLOUD}/staging`);
      const recovered = await recoverSwap(instance, fs);
      outcomes.add(recovered);
      const isNew = await done(fs);
      if (recovered === 'undone' || !isNew) expect(folderOf(fs), `call ${n}`).toEqual(start.before);
      else expect(folderOf(fs)).toEqual(start.after);
      expectNothingLost(fs, start.oldTexts);
    }
    expect([...outcomes].sort()).toEqual(['nothing', 'undone']);
  });

  test('with the game played in between: nothing that anybody wrote is lost', async () => {
    const start = await scenario();
    const played = ['saves/W/level.dat', 'saves/W/region/r.1.0.mca', 'saves/Dead/level.dat', 'config/dir-to-file'];
    const outcomes = new Set<string>();
    for (let n = 1; ; n++) {
      const cut = start.fs.clone();
      const outcome = await runInto(applySwap(instance, start.plan, { fs: crashAt(cut, n).ops }));
      if (!(outcome instanceof Crash)) break;
      for (const paths of [...played.map((path) => [path]), played]) {
        const fs = cut.clone();
        const written = paths.filter((path) => play(fs, path));
        const kept = start.oldTexts.filter((text) => everyText(fs).has(text));
        const details = await recoverSwapWithDetails(instance, fs);
        outcomes.add(details.outcome);
        expectNothingLost(fs, [...written.map((path) => `played ${path}`), ...kept]);
        expectClean(fs);
        const others = ([name]: [string, string]): boolean =>
          !paths.some((path) => name.startsWith(path) || path.startsWith(name));
        const rest = (tree: Record<string, string>): object => Object.fromEntries(Object.entries(tree).filter(others));
        if (details.outcome === 'completed') expect(rest(folderOf(fs))).toEqual(rest(start.after));
        if (details.outcome === 'undone') expect(rest(folderOf(fs))).toEqual(rest(start.before));
        for (const place of details.displaced.values()) expect(fs.tree('/')[place.slice(1)]).toBeDefined();
        if (details.displaced.size > 0) expect(fs.tree(details.trash ?? '')['manifest.json']).toBeDefined();
      }
    }
    expect([...outcomes].sort()).toEqual(['completed', 'nothing', 'undone']);
  });
});

/** False if a folder is in the way, or the other way round: the game could not have written it. */
function play(fs: MemoryFs, path: string): boolean {
  try {
    fs.put(`${GAME}/${path}`, `played ${path}`);
    return true;
  } catch {
    return false;
  }
}

async function newest(fs: MemoryFs): Promise<string | undefined> {
  return (await listTrash(CLOUD, fs))[0]?.name;
}

async function done(fs: MemoryFs): Promise<boolean> {
  return `${await newest(fs)}/manifest.json` in fs.tree(`${CLOUD}/trash`);
}

function expectClean(fs: MemoryFs): void {
  const left = Object.keys(fs.tree(CLOUD)).filter((path) => path === 'journal.json' || path.startsWith('staging/'));
  expect(left).toEqual([]);
}

describe('what is not as the plan says', () => {
  async function expectRefused(prepare: (fs: MemoryFs) => void, code: string, fs?: MemoryFs): Promise<void> {
    const { fs: made, plan } = await scenario();
    const used = fs ?? made;
    prepare(used);
    const before = folderOf(used);
    await expect(applySwap(instance, plan, { fs: used })).rejects.toMatchObject({ code });
    expect(folderOf(used)).toEqual(before);
    expect(used.tree(CLOUD)['journal.json']).toBeUndefined();
  }

  test('a file that changed is a conflict', () =>
    expectRefused((fs) => fs.put(`${GAME}/saves/W/level.dat`, 'x'), 'conflict'));
  test('a file that appeared is a conflict', () =>
    expectRefused((fs) => fs.put(`${GAME}/saves/W/region/r.1.0.mca`, 'x'), 'conflict'));
  test('a file to remove that changed is a conflict', () =>
    expectRefused((fs) => fs.put(`${GAME}/saves/Dead/level.dat`, 'x'), 'conflict'));
  test('a link on the way is refused', () =>
    expectRefused((fs) => fs.link(`${GAME}/saves/New`, '/etc'), 'unsafe-path'));
  test('a folder on another disk is refused', () => expectRefused((fs) => fs.folder(`${GAME}/saves/New`, 2n), 'io'));
  test('a folder that keeps a file cannot become a file', () =>
    expectRefused((fs) => fs.put(`${GAME}/config/dir-to-file/kept.txt`, 'x'), 'conflict'));

  test('a change between the check and the move turns the swap back', async () => {
    const { fs, plan, before } = await scenario();
    let armed = false;
    fs.fault = (call, path) => {
      if (call === 'createFile' && path.includes('journal')) armed = true;
      else if (armed && call === 'rename' && path.startsWith(STAGE)) {
        armed = false;
        fs.put(`${GAME}/saves/W/raw\udcff`, 'played');
      }
      return undefined;
    };
    await expect(applySwap(instance, plan, { fs })).rejects.toMatchObject({ code: 'conflict' });
    expect(folderOf(fs)).toEqual({ ...before, 'saves/W/raw\udcff': 'played' });
    expectClean(fs);
  });

  test.each([
    ['just before its move', 'put'],
    ['with its time set back', 'putSameTime'],
  ] as const)('a file that changes %s turns the swap back', async (_, how) => {
    const { fs, plan, before } = await scenario();
    const changing = `${GAME}/saves/W/level.dat`;
    let armed = false;
    fs.fault = (call, path) => {
      if (how === 'put' && call === 'rename' && path === changing && !armed) {
        armed = true;
        fs.put(changing, 'played!');
      }
      if (how === 'putSameTime' && call === 'createFile' && path.includes('journal') && !armed) {
        armed = true;
        fs.putSameTime(changing, 'OLD level.dat');
      }
      return undefined;
    };
    await expect(applySwap(instance, plan, { fs })).rejects.toMatchObject({ code: 'conflict' });
    const played = how === 'put' ? 'played!' : 'OLD level.dat';
    expect(folderOf(fs)).toEqual({ ...before, 'saves/W/level.dat': played });
    expectClean(fs);
  });

  test('an abort before the journal changes nothing', async () => {
    const { fs, plan, before } = await scenario();
    const result = applySwap(instance, plan, { fs, signal: AbortSignal.abort() });
    await expect(result).rejects.toMatchObject({ code: 'aborted' });
    expect(folderOf(fs)).toEqual(before);
  });

  test('paths that lead out of the folder, or into .cloud-sync, are refused', async () => {
    const { fs } = await scenario();
    for (const path of [
      '../x',
      '/etc/x',
      'a/../x',
      'a//b',
      '.cloud-sync/token',
      '.Cloud-Sync/token',
      'CLOUD-~1/x',
      'a/./b',
    ]) {
      const plan = { id: 's1', replace: [{ path, staged: `${STAGE}/0` }], remove: [], makeDirs: [], removeDirs: [] };
      await expect(applySwap(instance, plan, { fs }), path).rejects.toMatchObject({ code: 'unsafe-path' });
    }
    const inside = ['a', 'a/b'].map((path) => ({ path, staged: `${STAGE}/0` }));
    const plan = { id: 's1', replace: inside, remove: [], makeDirs: [], removeDirs: [] };
    await expect(applySwap(instance, plan, { fs })).rejects.toMatchObject({ code: 'unsafe-path' });
  });

  test('a journal that is damaged stops every command and loses nothing', async () => {
    const { fs } = await scenario();
    fs.put(`${CLOUD}/journal.json`, '{"schema":1,"id":"s1"');
    const before = fs.tree('/');
    await expect(recoverSwap(instance, fs)).rejects.toMatchObject({ code: 'damaged' });
    expect(fs.tree('/')).toEqual(before);
  });
});

describe('a disk without letter case', () => {
  async function caseScenario(): Promise<{ fs: MemoryFs; plan: SwapPlan }> {
    const fs = new MemoryFs();
    fs.ignoreCase = true;
    fs.put(`${GAME}/config/Options`, 'old');
    fs.folder(CLOUD);
    fs.put(`${STAGE}/0`, 'new');
    const replace = [{ path: 'config/options', staged: `${STAGE}/0` }];
    return { fs, plan: { id: 's1', replace, remove: [], makeDirs: [], removeDirs: [] } };
  }

  test('a twin is never overwritten', async () => {
    const { fs, plan } = await caseScenario();
    await expect(applySwap(instance, plan, { fs })).rejects.toMatchObject({
      code: 'conflict',
      details: { path: 'config/options', twin: 'config/Options' },
    });
    expect(folderOf(fs)['config/Options']).toBe('old');
  });

  test('a change of case alone works, at every crash', async () => {
    const { fs: start, plan: add } = await caseScenario();
    const plan = { ...add, remove: [{ path: 'config/Options', expected: await stampAt(start, 'config/Options') }] };
    for (let n = 1; ; n++) {
      const fs = start.clone();
      const outcome = await runInto(applySwap(instance, plan, { fs: crashAt(fs, n).ops }));
      await recoverSwap(instance, fs);
      const { config: _, ...files } = folderOf(fs);
      expect([{ 'config/Options': 'old' }, { 'config/options': 'new' }]).toContainEqual(files);
      if (outcome instanceof Crash) continue;
      expect(files).toEqual({ 'config/options': 'new' });
      return;
    }
  });

  test('two new twins: the swap turns back', async () => {
    const { fs, plan } = await caseScenario();
    fs.put(`${STAGE}/1`, 'newer');
    const replace = ['saves/a', 'saves/A'].map((path, i) => ({ path, staged: `${STAGE}/${i}` }));
    await expect(applySwap(instance, { ...plan, replace }, { fs })).rejects.toMatchObject({ code: 'conflict' });
    expect(folderOf(fs)).toEqual({ config: '<dir>', 'config/Options': 'old' });
  });
});

describe('Windows', () => {
  async function run(fault: MemoryFs['fault']): Promise<{ fs: MemoryFs; result: Promise<unknown>; start: Scenario }> {
    const start = await scenario();
    const { fs } = start;
    fs.platform = 'win32';
    fs.fault = fault;
    const plan = { ...start.plan, replace: start.plan.replace.filter(({ path }) => !path.includes('raw')) };
    return { fs, result: applySwap(instance, plan, { fs: fs as FsOps }), start };
  }

  test('a file that is held for a moment is moved a moment later', async () => {
    let held = 5;
    const { fs, result } = await run((call) => (call === 'rename' && held-- > 0 ? 'EPERM' : undefined));
    await result;
    expect(fs.slept).toBeGreaterThan(0);
    expect(folderOf(fs)['saves/W/level.dat']).toBe('new saves/W/level.dat');
  });

  test('a file that stays held ends in "in-use" and the old state', async () => {
    const held = `${GAME}/saves/W/level.dat`;
    const { fs, result, start } = await run((call, from) => (call === 'rename' && from === held ? 'EBUSY' : undefined));
    await expect(result).rejects.toMatchObject({ code: 'in-use', retryable: true });
    expect(fs.slept).toBeLessThan(6000);
    expect(folderOf(fs)).toEqual(start.before);
  });

  test('names that Windows cannot have are refused before anything moves', async () => {
    const fs = new MemoryFs();
    fs.platform = 'win32';
    fs.folder(CLOUD);
    fs.put(`${STAGE}/0`, 'x');
    for (const path of [
      'saves/a:b',
      'saves/CON',
      'saves/a. ',
      'C:/x',
      'saves\\..\\x',
      '.cloud-sync./x',
      'saves/\udcff',
    ]) {
      const plan = { id: 's1', replace: [{ path, staged: `${STAGE}/0` }], remove: [], makeDirs: [], removeDirs: [] };
      await expect(applySwap(instance, plan, { fs }), path).rejects.toMatchObject({ code: 'unsafe-path' });
    }
  });
});
