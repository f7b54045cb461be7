import { randomFillSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSyncError } from '../../src/base/errors.js';
import {
  degree,
  formatPolynomial,
  isIrreducible,
  modulo,
  parsePolynomial,
  randomPolynomial,
} from '../../src/chunker/polynomial.js';
import { rabinTables } from '../../src/chunker/tables.js';

const poly = (max: bigint) => fc.bigInt({ min: 0n, max });

/** Schoolbook product over GF(2). */
function multiply(a: bigint, b: bigint): bigint {
  let out = 0n;
  for (let i = 0; i <= degree(b); i++) if (((b >> BigInt(i)) & 1n) === 1n) out ^= a << BigInt(i);
  return out;
}

function codeOf(hex: string): string {
  try {
    parsePolynomial(hex);
  } catch (error) {
    return isSyncError(error) ? error.code : 'another error';
  }
  return 'none';
}

describe('arithmetic', () => {
  test('degree', () => expect([0n, 1n, 2n, 3n, 1n << 53n].map(degree)).toEqual([-1, 0, 1, 1, 53]));

  test('a = q·b + r gives r back, of a smaller degree than b', () => {
    const max = 1n << 60n;
    fc.assert(
      fc.property(poly(max), fc.bigInt({ min: 1n, max }), poly(max), (q, b, some) => {
        const r = modulo(some, b);
        expect(degree(r)).toBeLessThan(degree(b));
        expect(modulo(multiply(q, b) ^ r, b)).toBe(r);
      }),
    );
  });
});

describe('isIrreducible', () => {
  test('agrees with trial division on every polynomial below degree 10', () => {
    for (let p = 0n; p < 1024n; p++) {
      let expected = degree(p) >= 1;
      for (let f = 2n; degree(f) * 2 <= degree(p); f++) if (modulo(p, f) === 0n) expected = false;
      expect(isIrreducible(p), p.toString(2)).toBe(expected);
    }
  });

  test('no product is irreducible', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 2n, max: 1n << 27n }), fc.bigInt({ min: 2n, max: 1n << 27n }), (a, b) => {
        expect(isIrreducible(multiply(a, b))).toBe(false);
      }),
    );
  });

  test('the square of an irreducible one is not', () => expect(isIrreducible(multiply(0b1011n, 0b1011n))).toBe(false));
});

describe('randomPolynomial', () => {
  test('irreducible, of degree 53, and through its hex form', () => {
    for (let i = 0; i < 10; i++) {
      const p = randomPolynomial((length) => randomFillSync(new Uint8Array(length)));
      expect(degree(p)).toBe(53);
      expect(p & 1n).toBe(1n);
      expect(parsePolynomial(formatPolynomial(p))).toBe(p);
    }
  });

  test('a broken generator is an error, not an endless loop', () => {
    expect(() => randomPolynomial((length) => new Uint8Array(length))).toThrow(/random generator/);
  });
});

describe('parsePolynomial', () => {
  test.each(['25b468838dcb75', '214163799472d5', '3d79b5c194c911', '3DA3358B4DC173'])('%s', (hex) => {
    expect(formatPolynomial(parsePolynomial(hex))).toBe(hex.toLowerCase());
  });

  test.each([
    '',
    '0',
    '1',
    '0x25b468838dcb75',
    '25b468838dcb7g',
    ' 25b468838dcb75',
    '25b468838dcb74',
    '20000000000001',
    '3ffffffffffffff',
    'b468838dcb75',
    '25b468838dcb75'.repeat(1000),
  ])('refuses %s', (hex) => expect(codeOf(hex)).toBe('damaged'));
});

test('tables hold what their definition says', () => {
  const p = 0x25b468838dcb75n;
  const { outLow, outHigh, modLow, modHigh } = rabinTables(p);
  const entry = (low: Int32Array, high: Int32Array, i: number) =>
    (BigInt((high[i] ?? 0) >>> 0) << 32n) | BigInt((low[i] ?? 0) >>> 0);
  for (let b = 0; b < 256; b++) {
    expect(entry(outLow, outHigh, b)).toBe(modulo(BigInt(b) << 504n, p));
    expect(entry(modLow, modHigh, b)).toBe(modulo(BigInt(b) << 53n, p) | (BigInt(b) << 53n));
  }
});
