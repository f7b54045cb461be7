import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type Bytes, concatBytes, utf8 } from '../../src/base/bytes.js';
import { compressByContent, newLevelMemory } from '../../src/compress/choose-level.js';
import { DEFAULT_LEVEL, QUICK_LEVEL } from '../../src/compress/level.js';
import { loadZstd } from '../../src/compress/zstd.js';
import { loadWasmZstd } from '../../src/compress/zstd-wasm.js';
import { noise } from '../helpers/repository.js';

const wasm = await loadWasmZstd();
const chosen = await loadZstd();

const text = utf8(
  Array.from({ length: 40_000 }, (_, i) => `"minecraft:block_${(i * 7919) % 613}": ${(i * i) % 9973},\n`).join(''),
);
/** Noise of which no part is like another. */
const dense = noise(1_500_000);
/** As a region file: zlib'd chunks, each filled up with zeros to a multiple of 4 KiB. */
const region = concatBytes(
  Array.from({ length: 60 }, (_, i) => {
    const packed = deflateSync(dense.subarray(20_000 * i, 20_000 * i + 6000 + 100 * i));
    return concatBytes([packed, new Uint8Array(-packed.length & 4095)]);
  }),
);
const copies = concatBytes(Array.from({ length: 10 }, () => dense.subarray(0, 90_000)));

describe.each([
  ['the chosen codec', chosen],
  ['zstd-codec', wasm],
] as const)('%s', (_, zstd) => {
  test.each([
    ['noise', dense.subarray(0, 1_000_000), QUICK_LEVEL],
    ['noise of a size that a sample just pays for', dense.subarray(0, 16 * 1024), QUICK_LEVEL],
    ['a region file', region, QUICK_LEVEL],
    ['text', text, DEFAULT_LEVEL],
    ['text of a few bytes', text.subarray(0, 500), DEFAULT_LEVEL],
    ['text after noise', concatBytes([dense.subarray(0, 900_000), text]), DEFAULT_LEVEL],
    ['bytes that are few, without repetition', dense.subarray(0, 200_000).map((byte) => byte & 15), DEFAULT_LEVEL],
    ['noise that repeats itself', copies, DEFAULT_LEVEL],
  ])('%s', (_name, data, level) => {
    const found = compressByContent(zstd, data).slice();
    expect(Buffer.compare(found, zstd.compress(data, level))).toBe(0);
    expect(Buffer.compare(zstd.decompress(found, data.length, 'x'), data)).toBe(0);
  });

  test('what is chosen costs next to nothing', () => {
    for (const data of [region, text, copies, concatBytes([region, text.subarray(0, 20_000)])]) {
      const best = zstd.compress(data, DEFAULT_LEVEL).length;
      expect(compressByContent(zstd, data).length).toBeLessThan(1.01 * best);
    }
  });
});

describe('pages of one file', () => {
  const PAGE = 16 * 1024;
  const pagesOf = (data: Bytes): Bytes[] =>
    Array.from({ length: Math.floor(data.length / PAGE) }, (_, i) => data.subarray(i * PAGE, (i + 1) * PAGE));

  test('a sample speaks for 256 KiB of it', () => {
    let calls = 0;
    const counting = {
      ...chosen,
      compressBriefly: (data: Bytes, level?: number) => {
        calls += 1;
        return chosen.compressBriefly(data, level);
      },
    };
    const memory = newLevelMemory();
    const costs = pagesOf(dense.subarray(0, 40 * PAGE)).map((page) => {
      calls = 0;
      compressByContent(counting, page, memory);
      return calls;
    });
    expect(costs).toEqual(costs.map((_, i) => (i % 16 === 0 ? 3 : 1)));
  });

  test.each([
    ['a region file', region, 1.01],
    ['text', text, 1.01],
    // 12 pages of text are taken for more of the other.
    ['text after 20 pages of a region file', concatBytes([region.subarray(0, 20 * PAGE), text]), 1.1],
  ])('%s: little is lost', (_name, data, most) => {
    const memory = newLevelMemory();
    let best = 0;
    let found = 0;
    for (const page of pagesOf(data)) {
      best += chosen.compress(page, DEFAULT_LEVEL).length;
      const frame = compressByContent(chosen, page, memory).slice();
      expect(Buffer.compare(chosen.decompress(frame, page.length, 'x'), page)).toBe(0);
      found += frame.length;
    }
    expect(found).toBeLessThan(most * best);
  });

  test('a large chunk is always sampled, and a small one believes no other file', () => {
    const memory = newLevelMemory();
    compressByContent(chosen, dense.subarray(0, 1_000_000), memory);
    expect(compressByContent(chosen, text.subarray(0, PAGE), memory).length).toBe(
      chosen.compress(text.subarray(0, PAGE), DEFAULT_LEVEL).length,
    );
    compressByContent(chosen, dense.subarray(0, PAGE), memory);
    expect(compressByContent(chosen, text.subarray(0, PAGE), newLevelMemory()).length).toBe(
      chosen.compress(text.subarray(0, PAGE), DEFAULT_LEVEL).length,
    );
  });
});
