/**
 * A network and a server that fail at one request, at every one: the answer is lost after the server has done what it
 * was asked, or the server has no room. Nothing is lost, sent twice, or in conflict with itself.
 */
import { describe, expect, it, vi } from 'vitest';
import { SyncError } from '../../src/base/errors.js';
import { codeOf, type TestPc } from '../helpers/two-pcs.js';
import { ACTS, forEachPoint } from './bad-luck-env.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));

interface Trouble {
  readonly title: string;
  /** Installs it for the n-th call that it is about; tells how many of those there have been. */
  at(pc: TestPc, n: number): () => number;
}

/** `from`: the n-th only, or all from it on. */
function failing(when: 'before' | 'after', calls: RegExp, from: 'once' | 'on', error: () => SyncError): Trouble['at'] {
  return (pc, n) => {
    let count = 0;
    pc.hooks[when] = (call) => {
      if (!calls.test(call)) return;
      count += 1;
      if (from === 'once' ? count === n : count >= n) throw error();
    };
    return () => count;
  };
}

const lost = (): SyncError => new SyncError('unreachable', 'the connection was cut', { retryable: true });
const full = (): SyncError => new SyncError('no-space', 'the server answered 507');

const TROUBLES: readonly Trouble[] = [
  { title: 'the answer is lost', at: failing('after', /./, 'once', lost) },
  { title: 'all writes are answered by 507 from then on', at: failing('before', /^(write|create)/, 'on', full) },
];

function undisturbed(pc: TestPc): void {
  pc.hooks.before = () => undefined;
  pc.hooks.after = () => undefined;
}

describe.each(TROUBLES)('$title', ({ at }) => {
  it.each(ACTS)('at each of $title', { timeout: 60_000 }, async (act) => {
    await forEachPoint(act, async (scene, n) => {
      const count = at(scene.pc, n);
      const code = await codeOf(scene.run());
      const isLast = count() < n;
      undisturbed(scene.pc);
      expect(isLast ? ['ok'] : ['ok', 'unreachable', 'no-space']).toContain(code);
      return { isLast };
    });
  });
});
