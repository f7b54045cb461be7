/** A PC whose clock is two days off, ahead or behind, beside one whose clock is right: what is decided stays the same. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isSyncError } from '../../src/base/errors.js';
import { type LockId, parseId } from '../../src/base/ids.js';
import { undo } from '../../src/index.js';
import { acquireLock } from '../../src/repo/lock.js';
import { listTrash } from '../../src/sync/swap/trash.js';
import { type Cloud, filledCloud, type Pc } from './bad-input-env.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));
afterEach(() => void vi.unstubAllGlobals());

const DAY_MS = 86_400_000;
const RealDate = Date;

/** Runs as a process would whose system has this clock; what the server says comes from Node's own. */
async function withClock<T>(skewMs: number, work: () => Promise<T>): Promise<T> {
  const now = (): number => RealDate.now() + skewMs;
  class SkewedDate extends RealDate {
    constructor(...args: readonly [] | readonly [number | string]) {
      super(args[0] ?? now());
    }
    static override now(): number {
      return now();
    }
  }
  vi.stubGlobal('Date', SkewedDate);
  try {
    return await work();
  } finally {
    vi.unstubAllGlobals();
  }
}

/** With its clock. */
type Run = (command: 'push' | 'pull', options?: Parameters<Pc['pull']>[0]) => Promise<string>;

async function told(pc: Pc, skewMs: number, ...[command, options = {}]: Parameters<Run>): Promise<string> {
  return withClock(skewMs, async () => {
    try {
      const result = await pc[command](options);
      if (result.outcome === 'not-configured') return result.outcome;
      const extras = ['merged' in result ? 'merged' : '', 'recovered' in result ? 'recovered' : ''].join('');
      const warned = result.warnings.filter((line) => !/clock/.test(line));
      return `${command}: ${result.outcome} ${extras} ${warned.length}`;
    } catch (error) {
      if (!isSyncError(error)) throw error;
      return `${command}: ${error.code}`;
    }
  });
}

/** Everything two PCs may meet; what each command said, and what lies on both in the end. */
async function play(skewMs: number): Promise<{ said: string[]; files: unknown }> {
  const { cloud, a } = await filledCloud();
  const b = await cloud.pc({ filled: false });
  const said: string[] = [];
  const at =
    (pc: Pc): Run =>
    async (...args) => {
      const line = await told(pc, pc === b ? skewMs : 0, ...args);
      said.push(line);
      return line;
    };
  const [onA, onB] = [at(a), at(b)];
  await onB('pull');
  a.put('saves/World/level.dat', 'a 1');
  await onA('push');
  await onB('pull');
  b.put('saves/World/level.dat', 'b 1');
  await onB('push');
  await onA('pull');
  // Different worlds: merged by either.
  a.put('saves/Of A/level.dat', 'a 2');
  b.put('saves/Of B/level.dat', 'b 2');
  await onA('push');
  await onB('pull');
  a.put('saves/Of A/level.dat', 'a 3');
  b.put('saves/Of B/level.dat', 'b 3');
  await onB('push');
  await onA('push');
  await onB('pull');
  await onA('pull');
  // The same world: a conflict for whoever comes second.
  a.put('saves/World/level.dat', 'a 4');
  b.put('saves/World/level.dat', 'b 4');
  await onB('push');
  await onA('pull');
  await onA('pull', { onConflict: 'local' });
  await onB('pull');
  for (const run of [onA, onB]) {
    await run('pull');
    await run('push');
  }
  expect([...a.files()]).toEqual([...b.files()]);
  return { said, files: [...a.files()] };
}

/** What a clock that is right leads to. */
let right: ReturnType<typeof play> | undefined;

describe.each([2 * DAY_MS, -2 * DAY_MS])('a clock that is %d ms off', (skewMs) => {
  it('decides as one that is right', { timeout: 60_000 }, async () => {
    right ??= play(0);
    expect((await play(skewMs)).said).toEqual((await right).said);
  });

  async function warned(cloud: Cloud): Promise<readonly string[]> {
    const pc = await cloud.pc({ filled: false });
    const result = await withClock(skewMs, () => pc.pull());
    return result.outcome === 'not-configured' ? [] : result.warnings;
  }

  it('is told', async () => {
    const { cloud } = await filledCloud();
    const side = skewMs > 0 ? 'ahead of' : 'behind';
    const line = `this PC's clock is ${2 * 24 * 60} minutes ${side} the server's; correct it, or the history shows wrong times`;
    expect(await warned(cloud)).toEqual([line]);
  });

  it('takes no living lock for dead, and its own is not', async () => {
    const { cloud, a } = await filledCloud();
    const repo = await cloud.open();
    a.put('options.txt', 'fov:1');
    const held = await acquireLock(repo.locks, { exclusive: true });
    const failed = withClock(skewMs, () => a.push({ waitMs: 0 }));
    await expect(failed).rejects.toMatchObject({ code: 'locked' });
    expect(await repo.backend.stat('locks', held.id)).toBeGreaterThan(0);
    await held.release();
    const locks = join(cloud.folder, 'locks');
    const taken = new Map<string, Buffer>();
    const note = (): void => {
      for (const name of readdirSync(locks)) taken.set(name, readFileSync(join(locks, name)));
    };
    expect(await withClock(skewMs, () => a.push({ onProgress: note }))).toMatchObject({ outcome: 'sent' });
    expect(readdirSync(locks)).toEqual([]);
    for (const [name, bytes] of taken) writeFileSync(join(locks, name), bytes);
    const own = await Promise.all([...taken.keys()].map((name) => repo.locks.load(parseId<LockId>(name, 'lock'))));
    expect(own).toHaveLength(1);
    for (const { time } of own) expect(Math.abs(Date.parse(time) - Date.now())).toBeLessThan(60_000);
  });

  it('keeps what pulls replaced, the newest in front, and nothing for ever', async () => {
    const { cloud, a } = await filledCloud();
    const b = await cloud.pc({ filled: false });
    const contents = async (): Promise<string[]> => {
      const trash = await listTrash(b.cloudFolder);
      const old = trash.map(({ folder }) => join(folder, 'files/options.txt'));
      return old.map((path) => (existsSync(path) ? readFileSync(path, 'utf8') : 'none'));
    };
    const bring = async (clockMs: number, content: string): Promise<void> => {
      a.put('options.txt', content);
      await a.push();
      await withClock(clockMs, () => b.pull());
    };
    a.put('options.txt', '0');
    await a.push();
    await withClock(skewMs, () => b.pull());
    await bring(skewMs, '1');
    await bring(skewMs, '2');
    expect(await contents()).toEqual(['1', '0', 'none']);
    // The clock is right again.
    await bring(0, '3');
    expect((await contents()).slice(0, 3)).toEqual(['2', '1', '0']);
    expect(await undo({ packFolder: b.game })).toMatchObject({ outcome: 'undone' });
    expect(readFileSync(join(b.game, 'options.txt'), 'utf8')).toBe('2');
    await b.push();
    await a.pull();
    for (const content of ['4', '5', '6', '7']) await bring(0, content);
    expect((await contents()).slice(0, 3)).toEqual(['6', '5', '4']);
    // Three weeks later nothing is young any more.
    await bring(21 * DAY_MS, '8');
    expect(await contents()).toEqual(['7', '6', '5']);
  });
});
