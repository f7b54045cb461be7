/**
 * On Windows a virus scanner or an indexer opens new files for some milliseconds, and renaming, opening or removing
 * one then fails although nothing is wrong (EBUSY, EPERM, EACCES). Elsewhere only EBUSY is of that kind.
 */
import { errnoOf } from '../base/errors.js';
import { sleep } from '../base/sleep.js';

export interface BusyOptions {
  readonly signal?: AbortSignal | undefined;
  readonly platform?: string;
  /** Milliseconds before the first repetition; doubles each time, 9 repetitions: 5 s in all by default. */
  readonly firstDelayMs?: number;
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

const REPETITIONS = 9;

/** Runs the file operation again while the system says that somebody else holds the file for a moment. */
export async function whileBusy<T>(work: () => Promise<T>, options: BusyOptions = {}): Promise<T> {
  const platform = options.platform ?? process.platform;
  let delay = options.firstDelayMs ?? 10;
  for (let repetition = 0; ; repetition++) {
    try {
      return await work();
    } catch (error) {
      if (repetition >= REPETITIONS || !isBusy(errnoOf(error), platform)) throw error;
    }
    await (options.sleep ?? sleep)(delay, options.signal);
    delay *= 2;
  }
}

/** Whether an error is of the kind that passes. */
export function isBusy(errno: string | undefined, platform: string): boolean {
  return errno === 'EBUSY' || (platform === 'win32' && (errno === 'EPERM' || errno === 'EACCES'));
}
