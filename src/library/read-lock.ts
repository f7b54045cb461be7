/**
 * The lock under which an open repository is read, one for all calls that run at the same time, and the index that is
 * good while it lasts. A lock costs some requests and 0.2 s, so after single look-ups it is kept a moment for the next.
 */
import { setMaxListeners } from 'node:events';
import { orAbort } from '../backend/abort.js';
import { throwIfAborted } from '../base/errors.js';
import type { BlobId } from '../base/ids.js';
import type { BlobType } from '../pack/header.js';
import type { LockOptions } from '../repo/lock.js';
import type { Repository as Engine } from '../repo/repository.js';

export type LockWait = Pick<LockOptions, 'waitMs' | 'onWait'>;

/** How long the lock waits for the next look-up; also how long a program that does not close may live on. */
const LINGER_MS = 1000;

export class ReadLock {
  readonly #engine: Engine;
  readonly #wait: LockWait;
  #tenure: Tenure | undefined;
  /** Locks that are on their way out. */
  readonly #ending = new Set<Promise<void>>();

  constructor(engine: Engine, wait: LockWait) {
    this.#engine = engine;
    this.#wait = wait;
  }

  /** To be left by whoever came in. Throws 'locked', 'aborted', and what the backend throws. */
  async enter(signal: AbortSignal): Promise<Tenure> {
    throwIfAborted(signal);
    this.#tenure ??= new Tenure(this.#engine, this.#wait);
    const tenure = this.#tenure;
    tenure.users += 1;
    clearTimeout(tenure.timer);
    try {
      await orAbort(tenure.ready, signal);
      return tenure;
    } catch (error) {
      if (!signal.aborted) this.#forget(tenure);
      await this.leave(tenure);
      throw error;
    }
  }

  /** The last one to leave gives the lock back: at once, or when nobody has come for `lingerMs`. */
  async leave(tenure: Tenure, lingerMs = 0): Promise<void> {
    tenure.users -= 1;
    if (tenure.users > 0) return;
    if (lingerMs === 0 || this.#tenure !== tenure) await this.#end(tenure);
    else tenure.timer = setTimeout(() => void this.#end(tenure), lingerMs);
  }

  async use<T>(signal: AbortSignal, work: (tenure: Tenure) => Promise<T>): Promise<T> {
    const tenure = await this.enter(signal);
    try {
      return await work(tenure);
    } finally {
      await this.leave(tenure);
    }
  }

  /** As `use`, for what is small and often followed by more of its kind. */
  async lookUp<T>(signal: AbortSignal, work: (tenure: Tenure) => Promise<T>): Promise<T> {
    const tenure = await this.enter(signal);
    let lingerMs = 0;
    try {
      const result = await work(tenure);
      lingerMs = LINGER_MS;
      return result;
    } finally {
      await this.leave(tenure, lingerMs);
    }
  }

  /** Gives back a lock that only waits for the next look-up; resolves when none is there but for what is being read. */
  async settle(): Promise<void> {
    const tenure = this.#tenure;
    if (tenure?.users === 0) void this.#end(tenure);
    await Promise.all(this.#ending);
  }

  #end(tenure: Tenure): Promise<void> {
    clearTimeout(tenure.timer);
    this.#forget(tenure);
    const ending: Promise<void> = tenure.end().finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
    return ending;
  }

  #forget(tenure: Tenure): void {
    if (this.#tenure === tenure) this.#tenure = undefined;
  }
}

/** A time in which nobody prunes: from a lock to its release. */
export class Tenure {
  users = 0;
  timer: NodeJS.Timeout | undefined;
  /** Rejects if the lock cannot be had. */
  readonly ready: Promise<void>;
  readonly #engine: Engine;
  readonly #stop = new AbortController();
  readonly #over: Promise<void>;
  #letGo: () => void = () => {};
  #isIndexLoaded = false;
  #loading: Promise<void> | undefined;
  #queued: Promise<void> | undefined;

  constructor(engine: Engine, lock: LockWait) {
    this.#engine = engine;
    setMaxListeners(0, this.#stop.signal);
    const idle = new Promise<void>((resolve) => {
      this.#letGo = resolve;
    });
    let enter = (): void => {};
    let fail: (error: unknown) => void = () => {};
    this.ready = new Promise((resolve, reject) => {
      enter = resolve;
      fail = reject;
    });
    // Whoever waits for it is told; it may be that nobody does any more.
    this.ready.catch(() => {});
    const held = async (): Promise<void> => {
      enter();
      await idle;
    };
    this.#over = engine.read({ signal: this.#stop.signal, lock }, held).catch(fail);
  }

  /** Brings the index up to date with what is stored by now. Calls that come together share the work. */
  async refreshIndex(signal: AbortSignal): Promise<void> {
    await orAbort(this.#refresh(), signal);
  }

  /** Loads the index if it is not loaded, or does not know this blob. */
  async needIndex(signal: AbortSignal, blob?: { readonly type: BlobType; readonly id: BlobId }): Promise<void> {
    if (!this.#isIndexLoaded) await orAbort(this.#loading ?? this.#load(), signal);
    if (blob !== undefined && !this.#engine.index.has(blob.type, blob.id)) await this.refreshIndex(signal);
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled([this.#loading, this.#queued]);
    this.#letGo();
    await this.#over;
  }

  /** One that is under way may have asked before the caller's blobs were stored: then another one follows it. */
  #refresh(): Promise<void> {
    if (this.#loading === undefined) return this.#load();
    this.#queued ??= this.#loading
      .catch(() => {
        // Told to those who waited for it; the next one may fare better.
      })
      .then(() => {
        this.#queued = undefined;
        return this.#load();
      });
    this.#queued.catch(() => {});
    return this.#queued;
  }

  #load(): Promise<void> {
    const loading = this.#engine.loadIndex(this.#stop.signal).then(() => {
      this.#isIndexLoaded = true;
    });
    this.#loading = loading;
    const done = (): void => {
      if (this.#loading === loading) this.#loading = undefined;
    };
    loading.then(done, done);
    return loading;
  }
}
