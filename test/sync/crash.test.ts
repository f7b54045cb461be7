/**
 * A PC that stops at any call: the command is run again, and every side is in the old or the new state. What a stop
 * does within a swap is tested call by call in swap.test.ts.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SyncError } from '../../src/base/errors.js';
import { nodeFs } from '../../src/sync/swap/fs-ops.js';
import { codeOf, newCloud, type TestCloud, type TestPc } from '../helpers/two-pcs.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));
afterEach(() => vi.restoreAllMocks());

const OLD = { 'options.txt': 'old', 'saves/W/level.dat': 'old', 'saves/W/gone': 'old', 'config/same': 'same' };
const NEW = { 'options.txt': 'new', 'saves/W/level.dat': 'new', 'config/same': 'same', 'saves/W/region/r': 'more' };

function setFiles(pc: TestPc, files: Readonly<Record<string, string>>): void {
  for (const path of pc.files().keys()) if (files[path] === undefined) pc.remove(path);
  for (const [path, content] of Object.entries(files)) pc.put(path, content);
}

const sorted = (files: Readonly<Record<string, string>>): [string, string][] => Object.entries(files).sort();
const shown = (files: ReadonlyMap<string, string>): [string, string][] => [...files].sort();

/** The PC is gone from its n-th call on, or after it; then only calls count that change something. */
function dieAt(pc: TestPc, n: number, when: 'before' | 'after'): { calls: number } {
  const counter = { calls: 0 };
  const dead = (): void => {
    throw new SyncError('unreachable', 'no power');
  };
  pc.hooks.before = (call) => {
    if (when === 'before' || counter.calls >= n || /^(write|remove)/.test(call)) counter.calls += 1;
    if (counter.calls > n || (counter.calls === n && when === 'before')) dead();
  };
  pc.hooks.after = () => {
    if (counter.calls >= n && when === 'after') dead();
  };
  return counter;
}

function revive(pc: TestPc): void {
  vi.restoreAllMocks();
  pc.hooks.before = () => undefined;
  pc.hooks.after = () => undefined;
  pc.reboot();
}

/** No command writes its state any more from the n-th write on. */
function stopStateAt(n: number): { writes: number } {
  const counter = { writes: 0 };
  const rename = nodeFs.rename;
  vi.spyOn(nodeFs, 'rename').mockImplementation(async (from, to) => {
    if (/(state\.json|files\.bin)$/.test(to)) {
      counter.writes += 1;
      if (counter.writes >= n) throw Object.assign(new Error('no power'), { code: 'EIO' });
    }
    return rename(from, to);
  });
  return counter;
}

async function pushedOnce(): Promise<{ cloud: TestCloud; a: TestPc; b: TestPc }> {
  const cloud = await newCloud();
  const [a, b] = [await cloud.pc(), await cloud.pc()];
  setFiles(a, OLD);
  await a.push();
  await b.pull();
  return { cloud, a, b };
}

/** Every snapshot is whole, and there is one head, which holds `files`. */
async function expectCloud(cloud: TestCloud, files: Readonly<Record<string, string>>): Promise<void> {
  const snapshots = await cloud.snapshots();
  const contents = await Promise.all(snapshots.map(({ id }) => cloud.content(id)));
  const heads = snapshots.filter(({ id }) => snapshots.every(({ snapshot }) => snapshot.parent !== id));
  expect(heads).toHaveLength(1);
  const head = contents[snapshots.findIndex(({ id }) => id === heads[0]?.id)];
  expect(head && shown(head)).toEqual(sorted(files));
}

async function expectOther(cloud: TestCloud, files: Readonly<Record<string, string>>): Promise<void> {
  const late = await cloud.pc();
  await late.pull();
  expect(shown(late.files())).toEqual(sorted(files));
}

describe.each(['before', 'after'] as const)('a PC that stops %s a call', (when) => {
  it('at its first push', { timeout: 60_000 }, async () => {
    for (let n = 1; ; n++) {
      const cloud = await newCloud();
      const a = await cloud.pc();
      setFiles(a, OLD);
      const counter = dieAt(a, n, when);
      await codeOf(a.push());
      revive(a);
      expect(shown(a.files())).toEqual(sorted(OLD));
      let code = await codeOf(a.push());
      if (code === 'locked') {
        // It had announced that it makes the repository; until it is made, that counts for some minutes.
        expect(await cloud.backend.stat('config', '')).toBeUndefined();
        for (const { name } of await cloud.backend.list('locks')) await cloud.backend.remove('locks', name);
        code = await codeOf(a.push());
      }
      expect(code).toBe('ok');
      await expectCloud(cloud, OLD);
      await expectOther(cloud, OLD);
      if (counter.calls < n) return expect(n).toBeGreaterThan(6);
    }
  });

  it('at a later push', { timeout: 60_000 }, async () => {
    for (let n = 1; ; n++) {
      const { cloud, a, b } = await pushedOnce();
      setFiles(a, NEW);
      const counter = dieAt(a, n, when);
      await codeOf(a.push());
      revive(a);
      expect(shown(a.files())).toEqual(sorted(NEW));
      // As the hook goes on: pull before the game, push after it.
      expect(await codeOf(a.pull())).toBe('ok');
      expect(await codeOf(a.push())).toBe('ok');
      expect(shown(a.files())).toEqual(sorted(NEW));
      await expectCloud(cloud, NEW);
      await b.pull();
      expect(shown(b.files())).toEqual(sorted(NEW));
      if (counter.calls < n) return expect(n).toBeGreaterThan(3);
    }
  });

  it('at a pull', { timeout: 60_000 }, async () => {
    for (let n = 1; ; n++) {
      const { cloud, a, b } = await pushedOnce();
      setFiles(a, NEW);
      await a.push();
      const counter = dieAt(b, n, when);
      const code = await codeOf(b.pull());
      expect([sorted(OLD), sorted(NEW)]).toContainEqual(shown(b.files()));
      if (code === 'ok') expect(shown(b.files())).toEqual(sorted(NEW));
      revive(b);
      expect(await codeOf(b.pull())).toBe('ok');
      expect(shown(b.files())).toEqual(sorted(NEW));
      expect((await b.push()).outcome).toBe('nothing-to-send');
      await expectCloud(cloud, NEW);
      if (counter.calls < n) return expect(n).toBeGreaterThan(1);
    }
  });
});

describe('a PC that stops before its state is written', () => {
  it.each([1, 2, 3])('write %d of a first push', async (n) => {
    const cloud = await newCloud();
    const a = await cloud.pc();
    setFiles(a, OLD);
    const counter = stopStateAt(n);
    expect(await codeOf(a.push())).toBe('io');
    expect(counter.writes).toBeGreaterThanOrEqual(n);
    revive(a);
    // Before the first, nothing is sent: this PC could not have known its own snapshot again.
    expect((await a.push()).outcome).toBe(n === 1 ? 'sent' : 'nothing-to-send');
    expect(await cloud.snapshots()).toHaveLength(1);
    await expectCloud(cloud, OLD);
  });

  it.each([1, 2, 3])('write %d of a later push: sent once, and no conflict with itself', async (n) => {
    const { cloud, a, b } = await pushedOnce();
    setFiles(a, NEW);
    stopStateAt(n);
    expect(await codeOf(a.push())).toBe('io');
    revive(a);
    const pulled = await a.pull();
    expect(pulled).toMatchObject({ outcome: 'up-to-date' });
    expect('recovered' in pulled).toBe(n === 1);
    expect((await a.push()).outcome).toBe('nothing-to-send');
    a.put('options.txt', 'newer');
    expect((await a.push()).outcome).toBe('sent');
    expect(await cloud.snapshots()).toHaveLength(3);
    await b.pull();
    expect(shown(b.files())).toEqual(sorted({ ...NEW, 'options.txt': 'newer' }));
  });

  it.each([1, 2])('write %d of a pull', async (n) => {
    const { cloud, a, b } = await pushedOnce();
    setFiles(a, NEW);
    await a.push();
    stopStateAt(n);
    expect(await codeOf(b.pull())).toBe('io');
    revive(b);
    expect(shown(b.files())).toEqual(sorted(NEW));
    // The next command of this PC is a push, and it has played in between.
    b.put('options.txt', 'played');
    const code = await codeOf(b.push());
    expect(['ok', 'conflict']).toContain(code);
    expect(b.files().get('options.txt')).toBe('played');
    if (code === 'conflict') return;
    await expectCloud(cloud, { ...NEW, 'options.txt': 'played' });
  });

  it.each([2, 3])('write %d of a push, and then the player plays before the next one', async (n) => {
    const { cloud, a, b } = await pushedOnce();
    setFiles(a, NEW);
    stopStateAt(n);
    expect(await codeOf(a.push())).toBe('io');
    revive(a);
    // The snapshot is in the cloud, and this PC knows it for its own: no conflict with itself.
    a.remove('options.txt');
    a.put('saves/W/level.dat', 'played on');
    const { 'options.txt': _, ...rest } = NEW;
    const played = { ...rest, 'saves/W/level.dat': 'played on' };
    expect((await a.push()).outcome).toBe('sent');
    await expectCloud(cloud, played);
    expect(await cloud.snapshots()).toHaveLength(3);
    await b.pull();
    expect(shown(b.files())).toEqual(sorted(played));
  });
});

/** A promise and what fulfils it (Node 20 has no Promise.withResolvers). */
function gate(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

describe('two PCs at the same instant', () => {
  /** With both kept, all PCs come to have the same, and both worlds. */
  async function expectSettled(pcs: readonly TestPc[]): Promise<void> {
    for (const pc of [...pcs, ...pcs]) expect(await codeOf(pc.pull({ onConflict: 'keep-both' }))).toBe('ok');
    const [first, ...others] = pcs.map((pc) => shown(pc.files()));
    for (const other of others) expect(other).toEqual(first);
    const worlds = new Map(first).entries();
    const levels = [...worlds].filter(([path]) => path.endsWith('/level.dat')).map(([, content]) => content);
    expect(levels.sort()).toEqual(['of a', 'of b']);
  }

  /** The first stops before its n-th call, the second before its k-th; then the first goes on, then the second. */
  async function race(one: TestPc, other: TestPc, n: number, k: number): Promise<string[]> {
    const reached = gate();
    const resumed = gate();
    let second: Promise<string> | undefined;
    let calls = 0;
    one.hooks.before = async () => {
      calls += 1;
      if (calls !== n) return;
      second = codeOf(other.push()).finally(reached.resolve);
      await reached.promise;
    };
    let others = 0;
    other.hooks.before = async () => {
      others += 1;
      if (others !== k) return;
      reached.resolve();
      await resumed.promise;
    };
    const first = await codeOf(one.push());
    resumed.resolve();
    return [first, (await second) ?? (await codeOf(other.push()))];
  }

  async function start(isFirst: boolean): Promise<{ cloud: TestCloud; a: TestPc; b: TestPc }> {
    const cloud = await newCloud();
    const made = isFirst ? { cloud, a: await cloud.pc(), b: await cloud.pc() } : await pushedOnce();
    made.a.put('saves/W/level.dat', 'of a');
    made.b.put('saves/W/level.dat', 'of b');
    return made;
  }

  /** The calls of a push before which the other PC's work makes a difference. */
  async function points(isFirst: boolean): Promise<number[]> {
    const { a } = await start(isFirst);
    const calls: string[] = [];
    a.hooks.before = (call) => void calls.push(call);
    await a.push();
    return calls.flatMap((call, i) => (/^write|^stat|^list (snapshots|keys|index)/.test(call) ? [i + 1] : []));
  }

  it.each([false, true])('push, the first time: %s', { timeout: 60_000 }, async (isFirst) => {
    const found = { forks: 0, told: 0 };
    const all = await points(isFirst);
    for (const [i, n] of all.entries())
      for (const [j, k] of all.entries()) {
        // Not every pair, for time: a first push has many calls.
        if ((i + 2 * j) % (isFirst ? 13 : 5) !== 0) continue;
        const { cloud, a, b } = await start(isFirst);
        const codes = await race(a, b, n, k);
        for (const [pc, text] of [
          [a, 'of a'],
          [b, 'of b'],
        ] as const)
          expect(pc.files().get('saves/W/level.dat')).toBe(text);
        const snapshots = await cloud.snapshots();
        const contents = await Promise.all(
          snapshots.map(async ({ id }) => (await cloud.content(id)).get('saves/W/level.dat')),
        );
        // Whoever was refused because of the other's version has sent its own as well, beside it.
        for (const [j, text] of ['of a', 'of b'].entries()) expect(contents.includes(text)).toBe(codes[j] !== 'locked');
        if (codes.includes('locked')) {
          expect([...codes].sort()).toEqual(['locked', 'ok']);
          continue;
        }
        if (codes[0] === 'ok' && codes[1] === 'ok') found.forks += 1;
        else found.told += 1;
        for (const pc of [a, b, await cloud.pc()]) expect(await codeOf(pc.pull())).toBe('conflict');
        for (const pc of [a, b]) {
          pc.put('options.txt', 'played');
          expect(await codeOf(pc.push())).toBe('conflict');
        }
        if (found.told + found.forks <= 4) await expectSettled([a, b, await cloud.pc()]);
      }
    // Both have committed at the same moment, and neither saw the other: rare, and told by every pull.
    expect(found.told).toBeGreaterThan(0);
  });

  it('push while the other pulls: it gets the old or the new state', { timeout: 60_000 }, async () => {
    for (let n = 1; n <= 14; n++) {
      const { a, b } = await pushedOnce();
      setFiles(a, NEW);
      let calls = 0;
      let pushed: Promise<string> | undefined;
      b.hooks.before = async () => {
        calls += 1;
        if (calls === n) pushed = codeOf(a.push());
        if (calls === n) await pushed;
      };
      expect(await codeOf(b.pull())).toBe('ok');
      expect(['ok', undefined]).toContain(await pushed);
      if (pushed === undefined) await a.push();
      expect([sorted(OLD), sorted(NEW)]).toContainEqual(shown(b.files()));
      await b.pull();
      expect(shown(b.files())).toEqual(sorted(NEW));
    }
  });
});
