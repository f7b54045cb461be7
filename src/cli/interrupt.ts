/** Ctrl-C and friends: the first asks the work to stop, the second ends the process at once. */

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * SIGHUP asks nothing of whoever holds a lock: with it `restic unlock` finds out whether the process of a lock of this PC
 * is still there. Like restic itself, such work goes on, even if it was a terminal that went away. Windows has no such
 * signals between processes; there it says that the window is being closed.
 */
export type Hangup = 'ignored' | 'ends';

/** Runs `work` with a signal that fires on the first interruption. */
export async function untilInterrupted<T>(
  work: (signal: AbortSignal) => Promise<T>,
  hangup: Hangup = process.platform === 'win32' ? 'ends' : 'ignored',
): Promise<T> {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  const onHangup = hangup === 'ends' ? onSignal : () => undefined;
  for (const name of SIGNALS) process.on(name, onSignal);
  process.on('SIGHUP', onHangup);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal);
    process.off('SIGHUP', onHangup);
  }
}
