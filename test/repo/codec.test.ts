import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bytes, utf8 } from '../../src/base/bytes.js';
import type { BlobId } from '../../src/base/ids.js';
import { loadZstd } from '../../src/compress/zstd.js';
import { seal } from '../../src/crypto/box.js';
import type { PackedBlob } from '../../src/pack/header.js';
import type { Codec, SealedBlob } from '../../src/repo/codec.js';
import { blobId, openBlob, plainLength, sealBlob } from '../../src/repo/codec.js';
import { newMasterKey } from '../../src/repo/key-file.js';
import { crypto, noise } from '../helpers/repository.js';
import { failureOf } from './golden.js';

const key = newMasterKey(crypto);
const zstd = await loadZstd();
const v2: Codec = { crypto, zstd, key, version: 2 };
const v1: Codec = { ...v2, version: 1 };

function entryOf({ id, type, sealed, uncompressedLength }: SealedBlob): PackedBlob {
  const entry = { id, type, offset: 0, length: sealed.length };
  return uncompressedLength === undefined ? entry : { ...entry, uncompressedLength };
}

function roundTrip(codec: Codec, type: 'data' | 'tree', plain: Bytes): Bytes {
  const blob = sealBlob(codec, type, blobId(crypto, plain), plain);
  expect(plainLength(entryOf(blob))).toBe(plain.length);
  return openBlob(codec, entryOf(blob), blob.sealed, 'pack');
}

describe('blob codec', () => {
  it('gives back what it was given', () => {
    const blobs = fc.uint8Array({ maxLength: 5000 });
    fc.assert(
      fc.property(blobs, fc.constantFrom(v1, v2), fc.constantFrom('data', 'tree'), (plain, codec, type) => {
        expect(roundTrip(codec, type, plain)).toEqual(plain);
      }),
      { numRuns: 60 },
    );
  });

  it('compresses all but the empty blob, trees even with compression off; in version 1 nothing', () => {
    const text = utf8('a'.repeat(1000));
    const id = blobId(crypto, text);
    expect(sealBlob(v2, 'data', id, text).uncompressedLength).toBe(1000);
    expect(sealBlob(v2, 'data', id, text).sealed.length).toBeLessThan(100);
    expect(sealBlob(v1, 'tree', id, text).uncompressedLength).toBeUndefined();
    const random = noise(1000);
    expect(sealBlob(v2, 'data', blobId(crypto, random), random).uncompressedLength).toBe(1000);
    const off = { ...v2, compression: 'off' } as const;
    expect(sealBlob(off, 'data', id, text).uncompressedLength).toBeUndefined();
    expect(sealBlob(off, 'tree', id, text).uncompressedLength).toBe(1000);
    // Made data is no measure: level 5 can be larger there than level 1.
    const lines = new Uint8Array(readFileSync('package-lock.json'));
    const sizes = (['fastest', 'max'] as const).map((compression) => {
      return sealBlob({ ...v2, compression }, 'data', blobId(crypto, lines), lines).sealed.length;
    });
    expect(sizes[1]).toBeLessThan(sizes[0] ?? 0);
    expect(sealBlob(v2, 'data', blobId(crypto, utf8('')), utf8('')).sealed.length).toBe(32);
  });

  it('never opens a blob with any bit changed', () => {
    const plain = utf8('a level.dat of some bytes, which compress, which compress');
    const blob = sealBlob(v2, 'data', blobId(crypto, plain), plain);
    for (let bit = 0; bit < blob.sealed.length * 8; bit += 3) {
      const broken = blob.sealed.slice();
      broken[bit >> 3] = (broken[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(failureOf(() => openBlob(v2, entryOf(blob), broken, 'pack abc')).code).toBe('damaged');
    }
  });

  it('refuses a sound box of other content, naming blob and pack', () => {
    const id = blobId(crypto, utf8('wanted'));
    const sealed = seal(crypto, key, utf8('another'));
    const error = failureOf(() =>
      openBlob(v2, { id, type: 'data', offset: 0, length: sealed.length }, sealed, 'pack abc'),
    );
    expect(error.code).toBe('damaged');
    expect(error.message).toContain(id.slice(0, 8));
    expect(error.message).toContain('pack abc');
  });

  it('unpacks no more than the entry says', () => {
    const bomb = new Uint8Array(16 * 1024 * 1024);
    const sealed = seal(crypto, key, zstd.compress(bomb));
    const entry = {
      id: blobId(crypto, bomb),
      type: 'data',
      offset: 0,
      length: sealed.length,
      uncompressedLength: 100,
    } as const;
    const before = process.memoryUsage().arrayBuffers;
    const error = failureOf(() => openBlob(v2, entry, sealed, 'pack'));
    expect(error.code).toBe('damaged');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 1024 * 1024);
    const huge = { ...entry, uncompressedLength: 4_000_000_000 };
    expect(failureOf(() => openBlob(v2, huge, sealed, 'pack')).code).toBe('damaged');
  });

  it('refuses a plain length that is too large by one', () => {
    const plain = utf8('x'.repeat(500));
    const blob = sealBlob(v2, 'data', blobId(crypto, plain), plain);
    const entry = { ...entryOf(blob), uncompressedLength: 501 };
    expect(failureOf(() => openBlob(v2, entry, blob.sealed, 'pack')).code).toBe('damaged');
  });

  it('stores nothing that does not read back: a codec that fails, an id of other bytes', () => {
    const plain = utf8('x'.repeat(500));
    const id = blobId(crypto, plain);
    const forgetful: Codec = { ...v2, zstd: { ...zstd, decompress: (_data, size) => new Uint8Array(size) } };
    expect(failureOf(() => sealBlob(forgetful, 'data', id, plain)).code).toBe('internal');
    const other: BlobId = blobId(crypto, utf8('other'));
    expect(failureOf(() => sealBlob(v2, 'data', other, plain)).code).toBe('internal');
  });
});
