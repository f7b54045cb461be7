/**
 * A blob between its plain bytes and its sealed form: hash, compress, seal, and back. Pure functions, so that
 * threads and the main thread run the same code.
 *   sealed = IV(16) | AES-256-CTR(plain or zstd(plain)) | MAC(16)         blob id = SHA-256(plain)
 */
import type { Bytes } from '../base/bytes.js';
import { toHex } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';
import type { BlobId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import { inspectFrame } from '../compress/frame.js';
import type { CompressionMode } from '../compress/level.js';
import { DATA_LEVELS, DEFAULT_LEVEL } from '../compress/level.js';
import type { Zstd } from '../compress/zstd.js';
import type { MasterKey } from '../crypto/box.js';
import { open, SEAL_OVERHEAD, seal } from '../crypto/box.js';
import type { CryptoProvider } from '../crypto/provider.js';
import type { BlobType, PackedBlob } from '../pack/header.js';
import { entrySizeOf } from '../pack/layout.js';

export interface Codec {
  readonly crypto: CryptoProvider;
  readonly zstd: Zstd;
  readonly key: MasterKey;
  /** Repository version: 1 never compresses. */
  readonly version: 1 | 2;
  /** 'auto' by default. */
  readonly compression?: CompressionMode | undefined;
}

export interface SealedBlob {
  readonly id: BlobId;
  readonly type: BlobType;
  readonly sealed: Bytes;
  /** Set if the content is compressed: the length of the plain bytes. */
  readonly uncompressedLength?: number;
}

/** Largest plain blob that a reader accepts: restic's chunks end at 8 MiB, trees of huge folders are larger. */
export const MAX_PLAIN_BLOB: number = 512 * 1024 * 1024;

export function blobId(crypto: CryptoProvider, plain: Bytes): BlobId {
  return toHex(crypto.sha256(plain)) as BlobId;
}

/**
 * Compresses and seals. In version 2 everything but empty blobs is compressed, trees even with compression off, and what
 * does not get smaller as well: as restic does, whose `prune` counts other blobs as not yet compressed.
 * The result is opened and hashed again, so that a fault in memory or in a codec never reaches the repository.
 */
export function sealBlob(codec: Codec, type: BlobType, id: BlobId, plain: Bytes): SealedBlob {
  const packed = compress(codec, type, plain);
  const sealed = seal(codec.crypto, codec.key, packed ?? plain);
  const blob = packed === undefined ? { id, type, sealed } : { id, type, sealed, uncompressedLength: plain.length };
  const again = openSealed(codec, sealed, packed && plain.length, `new blob ${shortId(id)}`);
  if (blobId(codec.crypto, again) !== id) {
    throw new SyncError(
      'internal',
      `blob ${shortId(id)} does not read back as it was written; check this machine's memory`,
    );
  }
  return blob;
}

function compress(codec: Codec, type: BlobType, plain: Bytes): Bytes | undefined {
  if (codec.version === 1 || plain.length === 0) return undefined;
  if (type === 'tree') return codec.zstd.compress(plain, DEFAULT_LEVEL);
  const mode = codec.compression ?? 'auto';
  return mode === 'off' ? undefined : codec.zstd.compress(plain, DATA_LEVELS[mode]);
}

/**
 * Opens, decompresses and checks the hash. Throws 'damaged'. A tree is read even if its entry tells a wrong length:
 * nothing is placed by it, and the hash decides.
 */
export function openBlob(codec: Codec, blob: PackedBlob, sealed: Bytes, where: string): Bytes {
  const what = `${blob.type} blob ${shortId(blob.id)} in ${where}`;
  const plain = openSealed(codec, sealed, blob.uncompressedLength, what, blob.type === 'tree');
  const found = toHex(codec.crypto.sha256(plain));
  if (found !== blob.id) {
    throw new SyncError('damaged', `${what} has the wrong content: its hash is ${shortId(found)}`, {
      details: { expected: blob.id, found },
    });
  }
  return plain;
}

/** `byFrame`: as long as the compressed frame says, if it does. */
function openSealed(
  codec: Codec,
  sealed: Bytes,
  uncompressedLength: number | undefined,
  what: string,
  byFrame = false,
): Bytes {
  const plain = open(codec.crypto, codec.key, sealed, what);
  if (uncompressedLength === undefined) return plain;
  const told = byFrame ? inspectFrame(plain, MAX_PLAIN_BLOB, what).contentSize : undefined;
  const length = told ?? uncompressedLength;
  if (length > MAX_PLAIN_BLOB) {
    throw new SyncError('damaged', `${what} claims ${length} bytes, more than a blob can have`);
  }
  const out = codec.zstd.decompress(plain, length, what);
  if (out.length !== length) {
    throw new SyncError('damaged', `${what} has ${out.length} bytes where its entry says ${length}`);
  }
  return out;
}

/** Plain length of a stored blob, from its entry alone. */
export function plainLength(blob: PackedBlob): number {
  return blob.uncompressedLength ?? blob.length - SEAL_OVERHEAD;
}

/** Bytes that a blob takes in a pack: itself and its entry in the header. */
export function sizeInPack(blob: SealedBlob): number {
  return blob.sealed.length + entrySizeOf(blob);
}
