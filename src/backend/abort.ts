/**
 * Waiting that ends when the caller's signal fires: for a promise, or for a place in a queue.
 * Listeners are removed at once, since one signal may live as long as the program.
 */
import type { Semaphore } from '../base/concurrency.js';
import { SyncError, throwIfAborted } from '../base/errors.js';

/** Calls `listener` with the 'aborted' error when the signal fires; the result takes the listener away again. */
export function onAbort(signal: AbortSignal | undefined, listener: (error: SyncError) => void): () => void {
  if (!signal) return () => {};
  const handle = (): void => listener(new SyncError('aborted', 'cancelled', { cause: signal.reason }));
  if (signal.aborted) handle();
  else signal.addEventListener('abort', handle, { once: true });
  return () => signal.removeEventListener('abort', handle);
}

/** Waits for the promise, or throws 'aborted' as soon as the signal fires; the work behind the promise goes on unseen. */
export async function orAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = onAbort(signal, reject);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    stop();
  }
}

/** Waits for one unit of the semaphore and returns its release. A waiter that is aborted leaves its place to the next. */
export async function acquireSlot(semaphore: Semaphore, signal: AbortSignal | undefined): Promise<() => void> {
  throwIfAborted(signal);
  const pending = semaphore.acquire();
  try {
    return await orAbort(pending, signal);
  } catch (error) {
    void pending.then((release) => release());
    throw error;
  }
}
