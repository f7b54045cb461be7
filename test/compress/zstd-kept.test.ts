import * as zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Bytes } from '../../src/base/bytes.js';
import { loadZstd } from '../../src/compress/zstd.js';
import type { StreamFactory } from '../../src/compress/zstd-kept.js';
import { compressBound, probeKept } from '../../src/compress/zstd-kept.js';
import { nativeZstd } from '../../src/compress/zstd-native.js';
import { loadWasmZstd } from '../../src/compress/zstd-wasm.js';
import { noise } from '../helpers/repository.js';

const wasm = await loadWasmZstd();
const chosen = await loadZstd();

function hasStreams(module: object): module is StreamFactory {
  return 'createZstdCompress' in module && 'createZstdDecompress' in module;
}

const withZstd = hasStreams(zlib) ? zlib : undefined;

const data = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 400_000 })).map(([byte, length]) => {
    return new Uint8Array(length).fill(byte);
  }),
  fc.integer({ min: 1, max: 300_000 }).map((length) => noise(length)),
);

/** What was compressed, with one byte in the middle changed. */
function damaged(frame: Bytes): Bytes {
  const changed = frame.slice();
  const middle = changed.length >> 1;
  changed[middle] = (changed[middle] ?? 0) ^ 0x55;
  return changed;
}

describe.each([
  ['the chosen codec', chosen],
  ['zstd-codec', wasm],
] as const)('%s, in memory of its own or of the caller', (_, zstd) => {
  test('gives what the other calls give, whatever came before', () => {
    fc.assert(
      fc.property(fc.array(data, { minLength: 1, maxLength: 4 }), fc.constantFrom(-3, 1, 3), (blobs, level) => {
        for (const blob of blobs) {
          const frame = zstd.compressBriefly(blob, level).slice();
          expect(frame.length).toBeLessThan(compressBound(blob.length));
          expect(zstd.unpacksTo(zstd.compressBriefly(blob, level), blob)).toBe(true);
          const into = new Uint8Array(blob.length);
          zstd.decompressInto(frame, into, 'x');
          expect(Buffer.compare(into, blob)).toBe(0);
          expect(Buffer.compare(wasm.decompress(frame, blob.length, 'x'), blob)).toBe(0);
        }
      }),
      { numRuns: 15 },
    );
  });

  test('sees any other content, a shorter and a longer one, and a broken frame; and goes on after each', () => {
    const blob = noise(300_000).fill(7, 100_000, 250_000);
    const frame = zstd.compress(blob);
    for (const at of [0, 131_071, 131_072, 200_000, 299_999]) {
      const other = blob.slice();
      other[at] = (other[at] ?? 0) ^ 1;
      expect(zstd.unpacksTo(frame, other)).toBe(false);
      expect(zstd.unpacksTo(frame, blob)).toBe(true);
    }
    expect(zstd.unpacksTo(frame, blob.subarray(1))).toBe(false);
    expect(zstd.unpacksTo(frame, new Uint8Array([...blob, 0]))).toBe(false);
    expect(zstd.unpacksTo(frame.subarray(0, -1), blob)).toBe(false);
    expect(zstd.unpacksTo(damaged(frame), blob)).toBe(false);
    expect(() => zstd.decompressInto(frame, new Uint8Array(blob.length + 1), 'blob 1')).toThrow(/blob 1/);
    expect(() => zstd.decompressInto(frame, new Uint8Array(blob.length - 1), 'blob 1')).toThrow(/blob 1/);
    expect(() => zstd.decompressInto(frame.subarray(0, -1), new Uint8Array(blob.length), 'blob 1')).toThrow(/blob 1/);
    expect(zstd.unpacksTo(frame, blob)).toBe(true);
  });
});

describe('contexts that are kept', () => {
  test.runIf(withZstd)('are in use where node has zstd', () => {
    expect(withZstd && probeKept(withZstd)).toBeDefined();
  });

  test('are not used where the inside of a stream is another', () => {
    const strange = [
      {},
      { _handle: {}, _writeState: new Uint32Array(2) },
      { _handle: { writeSync: () => undefined }, _writeState: [0, 0] },
      { _handle: { writeSync: () => undefined }, _writeState: new Uint32Array(2) },
      {
        _handle: {
          writeSync: () => {
            throw new TypeError('other arguments');
          },
        },
        _writeState: new Uint32Array(2),
      },
    ];
    for (const stream of strange) {
      expect(probeKept({ createZstdCompress: () => stream, createZstdDecompress: () => stream })).toBeUndefined();
    }
  });

  test.runIf(withZstd)('a context that lies about what it did is found by the probe', () => {
    if (withZstd === undefined) return;
    const counters = new Uint32Array(2);
    const lies = { _handle: { writeSync: () => counters.fill(0) }, _writeState: counters };
    expect(probeKept({ ...withZstd, createZstdDecompress: () => lies })).toBeUndefined();
  });

  test.runIf(withZstd)('the documented functions do the same without them', () => {
    const plain = nativeZstd({ ...zlib, createZstdCompress: undefined });
    const blob = noise(200_000).fill(3, 1000, 150_000);
    const frame = plain?.compressBriefly(blob, -3);
    expect(frame && plain?.unpacksTo(frame, blob)).toBe(true);
    expect(frame && plain?.unpacksTo(damaged(frame), blob)).toBe(false);
    const into = new Uint8Array(blob.length);
    if (frame) chosen.decompressInto(frame, into, 'x');
    expect(Buffer.compare(into, blob)).toBe(0);
  });
});
