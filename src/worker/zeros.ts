/** Runs of zeros, which a sparse file does not store. */
import type { Bytes } from '../base/bytes.js';

/** File systems keep holes in units of this. */
const BLOCK = 4096;
const ZEROS = Buffer.alloc(64 * 1024);

/** How many bytes at the beginning are zeros: all of them, or whole blocks. */
export function zerosAtStart(bytes: Bytes): number {
  let at = 0;
  for (const step of [ZEROS.length, BLOCK]) while (at + step <= bytes.length && isZero(bytes, at, step)) at += step;
  const rest = bytes.length - at;
  return rest < BLOCK && isZero(bytes, at, rest) ? bytes.length : at;
}

function isZero(bytes: Bytes, at: number, length: number): boolean {
  return Buffer.compare(ZEROS.subarray(0, length), bytes.subarray(at, at + length)) === 0;
}
