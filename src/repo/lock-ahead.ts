/**
 * Work under a lock. The lock takes 200 ms to settle, in which nothing else would happen; what is done "ahead" begins
 * meanwhile, with the index as it is loaded then: a write reads, seals and packs by it, and its session sends nothing
 * before the lock is held (session.ts); a read changes nothing that counts. If the list of index files then shows that a
 * prune came in between, what the index named may be gone: all is done once more, under the lock.
 */
import type { HeldLock, LockStore } from './lock.js';

/** What of a repository this needs. */
export interface Lockable {
  readonly locks: LockStore;
  loadIndex(signal?: AbortSignal): Promise<void>;
  hasLostIndex(signal?: AbortSignal): Promise<boolean>;
}

export interface AheadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Loads the index as well. */
  readonly ahead?: boolean | undefined;
}

/** The index was out of date. Nobody but this file sees it. */
class Outdated extends Error {}

/**
 * `work` gets the lock, which may be still on its way, and is called once more if the first time was in vain; the lock is
 * released in the end. Throws what `locking` throws, and what `work` throws.
 */
export async function underLock<L extends HeldLock | undefined, T>(
  repo: Lockable,
  locking: Promise<L>,
  { signal, ahead }: AheadOptions,
  work: (lock: Promise<L>) => Promise<T>,
): Promise<T> {
  try {
    const early = ahead ? await begin(repo, locking, signal, work) : undefined;
    if (early !== undefined) return early.result;
    await locking;
    if (ahead) await repo.loadIndex(signal);
    return await work(locking);
  } finally {
    await release(locking);
  }
}

/** undefined if it has to be done again, under the lock. */
async function begin<L extends HeldLock | undefined, T>(
  repo: Lockable,
  locking: Promise<L>,
  signal: AbortSignal | undefined,
  work: (lock: Promise<L>) => Promise<T>,
): Promise<{ readonly result: T } | undefined> {
  if (!(await isLoaded(repo, locking, signal))) return undefined;
  const current = locking.then(async (held) => {
    if (await repo.hasLostIndex(signal)) throw new Outdated();
    return held;
  });
  // Heard of below, and by the work if it asks.
  current.catch(() => undefined);
  try {
    const result = await work(current);
    await current;
    return { result };
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
async function isLoaded(repo: Lockable, locking: Promise<unknown>, signal: AbortSignal | undefined): Promise<boolean> {
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

async function release(locking: Promise<HeldLock | undefined>): Promise<void> {
  const held = await locking.catch(() => undefined);
  await held?.release().catch(() => {
    // What was written is safe, and a lock left behind goes stale by itself.
  });
}
