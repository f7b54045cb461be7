import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Bytes } from '../../src/base/bytes.js';
import { concatBytes, fromBase64, fromHex, fromUtf8, toHex } from '../../src/base/bytes.js';
import { isSyncError } from '../../src/base/errors.js';
import { inspectFrame } from '../../src/compress/frame.js';
import { loadZstd } from '../../src/compress/zstd.js';
import { nativeZstd } from '../../src/compress/zstd-native.js';
import { loadWasmZstd } from '../../src/compress/zstd-wasm.js';

const MIB = 1024 * 1024;
const chosen = await loadZstd();
const wasm = await loadWasmZstd();
/** One codec on Node 20, two where node:zlib has zstd. */
const codecs = [...new Map([chosen, wasm].map((codec) => [codec.name, codec])).values()];
const named = codecs.map((codec) => [codec.name, codec] as const);

/** A snapshot as restic 0.19.1 wrote it (after the byte 2 that says zstd). */
const RESTIC_FRAME = fromBase64(
  'KLUv/UAANAHlCQDylUAfYEnzEx2BSp7PeRKRoybtFpmioObVtRXZMO1MdBSBFQsLnZRaK6Wb8Kx9SGuTLH7p5QKx00hryHF8A+hN' +
    '0quRpVByHD9GR6gd20eXl/j1KqNUZKSTSRzH8Q+MIyByjPBMYn+Ryul2FjvaQJH5W/3apEkYQH+s4Dih+pwJywUjA0HGAYDy2q/s' +
    'mKHS1j9IptcDrQ0XfCmt9W2CC54H7PinM9dSBBcFzMhn+PVoiAs9GJp5DUzg2CKuN1ywcgWy89Z5lbxbH18NJtWv14Giek9JHY0h' +
    'R/uIGHtQHRBh8MFWXjtk7Pi/Xi54ALU+KiF1jJPcSq4dge4AhAKOPs2Of8rLCgEVAEBOzweICpPIDGNOXoXKMkMASDp8VRhBXWAV' +
    'B5gEXJUHzsxrEhSTErhQVH+mZgBcG2JO4040',
);

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (isSyncError(error)) return error.code;
    throw error;
  }
  return 'none';
}

/** Text-like and compressible; any seed. */
function words(length: number, seed: number): Bytes {
  const out = new Uint8Array(length);
  let state = seed | 0 || 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    out[i] = 97 + ((state >>> 24) & (i % 11 === 0 ? 15 : 3));
  }
  return out;
}

function noise(length: number): Bytes {
  const words32 = new Int32Array(Math.ceil(length / 4));
  for (let i = 0, state = 7; i < words32.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words32[i] = state;
  }
  return new Uint8Array(words32.buffer, 0, length);
}

const same = (a: Bytes, b: Bytes) => Buffer.compare(a, b) === 0;
/** A frame header without content size: window of 2 MiB. */
const STREAM_HEADER = fromHex('28b52ffd0058');

/** One block's header: 3 bytes. */
function block(type: 'raw' | 'rle', size: number, last: boolean): Bytes {
  const value = (size << 3) | ((type === 'rle' ? 1 : 0) << 1) | (last ? 1 : 0);
  return Uint8Array.of(value & 0xff, (value >> 8) & 0xff, value >> 16);
}

/** The frame of a stream, whose header does not tell the size: of data above 3 MiB, which zstd-codec streams. */
function withoutSize(data: Bytes): Bytes {
  const frame = wasm.compress(data);
  const out = concatBytes([frame.subarray(0, 6), frame.subarray(10)]);
  out[4] = (out[4] ?? 0) & 0x3f;
  return out;
}

describe.each(named)('%s', (_, codec) => {
  test('round trip, readable by every codec, the size in the header', () => {
    const level = fc.constantFrom(undefined, 1, 3, 5, 19);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), level, (data, l) => {
        const frame = codec.compress(data, l);
        expect(inspectFrame(frame, data.length, 'x').contentSize).toBe(data.length);
        for (const reader of codecs) expect(toHex(reader.decompress(frame, data.length, 'x'))).toBe(toHex(data));
      }),
    );
  });

  test.each([MIB, 3 * MIB, 3 * MIB + 1, 8 * MIB])('%i bytes, text and noise', (length) => {
    for (const data of [words(length, 1), noise(length), new Uint8Array(length)]) {
      const frame = codec.compress(data);
      expect(inspectFrame(frame, length, 'x').contentSize).toBe(length);
      for (const reader of codecs) expect(same(reader.decompress(frame, length, 'x'), data)).toBe(true);
    }
  });

  test('text becomes smaller, noise hardly larger', () => {
    expect(codec.compress(words(MIB, 1)).length).toBeLessThan(MIB / 2);
    expect(codec.compress(noise(8 * MIB)).length).toBeLessThan(8 * MIB + 1000);
  });

  test('equal input gives equal output', () => {
    const data = words(100_000, 4);
    expect(same(codec.compress(data), codec.compress(data))).toBe(true);
  });

  test("a frame of restic's", () => {
    const text = fromUtf8(codec.decompress(RESTIC_FRAME, 10_000, 'snapshot'));
    expect(JSON.parse(text).program_version).toMatch(/^restic 0\.19\.1/);
  });

  test('frames without a size in the header', () => {
    const data = words(4 * MIB, 9);
    const frame = withoutSize(data);
    expect(inspectFrame(frame, data.length, 'x').contentSize).toBeUndefined();
    expect(same(codec.decompress(frame, data.length, 'x'), data)).toBe(true);
    expect(same(codec.decompress(frame, 100 * MIB, 'x'), data)).toBe(true);
    expect(codeOf(() => codec.decompress(frame, data.length - 1, 'x'))).toBe('damaged');
    expect(codeOf(() => codec.decompress(frame, 0, 'x'))).toBe('damaged');
  });

  test('raw and RLE blocks made by hand', () => {
    const frame = concatBytes([
      STREAM_HEADER,
      block('raw', 3, false),
      fromHex('010203'),
      block('rle', 5, true),
      fromHex('07'),
    ]);
    expect(toHex(codec.decompress(frame, 8, 'x'))).toBe('0102030707070707');
    expect(codeOf(() => codec.decompress(frame, 7, 'x'))).toBe('damaged');
  });

  test('bombs: the size in the header, many RLE blocks, and compressed blocks', () => {
    const zeros = codec.compress(new Uint8Array(16 * MIB));
    expect(codeOf(() => codec.decompress(zeros, 8 * MIB, 'x'))).toBe('damaged');
    const rle = concatBytes([block('rle', 128 * 1024, false), fromHex('00')]);
    const many = concatBytes([STREAM_HEADER, ...Array.from({ length: 100_000 }, () => rle), block('raw', 0, true)]);
    // Found by the block headers alone, before a byte is unpacked.
    expect(codeOf(() => inspectFrame(many, 8 * MIB, 'x'))).toBe('damaged');
    expect(codeOf(() => codec.decompress(many, 8 * MIB, 'x'))).toBe('damaged');
    const long = new Uint8Array(64 * MIB);
    for (let i = 0; i < long.length; i += 100_000) long[i] = 1;
    const unsized = withoutSize(long);
    // Node 26 counts a new array some time after it was made.
    const before = Math.max(process.memoryUsage().arrayBuffers, long.length + unsized.length);
    expect(codeOf(() => codec.decompress(unsized, MIB, 'x'))).toBe('damaged');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * MIB);
  });

  test('a size in the header that is not the real one', () => {
    const frame = codec.compress(words(1000, 3));
    const small = frame.slice();
    small[5] = (small[5] ?? 0) - 1;
    expect(codeOf(() => codec.decompress(small, 10_000, 'x'))).toBe('damaged');
    const large = frame.slice();
    large[5] = (large[5] ?? 0) + 1;
    expect(codeOf(() => codec.decompress(large, 10_000, 'x'))).toBe('damaged');
  });

  test('cut anywhere, followed by anything, empty, foreign: damaged, and the message names it', () => {
    const frame = codec.compress(words(3000, 2));
    for (let length = 0; length < frame.length; length += 7) {
      expect(
        codeOf(() => codec.decompress(frame.subarray(0, length), 3000, 'x')),
        `${length} bytes`,
      ).toBe('damaged');
    }
    expect(codeOf(() => codec.decompress(frame.subarray(0, frame.length - 1), 3000, 'x'))).toBe('damaged');
    expect(codeOf(() => codec.decompress(concatBytes([frame, frame]), 9000, 'x'))).toBe('damaged');
    expect(codeOf(() => codec.decompress(concatBytes([frame, new Uint8Array(1)]), 9000, 'x'))).toBe('damaged');
    expect(() => codec.decompress(words(100, 1), 1000, 'index 12345678')).toThrow(/index 12345678/);
  });

  test('flipped bits never give more than allowed, nor break the codec', () => {
    const data = words(5000, 8);
    const frame = codec.compress(data);
    fc.assert(
      fc.property(fc.nat({ max: frame.length * 8 - 1 }), fc.nat({ max: frame.length * 8 - 1 }), (a, b) => {
        const changed = frame.slice();
        for (const bit of [a, b]) changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        let length = 0;
        const code = codeOf(() => {
          length = codec.decompress(changed, 6000, 'x').length;
        });
        // 'unsupported' where the window grew.
        expect(['none', 'damaged', 'unsupported']).toContain(code);
        expect(length).toBeLessThanOrEqual(6000);
      }),
      { numRuns: 400 },
    );
    expect(same(codec.decompress(frame, 5000, 'x'), data)).toBe(true);
  });

  test('a frame that needs a dictionary, reserved bits, a reserved block', () => {
    for (const hex of [
      '28b52ffd015811010000',
      '28b52ffd0858010000',
      '28b52ffd00580f0000',
      '50 2a 4d 18 00 00 00 00'.replaceAll(' ', ''),
    ]) {
      expect(
        codeOf(() => codec.decompress(fromHex(hex), 1000, 'x')),
        hex,
      ).toBe('damaged');
    }
  });
});

test('zstd-codec: a window above 8 MiB is unsupported', () => {
  const frame = concatBytes([fromHex('28b52ffd0070'), block('raw', 1, true), fromHex('05')]);
  expect(inspectFrame(frame, 10, 'x').windowSize).toBe(16 * MIB);
  expect(codeOf(() => wasm.decompress(frame, 10, 'x'))).toBe('unsupported');
});

test('zstd-codec: a window of exactly 8 MiB fits, again and again', () => {
  const piece = concatBytes([block('raw', 128 * 1024, false), noise(128 * 1024)]);
  const pieces = Array.from({ length: 80 }, () => piece);
  const frame = concatBytes([fromHex('28b52ffd0068'), ...pieces, block('raw', 0, true)]);
  expect(inspectFrame(frame, 16 * MIB, 'x').windowSize).toBe(8 * MIB);
  for (let i = 0; i < 3; i++) {
    expect(wasm.decompress(frame, 16 * MIB, 'x').length).toBe(10 * MIB);
    expect(wasm.decompress(wasm.compress(noise(3 * MIB)), 3 * MIB, 'x').length).toBe(3 * MIB);
  }
});

test('zstd-codec: its small memory is enough for any order of sizes', () => {
  const source = noise(8 * MIB);
  const text = words(8 * MIB, 6);
  const lengths = [8, 1, 3, 0.2, 2.9, 0.001, 3, 5, 1.5, 3, 8, 2].map((mib) => Math.floor(mib * MIB));
  for (const [i, length] of lengths.entries()) {
    for (const level of [i % 3, 5]) {
      const data = (i % 2 === 0 ? source : text).subarray(0, length);
      expect(same(wasm.decompress(wasm.compress(data, level), length, 'x'), data)).toBe(true);
    }
  }
});

test('chosen by what node:zlib has', () => {
  expect(nativeZstd({})).toBeUndefined();
  expect(nativeZstd({ zstdCompressSync: 1 })).toBeUndefined();
  const [major, minor] = process.versions.node.split('.').map(Number);
  const hasZstd = (major ?? 0) > 22 || (major === 22 && (minor ?? 0) >= 15);
  expect(chosen.name).toBe(hasZstd ? 'node:zlib' : 'zstd-codec');
});

test('zstd-codec works in one ESM file, prints nothing, and leaves the process and globals alone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'zstd-bundle-'));
  try {
    const outfile = join(folder, 'alone.mjs');
    const program = `
      import { loadWasmZstd } from './src/compress/zstd-wasm.ts';
      const state = () => JSON.stringify([process.eventNames().map((n) => [String(n), process.listenerCount(n)]), Object.getOwnPropertyNames(globalThis)]);
      const before = state();
      const zstd = await loadWasmZstd();
      const data = new Uint8Array(4000000).fill(9);
      const back = zstd.decompress(zstd.compress(data), data.length, 'x');
      try { zstd.decompress(data, 100, 'x'); } catch {}
      if (state() !== before) throw new Error(before + ' became ' + state());
      process.stdout.write(String(back.length));
    `;
    await build({
      stdin: { contents: program, resolveDir: join(import.meta.dirname, '../..'), loader: 'ts' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      outfile,
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
      logLevel: 'silent',
    });
    const out = execFileSync(process.execPath, [outfile], { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
    expect(out).toBe('4000000');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 30_000);
