/**
 * A PC that sleeps in the middle of a command until another command takes its place, and wakes up then: what the other
 * one has done stays, and the sleeper stops.
 */
import { describe, expect, it, vi } from 'vitest';
import { nodeFs } from '../../src/sync/swap/fs-ops.js';
import { codeOf, type TestPc } from '../helpers/two-pcs.js';
import { ACTS, expectSettled, shown } from './bad-luck-env.js';

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

/** Falls asleep before its n-th request. */
function sleepAtRequest(pc: TestPc, n: number, dream: () => Promise<void>): () => number {
  let count = 0;
  pc.hooks.before = async () => {
    count += 1;
    if (count !== n) return;
    pc.hooks.before = () => undefined;
    await dream();
  };
  return () => count;
}

describe.each([
  ['request', sleepAtRequest],
  ['change of a file', sleepAtChange],
] as const)('asleep before a %s until another command has taken over', (_, fallAsleep) => {
  it.each(ACTS)('at each of $title', { timeout: 60_000 }, async (act) => {
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
  });
});
