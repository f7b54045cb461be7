import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Bytes } from '../../src/base/bytes.js';
import type { Chunker } from '../../src/chunker/chunker.js';
import {
  createChunker,
  createPlainChunker,
  createWasmChunker,
  MAX_CHUNK,
  MIN_CHUNK,
} from '../../src/chunker/chunker.js';
import type { Polynomial } from '../../src/chunker/polynomial.js';
import { modulo, parsePolynomial } from '../../src/chunker/polynomial.js';

const MIB = 1024 * 1024;
const P = 0x25b468838dcb75n;

function wasmChunker(polynomial: Polynomial): Chunker {
  const chunker = createWasmChunker(polynomial);
  if (chunker === undefined) throw new Error('WebAssembly does not work here');
  return chunker;
}

const makers = [
  ['plain', createPlainChunker],
  ['wasm', wasmChunker],
  ['chosen', createChunker],
] as const;

/** xorshift32 (Marsaglia 2003), as little-endian words. */
function randomData(length: number, seed: number): Bytes {
  const words = new Int32Array(Math.ceil(length / 4));
  let state = seed | 0 || 1;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return new Uint8Array(words.buffer, 0, length);
}

/** Lengths of the chunks, the last one included. Each call to next() gets at most the next of `steps` bytes. */
function chunkLengths(chunker: Chunker, data: Bytes, steps: readonly number[] = [data.length]): number[] {
  chunker.reset();
  const lengths: number[] = [];
  let start = 0;
  for (let at = 0, i = 0; at < data.length; i++) {
    const to = Math.min(data.length, at + (steps[i % steps.length] ?? 1));
    const cut = chunker.next(data, at, to);
    if (cut >= 0) {
      expect(cut).toBeGreaterThan(at);
      expect(cut).toBeLessThanOrEqual(to);
      lengths.push(cut - start);
      start = cut;
    }
    at = cut >= 0 ? cut : to;
  }
  if (start < data.length) lengths.push(data.length - start);
  return lengths;
}

/** By definition: the fingerprint of the last 64 bytes, as one polynomial division. */
function isCut(data: Bytes, end: number, polynomial: Polynomial): boolean {
  let value = 0n;
  for (let i = end - 64; i < end; i++) value = (value << 8n) | BigInt(data[i] ?? 0);
  return (modulo(value, polynomial) & 0xfffffn) === 0n;
}

describe.each(makers)('known answers, %s', (_, make) => {
  test('restic 0.14, 0.18 and 0.19 cut these 32 MiB in the same places', () => {
    const data = randomData(32 * MIB, 0x9e3779b9);
    data.fill(0, 10 * MIB + 12_345, 13 * MIB + 777);
    data.fill(0xa5, 15 * MIB + 1, 26 * MIB + 3);
    for (const [polynomial, lengths] of Object.entries(RESTIC_CUTS)) {
      expect(chunkLengths(make(parsePolynomial(polynomial)), data)).toEqual(lengths);
    }
  });

  test('zeros are cut at the minimum', () => {
    expect(chunkLengths(make(P), new Uint8Array(2 * MIN_CHUNK + 1000))).toEqual([MIN_CHUNK, MIN_CHUNK, 1000]);
  });

  test('a constant byte is cut at the maximum, wherever the calls end', () => {
    const ones = new Uint8Array(2 * MAX_CHUNK + 5).fill(1);
    expect(chunkLengths(make(P), ones)).toEqual([MAX_CHUNK, MAX_CHUNK, 5]);
    expect(chunkLengths(make(P), ones, [MAX_CHUNK - 1, 1, 7])).toEqual([MAX_CHUNK, MAX_CHUNK, 5]);
    expect(chunkLengths(make(P), ones, [65_536])).toEqual([MAX_CHUNK, MAX_CHUNK, 5]);
  });

  test('nothing, one byte, and just below the minimum', () => {
    const chunker = make(P);
    expect(chunker.next(new Uint8Array(0), 0, 0)).toBe(-1);
    expect(chunker.next(new Uint8Array(10), 5, 5)).toBe(-1);
    chunker.reset();
    expect(chunker.next(new Uint8Array(MIN_CHUNK - 1), 0, MIN_CHUNK - 1)).toBe(-1);
    expect(chunker.next(new Uint8Array(1), 0, 1)).toBe(1);
  });

  test('reset forgets the chunk that was begun', () => {
    const data = randomData(3 * MIB, 5);
    const chunker = make(P);
    const expected = chunkLengths(chunker, data);
    chunker.next(randomData(700_001, 6), 0, 700_001);
    expect(chunkLengths(chunker, data)).toEqual(expected);
  });
});

test('each cut is where the definition says, and there is none before it', () => {
  const data = randomData(MIB + MIN_CHUNK, 77);
  const cut = wasmChunker(P).next(data, 0, data.length);
  const end = cut >= 0 ? cut : data.length;
  if (cut >= 0) expect(isCut(data, cut, P)).toBe(true);
  // A polynomial division per place is slow: a sample of the places before the cut.
  for (let at = MIN_CHUNK; at < end; at += 397) expect(isCut(data, at, P)).toBe(false);
});

test('two chunkers at once do not disturb each other, nor do two polynomials', () => {
  const data = randomData(5 * MIB, 11);
  const other = parsePolynomial('214163799472d5');
  const expected = [P, other, P].map((p) => chunkLengths(createPlainChunker(p), data));
  const found = [P, other, P].map((p) => ({ chunker: wasmChunker(p), lengths: [0] }));
  for (let at = 0; at < data.length; at += 50_000) {
    for (const { chunker, lengths } of found) {
      const to = Math.min(data.length, at + 50_000);
      for (let from = at; from < to; ) {
        const cut = chunker.next(data, from, to);
        lengths.push((lengths.pop() ?? 0) + (cut >= 0 ? cut : to) - from);
        if (cut >= 0) lengths.push(0);
        from = cut >= 0 ? cut : to;
      }
    }
  }
  expect(found.map(({ lengths }) => lengths.filter((length) => length > 0))).toEqual(expected);
});

describe('the kernel agrees with its twin', () => {
  const step = fc.oneof(
    fc.integer({ min: 1, max: 200 }).map((n) => n * 1000 + 1),
    fc.constantFrom(1, 63, 64, 65, 4096, 65_535, 65_536, 65_537, MIN_CHUNK - 65, MIN_CHUNK - 64, MIN_CHUNK, MIB),
  );
  // Steps of one byte only beside large ones, for the sake of time.
  const steps = fc.array(step, { minLength: 1, maxLength: 6 }).map((list) => [...list, 300_007]);
  const seed = fc.integer();

  /** A polynomial of any kind serves here, irreducible or not. */
  const polynomial = fc.bigInt({ min: 0n, max: (1n << 53n) - 1n }).map((low) => (1n << 53n) | low | 1n);

  function agree(data: Bytes, p: Polynomial, sizes: readonly number[]): void {
    const expected = chunkLengths(createPlainChunker(p), data);
    expect(chunkLengths(wasmChunker(p), data, sizes)).toEqual(expected);
    expect(chunkLengths(createPlainChunker(p), data, sizes)).toEqual(expected);
  }

  test('random data', () => {
    const length = fc.integer({ min: 0, max: 4 * MIB });
    fc.assert(
      fc.property(seed, length, polynomial, steps, (s, n, p, sizes) => agree(randomData(n, s), p, sizes)),
      { numRuns: 25 },
    );
  });

  test('periodic data, where many places are cuts or none is', () => {
    const unit = fc.uint8Array({ minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(unit, polynomial, steps, (piece, p, sizes) => {
        const data = new Uint8Array(2 * MIB);
        for (let at = 0; at < data.length; at += piece.length) data.set(piece.subarray(0, data.length - at), at);
        agree(data, p, sizes);
      }),
      { numRuns: 15 },
    );
  });

  // The 64 bytes before a cut of random data, planted in constant data: a cut exactly there.
  const source = randomData(6 * MIB, 3);
  const natural = createPlainChunker(P).next(source, 0, source.length);
  const pattern = source.subarray(natural - 64, natural);
  const first = MIN_CHUNK - 64;
  const quarter = 65_536 / 4;

  test('a cut at every place of a block, first and last byte included', () => {
    for (const offset of [
      64,
      65,
      66,
      255,
      quarter,
      quarter + 1,
      2 * quarter,
      3 * quarter,
      65_535,
      65_536,
      65_537,
      131_072,
      200_001,
    ]) {
      const data = new Uint8Array(MIN_CHUNK + 300_000).fill(1);
      data.set(pattern, first + offset - 64);
      for (const make of [createPlainChunker, wasmChunker]) {
        expect(make(P).next(data, 0, data.length), `offset ${offset}`).toBe(first + offset);
      }
    }
  });

  test('of two cuts in one block the first counts, whichever stretches they are in', () => {
    const places = [0, 1, 2, 3].flatMap((stretch) => [300, 9000].map((at) => 65_536 + stretch * quarter + at));
    for (const one of places) {
      for (const other of places.filter((place) => place > one)) {
        const data = new Uint8Array(MIN_CHUNK + 140_000).fill(1);
        for (const place of [one, other]) data.set(pattern, first + place - 64);
        expect(wasmChunker(P).next(data, 0, data.length), `${one} and ${other}`).toBe(first + one);
      }
    }
  });
});

/**
 * Lengths of the blobs that `restic backup` made of the data above (0.18.0, 0.19.1 and 0.14.0 in this order), by the
 * polynomial of each repository; read with `restic cat blob`.
 */
const RESTIC_CUTS: Readonly<Record<string, readonly number[]>> = {
  '214163799472d5': [
    2683553, 1539292, 542144, 1535112, 4198068, 524288, 524288, 524288, 524288, 524288, 1186445, 8388608, 4701307,
    1263435, 4895028,
  ],
  '3d79b5c194c911': [
    1671995, 636038, 804908, 729283, 2463860, 534695, 2443863, 977396, 524288, 524288, 524288, 524288, 524288, 524288,
    621365, 1343839, 8388608, 4177101, 748330, 1228034, 844346, 562476, 842858, 909081, 480628,
  ],
  '235007d879d22d': [
    3802814, 753742, 1685809, 2407414, 1071623, 776767, 524288, 524288, 524288, 524288, 524288, 1781936, 8388608,
    4703453, 1303956, 1512728, 1635628, 1031494, 77020,
  ],
};
