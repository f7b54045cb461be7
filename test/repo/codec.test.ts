import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bytes, utf8 } from '../../src/base/bytes.js';
import type { BlobId } from '../../src/base/ids.js';
import type { Zstd } from '../../src/compress/zstd.js';
import { loadZstd } from '../../src/compress/zstd.js';
import { seal } from '../../src/crypto/box.js';
import type { CryptoProvider } from '../../src/crypto/provider.js';
import type { PackedBlob } from '../../src/pack/header.js';
import type { Codec, SealedBlob } from '../../src/repo/codec.js';
import {
  blobId,
  maxSealedLength,
  openBlob,
  openBlobInto,
  plainLength,
  sealBlob,
  sealBlobInto,
} from '../../src/repo/codec.js';
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
    const forgetful: Codec = { ...v2, zstd: { ...zstd, unpacksTo: () => false } };
    expect(failureOf(() => sealBlob(forgetful, 'data', id, plain)).code).toBe('internal');
    const other: BlobId = blobId(crypto, utf8('other'));
    expect(failureOf(() => sealBlob(v2, 'data', other, plain)).code).toBe('internal');
  });

  it('seals into the memory of a pack as it does into new bytes, and writes nothing elsewhere', () => {
    const blobs = fc.uint8Array({ maxLength: 3000 });
    fc.assert(
      fc.property(
        blobs,
        fc.nat(50),
        fc.constantFrom(v1, v2),
        fc.constantFrom('data', 'tree'),
        (plain, at, codec, type) => {
          const id = blobId(crypto, plain);
          const out = new Uint8Array(at + maxSealedLength(plain.length) + 10).fill(0xaa);
          const { length, uncompressedLength } = sealBlobInto(codec, type, id, plain, out, at, {
            witness: plain.slice(),
          });
          expect(uncompressedLength).toBe(codec === v1 || plain.length === 0 ? undefined : plain.length);
          expect(out.subarray(0, at).every((byte) => byte === 0xaa)).toBe(true);
          expect(out.subarray(at + length).every((byte) => byte === 0xaa)).toBe(true);
          const sealed = out.slice(at, at + length);
          const blob =
            uncompressedLength === undefined ? { id, type, sealed } : { id, type, sealed, uncompressedLength };
          expect(openBlob(codec, entryOf(blob), sealed, 'pack')).toEqual(plain);
          const back = new Uint8Array(plain.length + 7).fill(0xbb);
          expect(openBlobInto(codec, entryOf(blob), sealed, 'pack', back)).toEqual(plain);
          expect(back.subarray(plain.length)).toEqual(new Uint8Array(7).fill(0xbb));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('has written nothing where there is no room', () => {
    const plain = noise(1000);
    const id = blobId(crypto, plain);
    const { sealed } = sealBlob(v2, 'data', id, plain);
    const out = new Uint8Array(sealed.length + 4).fill(5);
    expect(() => sealBlobInto(v2, 'data', id, plain, out, 5)).toThrow(RangeError);
    expect(out.every((byte) => byte === 5)).toBe(true);
    expect(sealBlobInto(v2, 'data', id, plain, out, 4).length).toBe(sealed.length);
    const back = new Uint8Array(999).fill(6);
    const entry = { id, type: 'data', offset: 0, length: sealed.length, uncompressedLength: 1000 } as const;
    expect(() => openBlobInto(v2, entry, sealed, 'pack', back)).toThrow(RangeError);
    expect(back.every((byte) => byte === 6)).toBe(true);
  });
});

describe('the look at what was sealed', () => {
  const plain = utf8('some bytes of a level.dat, some bytes of a level.dat, and more');
  const id = blobId(crypto, plain);

  /** Seals with a provider of which one part is made by `broken`. */
  function sealWith(version: 1 | 2, broken: Partial<Codec>, witness?: Bytes, given = plain): string {
    const out = new Uint8Array(maxSealedLength(given.length));
    try {
      sealBlobInto({ ...v2, version, ...broken }, 'data', id, given, out, 0, { witness });
    } catch (error) {
      return failureOf(() => {
        throw error;
      }).code;
    }
    return 'none';
  }

  /** The bytes, with bit number `bit` changed in place. */
  function flip(bytes: Bytes, bit: number): Bytes {
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    return bytes;
  }

  it('is content with what is right', () => {
    for (const version of [1, 2] as const) {
      expect(sealWith(version, {})).toBe('none');
      expect(sealWith(version, {}, plain.slice())).toBe('none');
    }
  });

  it('finds every bit that the cipher got wrong, in the ciphertext and in the IV it left behind', () => {
    const sealedBits = 8 * (sealBlob(v2, 'data', id, plain).sealed.length - 32);
    for (let bit = 0; bit < sealedBits; bit++) {
      const aes256Ctr: CryptoProvider['aes256Ctr'] = (...args) => flip(crypto.aes256Ctr(...args), bit);
      expect(sealWith(2, { crypto: { ...crypto, aes256Ctr } }), `bit ${bit}`).toBe('internal');
    }
    for (let bit = 0; bit < 128; bit++) {
      const aes256Ctr: CryptoProvider['aes256Ctr'] = (key, iv, data, into) =>
        crypto.aes256Ctr(key, flip(iv.slice(), bit), data, into);
      expect(sealWith(2, { crypto: { ...crypto, aes256Ctr } }), `bit ${bit} of the IV`).toBe('internal');
    }
  });

  it('finds every bit of the authentication code that was wrong once', () => {
    for (let bit = 0; bit < 128; bit++) {
      let calls = 0;
      const poly1305: CryptoProvider['poly1305'] = (key, data) => {
        const tag = crypto.poly1305(key, data);
        return calls++ === 0 ? flip(tag, bit) : tag;
      };
      expect(sealWith(2, { crypto: { ...crypto, poly1305 } }), `bit ${bit}`).toBe('internal');
    }
  });

  it('finds every bit that zstd got wrong', () => {
    const frame = zstd.compress(plain, 3);
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const compressBriefly: Zstd['compressBriefly'] = () => flip(frame.slice(), bit);
      const code = sealWith(2, { zstd: { ...zstd, compressBriefly } });
      // Bits of the header that say nothing about the content leave a frame that is as good.
      if (code === 'none') expect(zstd.decompress(flip(frame.slice(), bit), plain.length, 'x')).toEqual(plain);
      else expect(code).toBe('internal');
    }
  });

  it('finds what changed in the plain bytes since they were hashed, with a witness and without', () => {
    for (let bit = 0; bit < plain.length * 8; bit += 5) {
      const changed = flip(plain.slice(), bit);
      expect(sealWith(2, {}, undefined, changed)).toBe('internal');
      expect(sealWith(2, {}, plain, changed)).toBe('internal');
      expect(sealWith(1, {}, undefined, changed)).toBe('internal');
      expect(sealWith(1, {}, plain, changed)).toBe('internal');
    }
  });
});
