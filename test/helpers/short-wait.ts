/**
 * As no-wait.js, where two wait for each other: a pause takes a fiftieth. With none at all the one that waits has counted
 * the other for dead before that one's key is derived.
 */
import { setTimeout as pause } from 'node:timers/promises';

export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  await pause(ms / 50, undefined, { ...(signal && { signal }) });
}
