/**
 * Repeats calls that failed in a way that may pass (`retryable`), with growing, jittered pauses.
 *   never answered yet   all tries together fit into the connect budget: a player waits for the game
 *   answered before      tries go on for `maxElapsedMs` from the first failure of the call, at least one
 * An upload whose answer was lost is refused when repeated, since a file is never written twice; if what is stored
 * has the right size (same bytes, for `config`), the upload has succeeded. restic fails there (rest-server #196).
 */
import type { Bytes } from '../base/bytes.js';
import { equalBytes } from '../base/bytes.js';
import { isSyncError, SyncError, throwIfAborted } from '../base/errors.js';
import { sleep } from '../base/sleep.js';
import { onAbort, orAbort } from './abort.js';
import type { Backend, ByteRange, CallOptions, FileInfo, FileType, ReadOptions } from './backend.js';
import { fileLabel } from './file-name.js';

export interface RetryEvent {
  /** "reading data/0123abcd" */
  readonly operation: string;
  readonly error: SyncError;
  /** The number of the try that failed: 1, 2, … */
  readonly attempt: number;
  readonly delayMs: number;
}

export interface RetryOptions {
  /** Tries in all, the first included; without limit by default. */
  readonly attempts?: number;
  /** Milliseconds from the first failure of a call during which it is tried again; 15 minutes by default. */
  readonly maxElapsedMs?: number;
  /** Milliseconds before the second try; doubles with each. 1000 by default. */
  readonly baseDelayMs?: number;
  /** 60 seconds by default. */
  readonly maxDelayMs?: number;
  /**
   * Milliseconds in which a server must have answered for the first time; 4000 by default: with the start of the
   * process around it, a hook that finds the server away is done within 5 s.
   */
  readonly connectBudgetMs?: number;
  /** In [0, 1): each pause is 0.5 to 1.5 times its nominal length. */
  readonly random?: () => number;
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
  readonly onRetry?: (event: RetryEvent) => void;
}

interface Call<T> {
  readonly operation: string;
  readonly signal: AbortSignal | undefined;
  /** Whether a first try may be cut off at the connect budget: not for a transfer, which takes what it takes. */
  readonly quick: boolean;
  readonly run: (signal: AbortSignal | undefined, attempt: number) => Promise<T>;
}

class RetryBackend implements Backend {
  readonly location: string;
  readonly #inner: Backend;
  readonly #options: Required<Omit<RetryOptions, 'onRetry'>>;
  readonly #onRetry: ((event: RetryEvent) => void) | undefined;
  #answered = false;

  constructor(inner: Backend, options: RetryOptions) {
    this.location = inner.location;
    this.#inner = inner;
    this.#onRetry = options.onRetry;
    this.#options = {
      attempts: options.attempts ?? Number.POSITIVE_INFINITY,
      maxElapsedMs: options.maxElapsedMs ?? 15 * 60_000,
      baseDelayMs: options.baseDelayMs ?? 1000,
      maxDelayMs: options.maxDelayMs ?? 60_000,
      connectBudgetMs: options.connectBudgetMs ?? 4000,
      random: options.random ?? Math.random,
      sleep: options.sleep ?? sleep,
      now: options.now ?? (() => performance.now()),
    };
  }

  create({ signal }: CallOptions = {}): Promise<void> {
    const run = (inner: AbortSignal | undefined): Promise<void> => this.#inner.create({ signal: inner });
    return this.#repeat({ operation: 'creating the repository', signal, quick: true, run });
  }

  list(type: Exclude<FileType, 'config'>, { signal }: CallOptions = {}): Promise<FileInfo[]> {
    const run = (inner: AbortSignal | undefined): Promise<FileInfo[]> => this.#inner.list(type, { signal: inner });
    return this.#repeat({ operation: `listing ${type}`, signal, quick: true, run });
  }

  stat(type: FileType, name: string, { signal }: CallOptions = {}): Promise<number | undefined> {
    const run = (inner: AbortSignal | undefined): Promise<number | undefined> =>
      this.#inner.stat(type, name, { signal: inner });
    return this.#repeat({ operation: `looking for ${fileLabel(type, name)}`, signal, quick: true, run });
  }

  read(type: FileType, name: string, range?: ByteRange, { signal, into }: ReadOptions = {}): Promise<Bytes> {
    const operation = `reading ${fileLabel(type, name)}`;
    const run = async (inner: AbortSignal | undefined, attempt: number): Promise<Bytes> => {
      // A try that was cut off may still write to the memory it was lent.
      const lent = attempt === 1 ? into : undefined;
      const data = await this.#inner.read(type, name, range, { signal: inner, into: lent });
      if (range === undefined || data.length === range.length) return data;
      const message = `${operation} from ${this.location}: ${data.length} bytes came, ${range.length} were expected`;
      throw new SyncError('damaged', message, { retryable: true });
    };
    return this.#repeat({ operation, signal, quick: type === 'config', run });
  }

  write(type: FileType, name: string, data: Bytes, { signal }: CallOptions = {}): Promise<void> {
    const run = async (inner: AbortSignal | undefined, attempt: number): Promise<void> => {
      try {
        await this.#inner.write(type, name, data, { signal: inner });
      } catch (error) {
        const refused = attempt > 1 && isSyncError(error, 'exists', 'forbidden');
        this.#answered ||= refused;
        if (!refused || !(await this.#hasArrived(type, name, data, inner))) throw error;
      }
    };
    return this.#repeat({ operation: `writing ${fileLabel(type, name)}`, signal, quick: false, run });
  }

  remove(type: FileType, name: string, { signal }: CallOptions = {}): Promise<void> {
    const run = (inner: AbortSignal | undefined): Promise<void> => this.#inner.remove(type, name, { signal: inner });
    return this.#repeat({ operation: `removing ${fileLabel(type, name)}`, signal, quick: true, run });
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  /** Whether an earlier try has stored the file after all. */
  async #hasArrived(type: FileType, name: string, data: Bytes, signal: AbortSignal | undefined): Promise<boolean> {
    const size = await this.#inner.stat(type, name, { signal });
    if (size === undefined) return false;
    // Another writer's config has another polynomial and id: it must not be taken for ours.
    if (type === 'config') return equalBytes(await this.#inner.read(type, name, undefined, { signal }), data);
    if (size === data.length) return true;
    const message = `${fileLabel(type, name)} in ${this.location} is damaged: it has ${size} bytes instead of ${data.length}`;
    throw new SyncError('damaged', message, { details: { type, name, found: size, expected: data.length } });
  }

  async #repeat<T>(call: Call<T>): Promise<T> {
    const { now } = this.#options;
    const begun = now();
    let firstFailure: number | undefined;
    for (let attempt = 1; ; attempt++) {
      throwIfAborted(call.signal);
      const tried = now();
      try {
        const result = await this.#try(call, attempt, begun);
        this.#answered = true;
        return result;
      } catch (error) {
        throwIfAborted(call.signal);
        if (!isSyncError(error)) throw error;
        if (isSyncError(error, ...ANSWERS)) this.#answered = true;
        const delayMs = this.#pause(error, attempt);
        firstFailure ??= now();
        if (!error.retryable) throw error;
        const nextMs = delayMs + (this.#answered ? 0 : now() - tried);
        if (!this.#mayRepeat(attempt, begun, firstFailure, nextMs)) throw gaveUp(error, attempt, now() - begun);
        this.#onRetry?.({ operation: call.operation, error, attempt, delayMs });
        await this.#options.sleep(delayMs, call.signal);
      }
    }
  }

  /** One try; as long as the server has never answered, a quick call ends with the connect budget. */
  async #try<T>(call: Call<T>, attempt: number, begun: number): Promise<T> {
    if (this.#answered || !call.quick) return call.run(call.signal, attempt);
    const budget = this.#options.connectBudgetMs;
    const cut = new AbortController();
    const timer = setTimeout(() => cut.abort(), Math.max(0, begun + budget - this.#options.now()));
    const stop = onAbort(call.signal, () => cut.abort());
    try {
      return await orAbort(call.run(cut.signal, attempt), cut.signal);
    } catch (error) {
      throwIfAborted(call.signal);
      if (!cut.signal.aborted) throw error;
      const message = `${call.operation} at ${this.location}: no answer within ${seconds(budget)}`;
      throw new SyncError('unreachable', message, { retryable: true, cause: error });
    } finally {
      clearTimeout(timer);
      stop();
    }
  }

  /** Before the first answer another try must fit in that takes as long as this one: a mute name server takes long. */
  #mayRepeat(attempt: number, begun: number, firstFailure: number, delayMs: number): boolean {
    const { attempts, connectBudgetMs, maxElapsedMs, now } = this.#options;
    if (attempt >= attempts) return false;
    if (!this.#answered) return now() + delayMs < begun + connectBudgetMs;
    return attempt === 1 || now() + delayMs < firstFailure + maxElapsedMs;
  }

  #pause(error: SyncError, attempt: number): number {
    const { baseDelayMs, maxDelayMs, random } = this.#options;
    const nominal = Math.min(maxDelayMs, baseDelayMs * 2 ** (attempt - 1));
    const wanted = error.details['retryAfterMs'];
    const least = typeof wanted === 'number' ? Math.min(wanted, maxDelayMs) : 0;
    return Math.max(least, Math.min(maxDelayMs, nominal * (0.5 + random())));
  }
}

/** Failures that only a server which works can give. */
const ANSWERS = ['unauthorized', 'forbidden', 'not-found', 'exists', 'damaged', 'no-space'] as const;

function gaveUp(error: SyncError, attempts: number, elapsedMs: number): SyncError {
  if (attempts === 1) return error;
  const { code, retryable, details } = error;
  const message = `${error.message} (gave up after ${attempts} tries in ${seconds(elapsedMs)})`;
  return new SyncError(code, message, { retryable, details, cause: error });
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}

/** Wraps a backend so that passing failures are tried again; see RetryOptions for the limits. */
export function retryBackend(inner: Backend, options: RetryOptions = {}): Backend {
  return new RetryBackend(inner, options);
}
