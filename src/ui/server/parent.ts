/** The end of the program that started this one: a launcher that was closed or has crashed, a terminal that is gone. */
import { isRunning } from '../../base/process.js';

const LOOK_MS = 1_000;

/**
 * Fulfilled about a second after the parent has ended; never rejects. Once the signal fires it looks no longer, and stays
 * open for ever, as it does for a process that had no parent when this was called. Keeps no process alive.
 */
export function whenParentGone(signal: AbortSignal, lookMs: number = LOOK_MS): Promise<void> {
  const parent = process.ppid;
  return new Promise((resolve) => {
    // An orphan belongs to the first process of the system.
    if (signal.aborted || parent <= 1) return;
    const timer = setInterval(() => {
      // POSIX gives an orphan a new parent; on Windows it keeps the number of the old.
      if (process.ppid === parent && isRunning(parent)) return;
      clearInterval(timer);
      resolve();
    }, lookMs);
    timer.unref();
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  });
}
