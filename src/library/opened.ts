/**
 * What lies behind a public Repository: the engine, how it was opened, and what is under way. The functions of this room
 * reach it by `openedOf`; nobody else does.
 */
import { SyncError } from '../base/errors.js';
import type { OpenRepositoryOptions } from '../open.js';
import { openRepository } from '../open.js';
import type { Repository as Engine } from '../repo/repository.js';
import { Calls } from './calls.js';
import type { LockWait } from './read-lock.js';
import { ReadLock } from './read-lock.js';

export interface LockWaitOptions {
  /** Milliseconds that a call waits for others who use the repository; by default it throws 'locked' at once. */
  readonly lockWaitMs?: number | undefined;
  /** Told each time a call finds the repository locked, and waits. `holder` says by whom: "kim@pc (process 123), …". */
  readonly onLockWait?: ((holder: string) => void) | undefined;
}

export class Opened {
  readonly engine: Engine;
  readonly calls: Calls = new Calls();
  readonly lock: LockWait;
  readonly reading: ReadLock;
  readonly #options: OpenRepositoryOptions;
  #closed: Promise<void> | undefined;

  constructor(engine: Engine, options: OpenRepositoryOptions & LockWaitOptions) {
    const { lockWaitMs, onLockWait } = options;
    this.engine = engine;
    this.lock = { waitMs: lockWaitMs ?? 0, ...(onLockWait === undefined ? {} : { onWait: onLockWait }) };
    this.reading = new ReadLock(engine, this.lock);
    this.#options = options;
  }

  /** A call that locks others out: it must not find a lock of this repository that only waits for the next look-up. */
  exclusive<T>(signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.calls.run(signal, async (own) => {
      await this.reading.settle();
      return work(own);
    });
  }

  /** Runs `work` with an engine that asks the repository itself, never the cache. */
  async withoutCache<T>(signal: AbortSignal, work: (engine: Engine) => Promise<T>): Promise<T> {
    if (this.#options.cacheFolder === undefined) return work(this.engine);
    const keyHint = this.engine.keyId;
    const bare = await openRepository({ ...this.#options, cacheFolder: undefined, keyHint, signal });
    try {
      return await work(bare);
    } finally {
      await bare.backend.close();
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.calls.close();
    await this.reading.settle();
    await this.engine.backend.close();
  }
}

const all = new WeakMap<object, Opened>();

export function register(repository: object, opened: Opened): void {
  all.set(repository, opened);
}

/** Throws 'usage' for what no Repository of this copy of the library is. */
export function openedOf(repository: object): Opened {
  const opened = all.get(repository);
  if (opened !== undefined) return opened;
  const message =
    'not a repository that was opened by this copy of the library; use Repository.open of the same import';
  throw new SyncError('usage', message);
}
