/** Counts as restic counts, and tells the caller; also the one place where errors and omissions are gathered. */
import type { SyncError } from '../base/errors.js';
import { ioError, isSyncError } from '../base/errors.js';
import type { ItemError, ItemEvent, LeftOut, RestoreEvent, RestoreTotals } from './restore-types.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class RestoreProgress {
  readonly errors: ItemError[] = [];
  readonly #totals: Mutable<RestoreTotals> = {
    filesTotal: 0,
    filesRestored: 0,
    filesSkipped: 0,
    filesDeleted: 0,
    bytesTotal: 0,
    bytesRestored: 0,
    bytesSkipped: 0,
  };
  readonly #leftOut = new Map<string, Mutable<LeftOut>>();
  readonly #onEvent: (event: RestoreEvent) => void;
  readonly #started = performance.now();

  constructor(onEvent: ((event: RestoreEvent) => void) | undefined) {
    this.#onEvent = onEvent ?? (() => undefined);
  }

  get seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  get totals(): RestoreTotals {
    return { ...this.#totals };
  }

  get leftOut(): LeftOut[] {
    return [...this.#leftOut.values()];
  }

  /** Something more is to be restored. */
  expect(bytes: number): void {
    this.#totals.filesTotal += 1;
    this.#totals.bytesTotal += bytes;
    this.#tell();
  }

  wrote(bytes: number): void {
    this.#totals.bytesRestored += bytes;
    this.#tell();
  }

  /** A file's bytes have been told by `wrote`. */
  finished(action: 'restored' | 'updated', kind: ItemEvent['kind'], path: string, size = 0): void {
    this.#totals.filesRestored += 1;
    this.#onEvent({ type: 'item', action, kind, path, size });
    this.#tell();
  }

  skipped(path: string, size: number): void {
    this.#totals.filesSkipped += 1;
    this.#totals.bytesSkipped += size;
    this.#onEvent({ type: 'item', action: 'unchanged', kind: 'file', path, size });
    this.#tell();
  }

  deleted(path: string): void {
    this.#totals.filesDeleted += 1;
    this.#onEvent({ type: 'item', action: 'deleted', kind: 'other', path, size: 0 });
    this.#tell();
  }

  /** An item that cannot be restored. Throws the error if it is the end of all work: an abort, or no error of ours. */
  failed(path: string, error: unknown): void {
    if (!isSyncError(error) || error.code === 'aborted') throw error;
    this.errors.push({ path, error });
    this.#onEvent({ type: 'error', path, error });
  }

  omitted(what: string, reason: string, path: string): void {
    const known = this.#leftOut.get(what + reason);
    if (known) known.count += 1;
    else this.#leftOut.set(what + reason, { what, reason, count: 1, first: path });
  }

  verifying(): void {
    this.#onEvent({ type: 'verifying', totals: this.totals, seconds: this.seconds });
  }

  #tell(): void {
    this.#onEvent({ type: 'progress', totals: this.totals });
  }
}

/** Of a call to the system that failed: `reason` is the name of its errno, or what a tool said. */
export function systemError(what: string, path: string, reason: string): SyncError {
  return ioError(Object.assign(new Error(reason), { code: reason }), what, path);
}
