/**
 * A PC that sleeps in the middle of a command until another command takes its place, and wakes up then: what the other
 * one has done stays, and the sleeper stops.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { acquireInstanceLock } from '../../src/sync/folder/instance-lock.js';
import { nodeFs } from '../../src/sync/swap/fs-ops.js';
import { tempFolder } from '../helpers/temp.js';
import { codeOf, type TestPc } from '../helpers/two-pcs.js';
import { ACTS, type Act, expectSettled, shown } from './bad-luck-env.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));

const STEPS = ['createFile', 'mkdir', 'rmdir', 'rename', 'unlink', 'syncDir'] as const;

/** Falls asleep before its n-th change of a file of `pc`; `dream` is what happens meanwhile. */
function sleepAtChange(pc: TestPc, n: number, dream: () => Promise<void>): () => number {
  let count = 0;
  for (const step of STEPS) {
    const real: (...args: never[]) => Promise<void> = nodeFs[step];
    vi.spyOn(nodeFs, step).mockImplementation(async (...args: unknown[]) => {
      const isOurs = String(args[0]).startsWith(pc.game) && !String(args[0]).includes('/lock');
      if (isOurs) count += 1;
      if (isOurs && count === n) {
        vi.restoreAllMocks();
        await dream();
      }
      await (real as (...all: unknown[]) => Promise<void>)(...args);
    });
  }
  return () => count;
}

/** Falls asleep before its n-th request that changes something. */
function sleepAtRequest(pc: TestPc, n: number, dream: () => Promise<void>): () => number {
  let count = 0;
  pc.hooks.before = async (call) => {
    if (!/^(write|remove)/.test(call)) return;
    count += 1;
    if (count !== n) return;
    pc.hooks.before = () => undefined;
    await dream();
  };
  return () => count;
}

async function sleepAtEach(act: Act, fallAsleep: typeof sleepAtRequest): Promise<void> {
  for (let n = 1; ; n++) {
    const scene = await act.start();
    const { pc } = scene;
    let files: unknown;
    const count = fallAsleep(pc, n, async () => {
      pc.reboot();
      expect(await codeOf(pc.pull())).toBe('ok');
      files = shown(pc.files());
    });
    const code = await codeOf(scene.run());
    vi.restoreAllMocks();
    pc.hooks.before = () => undefined;
    const isLast = count() < n;
    expect(isLast ? ['ok'] : ['ok', 'in-use']).toContain(code);
    if (files !== undefined) expect(shown(pc.files())).toEqual(files);
    // A request that was on its way when the PC fell asleep arrives all the same.
    await expectSettled(scene, { mayRepeat: true });
    if (isLast) return;
  }
}

const called = (wanted: RegExp): readonly Act[] => ACTS.filter(({ title }) => wanted.test(title));

describe('a PC that sleeps until another command has taken over', () => {
  it.each(called(/later|pull that merges/))('before each request of $title', { timeout: 60_000 }, (act) =>
    sleepAtEach(act, sleepAtRequest),
  );

  it.each(called(/later|a pull$/))('before each change of a file of $title', { timeout: 60_000 }, (act) =>
    sleepAtEach(act, sleepAtChange),
  );

  it('is not taken for dead for the time in which both slept', async () => {
    const folder = join(tempFolder(), 'cloud');
    mkdirSync(folder);
    let sleptMs = 0;
    let released = false;
    const { performance } = globalThis;
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + sleptMs);
    const holder = await acquireInstanceLock(folder, { command: 'push', waitMs: 0 });
    const waiting = acquireInstanceLock(folder, {
      command: 'pull',
      waitMs: 10 * 3_600_000,
      onWait: () => {
        sleptMs = 3_600_000;
        setTimeout(() => {
          released = true;
          void holder.release();
        }, 100);
      },
    });
    await (await waiting).release();
    expect(released).toBe(true);
    expect(holder.lost.aborted).toBe(false);
    // Nobody holds it any more, so it cannot be worked under.
    await expect(holder.check()).rejects.toMatchObject({ code: 'in-use' });
  });
});
