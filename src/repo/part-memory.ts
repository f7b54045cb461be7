/**
 * Memory for downloaded parts that is used again and again. Fresh memory for each (4 MiB, 850 MB in all for a game of
 * 1 GB) must be cleared by the system and found by the garbage collector, which comes late: that was 100 MB of the peak.
 */
import type { Bytes } from '../base/bytes.js';

/** Smaller parts are not worth it. */
const MIN_LENGTH = 64 * 1024;

export class PartMemory {
  readonly #size: number;
  readonly #idle: Bytes[] = [];

  /** `size`: bytes of most parts at most; larger ones get none. */
  constructor(size: number) {
    this.#size = size;
  }

  /** At least `length` bytes; undefined where new memory is as good. */
  take(length: number): Bytes | undefined {
    if (length < MIN_LENGTH || length > this.#size) return undefined;
    return this.#idle.pop() ?? new Uint8Array(this.#size);
  }

  /** What was taken, or any other bytes, which are passed over. */
  giveBack({ buffer }: Bytes): void {
    if (buffer.byteLength === this.#size) this.#idle.push(new Uint8Array(buffer));
  }
}
