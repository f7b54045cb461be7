/**
 * Keeps a lock alive: every 5 minutes a new file is written and the old one removed, in this order, so that there is
 * always one. A lock that others may have taken for dead (the PC slept, the server was away) or that somebody removed
 * is lost: data sent under it may have been pruned, so nothing may be made reachable any more.
 */
import { SyncError } from '../base/errors.js';
import type { LockId } from '../base/ids.js';
import type { HeldLock, LockStore } from './lock.js';
import type { LockFile } from './lock-file.js';

/** As restic. */
export const REFRESH_MS: number = 5 * 60_000;
/** Past this age without a refresh others may soon take the lock for dead, so we stop first. */
export const GIVE_UP_MS: number = 22.5 * 60_000;
/** Timers stand still while a PC sleeps, clocks do not: a short beat notices that soon. */
const BEAT_MS = 30_000;
const REFRESH_LIMIT_MS = 60_000;
/** A player who cancels does not wait longer for a server that is away; the lock goes stale by itself then. */
const REMOVE_LIMIT_MS = 15_000;

export interface KeeperOptions {
  /** The lock file as of now. */
  readonly describe: () => LockFile;
  readonly now: () => number;
  /** When the first file was written. */
  readonly taken: number;
}

export class LockKeeper implements HeldLock {
  readonly #store: LockStore;
  readonly #options: KeeperOptions;
  readonly #lost = new AbortController();
  readonly #cut = new AbortController();
  readonly #beat: NodeJS.Timeout;
  #id: LockId;
  /** Replaced, but not removed yet. */
  readonly #old = new Set<LockId>();
  #refreshedAt: number;
  #refreshing: Promise<void> | undefined;

  constructor(store: LockStore, id: LockId, options: KeeperOptions) {
    this.#store = store;
    this.#id = id;
    this.#options = options;
    this.#refreshedAt = options.taken;
    this.#beat = setInterval(() => {
      if (this.#age() >= REFRESH_MS) void this.#refresh();
    }, BEAT_MS);
    this.#beat.unref();
  }

  get id(): LockId {
    return this.#id;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async ensureFresh(): Promise<void> {
    if (this.#age() > GIVE_UP_MS) await this.#refresh();
    this.#lost.signal.throwIfAborted();
  }

  async release(): Promise<void> {
    clearInterval(this.#beat);
    await withTimeLimit(async (signal) => {
      signal.addEventListener('abort', () => this.#cut.abort(), { once: true });
      await this.#refreshing;
      for (const id of [...this.#old, this.#id]) await this.#store.backend.remove('locks', id, { signal });
    });
  }

  /** Never rejects; one at a time. */
  #refresh(): Promise<void> {
    this.#refreshing ??= this.#replace()
      .catch((error: unknown) => {
        // One failure is no reason to stop: the next beat tries again, until others may take the lock for dead.
        if (this.#age() > GIVE_UP_MS) this.#lose('could not be renewed', error);
      })
      .finally(() => {
        this.#refreshing = undefined;
      });
    return this.#refreshing;
  }

  async #replace(): Promise<void> {
    const { backend } = this.#store;
    const begun = this.#options.now();
    const signal = AbortSignal.any([this.#cut.signal, AbortSignal.timeout(REFRESH_LIMIT_MS)]);
    const id = await this.#store.save(this.#options.describe(), signal);
    this.#old.add(this.#id);
    const before = this.#id;
    this.#id = id;
    // Looked for after the new one is there: if it still is, nobody can have locked us out in between.
    if ((await backend.stat('locks', before, { signal })) === undefined) return this.#lose('was removed by somebody');
    this.#refreshedAt = begun;
    for (const old of this.#old) {
      await backend.remove('locks', old, { signal });
      this.#old.delete(old);
    }
  }

  #lose(how: string, cause?: unknown): void {
    this.#lost.abort(
      new SyncError('locked', `the lock of the repository ${how}; stopped writing, try again`, { cause }),
    );
  }

  #age(): number {
    return this.#options.now() - this.#refreshedAt;
  }
}

/** For tidying up, which must happen also after a cancel, but not for ever. */
export function withTimeLimit<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return work(AbortSignal.timeout(REMOVE_LIMIT_MS));
}
