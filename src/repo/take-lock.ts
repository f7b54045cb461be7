/**
 * How a repository is locked. While the lock settles (200 ms in which nothing else would happen) its index can be loaded.
 * What that finds may be pruned away until the lock is held: the index is loaded once more under it, which asks for the
 * list of index files and fetches what is new, or everything if one has gone.
 */
import type { HeldLock, LockOptions, LockStore } from './lock.js';
import { acquireLock } from './lock.js';

/** What of a repository this needs. */
export interface Lockable {
  readonly locks: LockStore;
  loadIndex(signal?: AbortSignal): Promise<void>;
}

export interface LockingOptions {
  readonly lock?: Omit<LockOptions, 'signal'>;
  readonly signal?: AbortSignal | undefined;
  /** Begins to load the index while the lock settles; it has to be loaded under the lock all the same. */
  readonly indexAhead?: boolean;
}

/** Throws what `acquireLock` throws. */
export function takeLock(repo: Lockable, { lock, signal, indexAhead }: LockingOptions): Promise<HeldLock> {
  const options = { ...lock, signal };
  return indexAhead === true ? lockAndLoad(repo, options) : acquireLock(repo.locks, options);
}

/** The index is not being loaded any more when this returns. */
async function lockAndLoad(repo: Lockable, options: LockOptions): Promise<HeldLock> {
  const giveUp = new AbortController();
  const signal = options.signal ? AbortSignal.any([giveUp.signal, options.signal]) : giveUp.signal;
  const loading = repo.loadIndex(signal).catch(() => {
    // Told by the load under the lock, if it is still so then.
  });
  try {
    const lock = await acquireLock(repo.locks, options);
    await loading;
    return lock;
  } catch (error) {
    giveUp.abort(error);
    await loading;
    throw error;
  }
}
