/**
 * The Rabin fingerprint's two tables for one polynomial P of degree 53, 256 entries each, as 32-bit halves:
 *
 *     out[b] = b·x^(8·63) mod P                          takes the byte that leaves the window out of the digest
 *     mod[b] = (b·x^53 mod P) | b·x^53                   clears the eight bits that have grown beyond degree 52
 *
 * Sliding a byte in: d ^= out[leaving]; d = (d << 8 | byte) ^ mod[d >> 45]. d has 53 bits before and after, 61 between.
 */
import type { Polynomial } from './polynomial.js';
import { CHUNKER_DEGREE } from './polynomial.js';

export const WINDOW_SIZE = 64;

export interface RabinTables {
  readonly outLow: Int32Array;
  readonly outHigh: Int32Array;
  readonly modLow: Int32Array;
  readonly modHigh: Int32Array;
}

/** `polynomial` must have degree 53. About 0.1 ms. */
export function rabinTables(polynomial: Polynomial): RabinTables {
  const out = table(powersOfX(polynomial, 8 * (WINDOW_SIZE - 1)));
  const mod = table(powersOfX(polynomial, CHUNKER_DEGREE).map((rest, bit) => rest | (1n << BigInt(53 + bit))));
  return { outLow: out.low, outHigh: out.high, modLow: mod.low, modHigh: mod.high };
}

/** x^first mod P and the seven powers after it. */
function powersOfX(polynomial: Polynomial, first: number): bigint[] {
  const powers: bigint[] = [];
  let power = 1n;
  for (let exponent = 0; exponent < first + 8; exponent++) {
    if (exponent >= first) powers.push(power);
    power <<= 1n;
    if (power >> 53n !== 0n) power ^= polynomial;
  }
  return powers;
}

/** Both tables are linear over GF(2): an entry is the sum of those of its bits. */
function table(ofBits: readonly bigint[]): { low: Int32Array; high: Int32Array } {
  const low = new Int32Array(256);
  const high = new Int32Array(256);
  for (const [bit, value] of ofBits.entries()) {
    const lowHalf = Number(BigInt.asIntN(32, value));
    const highHalf = Number(BigInt.asIntN(32, value >> 32n));
    for (let byte = 0; byte < 256; byte++) {
      if (((byte >> bit) & 1) === 0) continue;
      low[byte] = (low[byte] ?? 0) ^ lowHalf;
      high[byte] = (high[byte] ?? 0) ^ highHalf;
    }
  }
  return { low, high };
}
