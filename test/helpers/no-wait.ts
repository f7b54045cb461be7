/**
 * For vi.mock('…/src/base/sleep.js', () => import('…/helpers/no-wait.js')): pauses take no time. Without it each push
 * waits 200 ms for its lock to settle. Imports nothing that sleeps, or the mock would wait for itself.
 */
import { throwIfAborted } from '../../src/base/errors.js';

export async function sleep(_ms: number, signal?: AbortSignal): Promise<void> {
  throwIfAborted(signal);
  await new Promise((resolve) => setImmediate(resolve));
  throwIfAborted(signal);
}
