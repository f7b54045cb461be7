/**
 * The Rabin fingerprint's two tables for one polynomial P of degree 53, 256 entries each, as 32-bit halves:
 *
 *     out[b] = b·x^(8·63) mod P                          takes the byte that leaves the window out of the digest
 *     mod[b] = (b·x^53 mod P) | b·x^53                   clears the eight bits that have grown beyond degree 52
 *
 * Sliding a byte in: d ^= out[leaving]; d = (d << 8 | byte) ^ mod[d >> 45]. d has 53 bits before and after, 61 between.
 */
import type { Polynomial } from './polynomial.js';
import { modulo } from './polynomial.js';

export const WINDOW_SIZE = 64;

export interface RabinTables {
  readonly outLow: Int32Array;
  readonly outHigh: Int32Array;
  readonly modLow: Int32Array;
  readonly modHigh: Int32Array;
}

/** `polynomial` must have degree 53. */
export function rabinTables(polynomial: Polynomial): RabinTables {
  const out = table((b) => modulo(b << BigInt(8 * (WINDOW_SIZE - 1)), polynomial));
  const mod = table((b) => modulo(b << 53n, polynomial) | (b << 53n));
  return { outLow: out.low, outHigh: out.high, modLow: mod.low, modHigh: mod.high };
}

/** `entry` is linear over GF(2): eight entries are computed, the others are their sums. */
function table(entry: (byte: bigint) => bigint): { low: Int32Array; high: Int32Array } {
  const low = new Int32Array(256);
  const high = new Int32Array(256);
  for (let bit = 0; bit < 8; bit++) {
    const value = entry(1n << BigInt(bit));
    for (let byte = 0; byte < 256; byte++) {
      if (((byte >> bit) & 1) === 0) continue;
      low[byte] = (low[byte] ?? 0) ^ Number(BigInt.asIntN(32, value));
      high[byte] = (high[byte] ?? 0) ^ Number(BigInt.asIntN(32, value >> 32n));
    }
  }
  return { low, high };
}
