import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { concatBytes, utf8 } from '../../src/base/bytes.js';
import { compressByContent } from '../../src/compress/choose-level.js';
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
