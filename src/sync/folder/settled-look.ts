/**
 * A look at a file by which a later change can be told. The times of a file come in ticks of the system's clock: one
 * that is changed again within the tick of its last change looks as before. So a file that changed just now is given
 * the rest of its tick.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type ScannedEntry, scanPath } from '../../archive/scan.js';
import { ioError, throwIfAborted } from '../../base/errors.js';

/** The longest tick of today's systems is 16 ms; a time of whole seconds may be one of two seconds (FAT). And 4 ms more. */
const TICK_MS = 20;
const COARSE_TICK_MS = 2004;
/** One would do if no timer came a millisecond early. */
const MOST_WAITS = 2;

export interface SettledLook {
  readonly entry: ScannedEntry;
  /** False if the file changed again and again while we waited. */
  readonly isSettled: boolean;
}

/** Undefined if it is gone, or nothing that can be synchronised. Throws 'io'. */
export async function lookSettled(
  folder: string,
  path: string,
  signal: AbortSignal | undefined,
): Promise<SettledLook | undefined> {
  for (let waits = 0; ; waits++) {
    const entry = await look(folder, path);
    const waitMs = entry === undefined ? 0 : tickLeft(entry);
    if (entry === undefined || waitMs === 0 || waits === MOST_WAITS) return entry && { entry, isSettled: waitMs === 0 };
    await pause(waitMs, undefined, { ...(signal && { signal }) }).catch((error: unknown) => {
      throwIfAborted(signal);
      throw error;
    });
  }
}

export async function look(folder: string, path: string): Promise<ScannedEntry | undefined> {
  try {
    return await scanPath(folder, path);
  } catch (error) {
    throw ioError(error, 'cannot look at', path);
  }
}

/** Whether a look at `atMs` or later is enough to tell a later change. */
export function isSettledAt(entry: ScannedEntry, atMs: number): boolean {
  return ageAt(entry, atMs) > tickOf(entry);
}

/** Milliseconds; 0 also for a time to come, which another clock has given. */
function tickLeft(entry: ScannedEntry): number {
  const tick = tickOf(entry);
  const age = ageAt(entry, Date.now());
  return age < 0 || age > tick ? 0 : tick - age + 1;
}

function tickOf({ mtimeNs }: ScannedEntry): number {
  return mtimeNs % 1_000_000_000n === 0n ? COARSE_TICK_MS : TICK_MS;
}

function ageAt({ mtimeNs }: ScannedEntry, atMs: number): number {
  return atMs - Number(mtimeNs / 1_000_000n);
}
