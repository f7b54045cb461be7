/**
 * Polynomials over GF(2), bit i of a bigint being the coefficient of x^i; and the chunker's polynomial, which each
 * repository draws once and keeps in its config as lowercase hex without padding (`"25b468838dcb75"`): degree 53,
 * irreducible. It decides where files are cut, so it is checked before anything is written with it.
 */
import type { Bytes } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';

export type Polynomial = bigint;

export const CHUNKER_DEGREE = 53;

/** Degree; -1 for the zero polynomial. */
export function degree(p: Polynomial): number {
  return p === 0n ? -1 : p.toString(2).length - 1;
}

/** Remainder of `p` divided by `divisor`, which must not be zero. */
export function modulo(p: Polynomial, divisor: Polynomial): Polynomial {
  const target = degree(divisor);
  let rest = p;
  for (let d = degree(rest); d >= target; d = degree(rest)) rest ^= divisor << BigInt(d - target);
  return rest;
}

/** Ben-Or's test: no factor of degree i up to half of p's, that is gcd(x^(2^i) - x, p) = 1. False below degree 1. */
export function isIrreducible(p: Polynomial): boolean {
  const half = Math.floor(degree(p) / 2);
  let power = modulo(0b10n, p === 0n ? 1n : p);
  for (let i = 1; i <= half; i++) {
    power = modulo(square(power), p);
    if (greatestCommonDivisor(p, power ^ 0b10n) !== 1n) return false;
  }
  return degree(p) >= 1;
}

/** A random irreducible polynomial of degree 53; `randomBytes` must be a CSPRNG. */
export function randomPolynomial(randomBytes: (length: number) => Bytes): Polynomial {
  // About one in 26 candidates is irreducible; 10,000 failures mean that the random bytes are not random.
  for (let attempt = 0; attempt < 10_000; attempt++) {
    const bytes = randomBytes(8);
    const drawn = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
    const candidate = (drawn & ((1n << 53n) - 1n)) | (1n << 53n) | 1n;
    if (isIrreducible(candidate)) return candidate;
  }
  throw new SyncError('internal', 'no chunker polynomial found: the random generator does not work');
}

/** Throws 'damaged' for anything but the hex form of an irreducible polynomial of degree 53. */
export function parsePolynomial(hex: string): Polynomial {
  const shown = JSON.stringify(hex.slice(0, 40));
  if (!/^[0-9a-f]{1,16}$/i.test(hex)) {
    throw new SyncError('damaged', `config: the chunker polynomial ${shown} is not a hexadecimal number of 64 bits`);
  }
  const p = BigInt(`0x${hex}`);
  if (degree(p) !== CHUNKER_DEGREE) {
    throw new SyncError('damaged', `config: the chunker polynomial ${shown} has degree ${degree(p)} instead of 53`);
  }
  if (!isIrreducible(p)) throw new SyncError('damaged', `config: the chunker polynomial ${shown} is not irreducible`);
  return p;
}

export function formatPolynomial(p: Polynomial): string {
  return p.toString(16);
}

/** Over GF(2) the square of a sum is the sum of the squares: each bit i moves to 2i. */
function square(p: Polynomial): Polynomial {
  let out = 0n;
  for (let i = 0, bits = p; bits !== 0n; i += 2, bits >>= 1n) if ((bits & 1n) === 1n) out |= 1n << BigInt(i);
  return out;
}

function greatestCommonDivisor(a: Polynomial, b: Polynomial): Polynomial {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, modulo(x, y)];
  return x;
}
