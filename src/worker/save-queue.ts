/**
 * The files that wait for a thread. Large ones go one by one, the largest first, so that none is left for the end; small
 * ones in batches, for which a question to the main thread costs as much as for one.
 */
import type { StretchToSave } from './cut-task.js';
import type { FileSink } from './executor.js';
import type { FileResult, FileToSave } from './file-task.js';
import { SMALL_FILE } from './file-task.js';

export interface SaveRequest extends FileToSave {
  /** Of a file that was cut already, what is to be saved; undefined for all of it. */
  readonly stretch?: StretchToSave;
  readonly size: number;
  readonly sink: FileSink;
  readonly signal: AbortSignal | undefined;
  done(result: FileResult): void;
  failed(error: unknown): void;
}

export interface Batch {
  readonly requests: readonly SaveRequest[];
  readonly areSmall: boolean;
}

const BATCH_FILES = 64;
const BATCH_BYTES = 1024 * 1024;

export class SaveQueue {
  readonly #large: SaveRequest[] = [];
  #small: SaveRequest[] = [];

  add(request: SaveRequest): void {
    if (request.size < SMALL_FILE && request.stretch === undefined) this.#small.push(request);
    else this.#large.push(request);
  }

  /** undefined if nothing waits. */
  take(): Batch | undefined {
    const [first] = this.#large;
    if (first !== undefined) {
      const largest = this.#large.reduce((best, one) => (one.size > best.size ? one : best), first);
      this.#large.splice(this.#large.indexOf(largest), 1);
      return { requests: [largest], areSmall: false };
    }
    const requests: SaveRequest[] = [];
    let bytes = 0;
    for (const one of this.#small) {
      if (requests.length === BATCH_FILES || bytes + one.size > BATCH_BYTES) break;
      requests.push(one);
      bytes += one.size;
    }
    this.#small = this.#small.slice(requests.length);
    return requests.length === 0 ? undefined : { requests, areSmall: true };
  }
}
