/**
 * A write under its lock. The lock takes 200 ms to settle, in which nothing else would happen; a write that was begun
 * "ahead" loads the index meanwhile and reads, seals and packs by it. The session sends nothing before it has the lock
 * (session.ts). If the list of index files then shows that a prune came in between, what counts as stored may be gone:
 * all that was done is dropped, and done once more under the lock.
 */
import type { HeldLock, LockOptions } from './lock.js';
import { acquireLock } from './lock.js';
import type { Lockable } from './take-lock.js';

export interface AheadRepo extends Lockable {
  hasLostIndex(signal?: AbortSignal): Promise<boolean>;
}

export interface AheadOptions {
  readonly lock?: Omit<LockOptions, 'signal'> | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly ahead: boolean;
}

/** The index was out of date. Nobody but this file sees it. */
class Outdated extends Error {}

/**
 * `write` gets the lock, which may be still on its way; it is called once more if the first time was in vain. Throws what
 * `acquireLock` throws, and what `write` throws. The index is loaded if `ahead` is set.
 */
export async function writeAhead<T>(
  repo: AheadRepo,
  { lock, signal, ahead }: AheadOptions,
  write: (lock: Promise<HeldLock>) => Promise<T>,
): Promise<T> {
  const locking = acquireLock(repo.locks, { ...lock, signal });
  try {
    const early = ahead ? await begin(repo, locking, signal, write) : undefined;
    if (early !== undefined) return early.result;
    await locking;
    if (ahead) await repo.loadIndex(signal);
    return await write(locking);
  } finally {
    await release(locking);
  }
}

/** undefined if it has to be done again, under the lock. */
async function begin<T>(
  repo: AheadRepo,
  locking: Promise<HeldLock>,
  signal: AbortSignal | undefined,
  write: (lock: Promise<HeldLock>) => Promise<T>,
): Promise<{ readonly result: T } | undefined> {
  if (!(await isLoaded(repo, locking, signal))) return undefined;
  const current = locking.then(async (held) => {
    if (await repo.hasLostIndex(signal)) throw new Outdated();
    return held;
  });
  try {
    return { result: await write(current) };
  } catch (error) {
    // Whatever went wrong by an index that was out of date, or without a lock to be had, that is the reason.
    const reason = await current.then(
      () => error,
      (why: unknown) => why,
    );
    if (reason instanceof Outdated) return undefined;
    throw reason;
  }
}

/** Loads the index until the lock cannot be had. */
async function isLoaded(
  repo: AheadRepo,
  locking: Promise<HeldLock>,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const giveUp = new AbortController();
  locking.catch((error: unknown) => giveUp.abort(error));
  try {
    await repo.loadIndex(AbortSignal.any(signal ? [giveUp.signal, signal] : [giveUp.signal]));
    return true;
  } catch {
    // Told by the load under the lock, if it is still so then.
    return false;
  }
}

async function release(locking: Promise<HeldLock>): Promise<void> {
  const held = await locking.catch(() => undefined);
  await held?.release().catch(() => {
    // What was written is safe, and a lock left behind goes stale by itself.
  });
}
