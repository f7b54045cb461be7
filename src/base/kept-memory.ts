/** Memory for work that is over before the next call: kept and grown, so that a hot path allocates nothing. */
import type { Bytes } from './bytes.js';

/**
 * A function that gives memory of at least so many bytes, with anything in them, the same on every call. Above
 * `largest` it is new memory, which goes again: one huge blob is not to be paid for to the end.
 */
export function keptMemory(largest: number): (length: number) => Bytes {
  let memory = new Uint8Array(0);
  return (length) => {
    if (length > largest) return new Uint8Array(length);
    if (length > memory.length) memory = new Uint8Array(Math.max(length, Math.min(2 * memory.length, largest)));
    return memory;
  };
}

/** Memory of its own that is about to be written from end to end: clearing 1 MiB takes as long as unpacking it. */
export function uninitialized(length: number): Bytes {
  const { buffer, byteOffset } = Buffer.allocUnsafeSlow(length);
  return new Uint8Array(buffer, byteOffset, length);
}
