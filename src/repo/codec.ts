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
import { keptMemory, uninitialized } from '../base/kept-memory.js';
import type { LevelMemory } from '../compress/choose-level.js';
import { compressByContent } from '../compress/choose-level.js';
import { inspectFrame } from '../compress/frame.js';
import type { CompressionMode } from '../compress/level.js';
import { DATA_LEVELS, DEFAULT_LEVEL } from '../compress/level.js';
import type { Zstd } from '../compress/zstd.js';
import { compressBound } from '../compress/zstd-kept.js';
import type { MasterKey } from '../crypto/box.js';
import { open, opensTo, SEAL_OVERHEAD, sealInto } from '../crypto/box.js';
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

/** Of a sealed blob, in bytes. */
export interface SealedLength {
  readonly length: number;
  /** Set if the content is compressed: the length of the plain bytes. */
  readonly uncompressedLength?: number;
}

/** Largest plain blob that a reader accepts: restic's chunks end at 8 MiB, trees of huge folders are larger. */
export const MAX_PLAIN_BLOB: number = 512 * 1024 * 1024;

/** For the compressed bytes of a blob that is read: what 8 MiB, the largest chunk of a file, may need. */
const scratch = keptMemory(compressBound(8 * 1024 * 1024));

export function blobId(crypto: CryptoProvider, plain: Bytes): BlobId {
  return toHex(crypto.sha256(plain)) as BlobId;
}

/** Most bytes that a plain blob of this length can take when it is sealed. */
export function maxSealedLength(plainLength: number): number {
  return compressBound(plainLength) + SEAL_OVERHEAD;
}

/** As `sealBlobInto`, in new bytes. */
export function sealBlob(codec: Codec, type: BlobType, id: BlobId, plain: Bytes): SealedBlob {
  const packed = compress(codec, type, plain);
  const sealed = new Uint8Array((packed ?? plain).length + SEAL_OVERHEAD);
  sealPacked(codec, id, plain, packed, sealed, 0);
  return packed === undefined ? { id, type, sealed } : { id, type, sealed, uncompressedLength: plain.length };
}

export interface SealingHints {
  /** A copy of the plain bytes that was made before they were hashed. */
  readonly witness?: Bytes | undefined;
  /** Of the file that the blob is of. */
  readonly levels?: LevelMemory | undefined;
}

/**
 * Compresses, seals and writes to `out` from `at` on. In version 2 everything but empty blobs is compressed, trees even
 * with compression off, and what does not get smaller as well: as restic does, whose `prune` counts other blobs as not
 * yet compressed. Throws a RangeError, and has not written anything, if it does not fit (maxSealedLength always does).
 *
 * What was written is read back, so that a fault of memory, processor or codec never reaches the repository; then
 * 'internal' is thrown. Its parts, what each finds, and its cost for 1 GB of game data on one core:
 *   - the box decrypts to the compressed bytes: a fault of key, IV or ciphertext, where they lie for good (0.3 s);
 *   - the compressed bytes unpack to the plain ones: a fault while compressing, or of those bytes since (0.2 s);
 *   - the authentication code, computed again, is that of the box: a fault of the code, for which every reader would
 *     refuse the blob (0.4 s);
 *   - the plain bytes are those that were hashed: a fault of theirs, or a writer's mistake, since then. They are hashed
 *     again (0.6 s), or compared with a `witness` (0.1 s, and the copy).
 */
export function sealBlobInto(
  codec: Codec,
  type: BlobType,
  id: BlobId,
  plain: Bytes,
  out: Bytes,
  at: number,
  { witness, levels }: SealingHints = {},
): SealedLength {
  const packed = compress(codec, type, plain, levels);
  const length = sealPacked(codec, id, plain, packed, out, at, witness);
  return packed === undefined ? { length } : { length, uncompressedLength: plain.length };
}

function sealPacked(
  { crypto, zstd, key }: Codec,
  id: BlobId,
  plain: Bytes,
  packed: Bytes | undefined,
  out: Bytes,
  at: number,
  witness?: Bytes,
): number {
  const sealed = sealInto(crypto, key, packed ?? plain, out, at);
  // With a witness, the plain bytes themselves need no look: what they were compressed to must unpack to the witness.
  const wanted = witness ?? plain;
  // In this order: the compressed bytes are the codec's, and gone with its next call.
  const isRight =
    opensTo(crypto, key, sealed, packed ?? wanted) &&
    (packed === undefined || zstd.unpacksTo(packed, wanted)) &&
    (witness !== undefined || blobId(crypto, plain) === id);
  if (isRight) return sealed.length;
  throw new SyncError(
    'internal',
    `blob ${shortId(id)} does not read back as it was written; check this machine's memory`,
  );
}

function compress(
  { version, zstd, compression = 'auto' }: Codec,
  type: BlobType,
  plain: Bytes,
  levels?: LevelMemory,
): Bytes | undefined {
  if (version === 1 || plain.length === 0) return undefined;
  if (type === 'tree') return zstd.compressBriefly(plain, DEFAULT_LEVEL);
  if (compression === 'off') return undefined;
  return compression === 'auto'
    ? compressByContent(zstd, plain, levels)
    : zstd.compressBriefly(plain, DATA_LEVELS[compression]);
}

/**
 * Opens, decompresses and checks the hash; the plain bytes, in new memory. Throws 'damaged'. A tree is read even if its
 * entry tells a wrong length: nothing is placed by it, and the hash decides.
 */
export function openBlob(codec: Codec, blob: PackedBlob, sealed: Bytes, where: string): Bytes {
  return openTo(codec, blob, sealed, where, uninitialized);
}

/**
 * As `openBlob`, into the beginning of `out`; returns the view with the plain bytes (plainLength). Throws a RangeError,
 * and has not written anything, if they do not fit. After 'damaged' there is anything in `out`.
 */
export function openBlobInto(codec: Codec, blob: PackedBlob, sealed: Bytes, where: string, out: Bytes): Bytes {
  return openTo(codec, blob, sealed, where, (length) => {
    if (length > out.length) {
      throw new RangeError(`a blob of ${length} bytes does not fit into ${out.length} bytes`);
    }
    return out.subarray(0, length);
  });
}

function openTo(codec: Codec, blob: PackedBlob, sealed: Bytes, where: string, place: (length: number) => Bytes): Bytes {
  const what = `${blob.type} blob ${shortId(blob.id)} in ${where}`;
  const plain = openSealed(codec, blob, sealed, what, place);
  const found = blobId(codec.crypto, plain);
  if (found !== blob.id) {
    throw new SyncError('damaged', `${what} has the wrong content: its hash is ${shortId(found)}`, {
      details: { expected: blob.id, found },
    });
  }
  return plain;
}

function openSealed(
  { crypto, zstd, key }: Codec,
  { type, uncompressedLength }: PackedBlob,
  sealed: Bytes,
  what: string,
  place: (length: number) => Bytes,
): Bytes {
  const boxed = Math.max(0, sealed.length - SEAL_OVERHEAD);
  if (uncompressedLength === undefined) return open(crypto, key, sealed, what, place(boxed));
  const packed = open(crypto, key, sealed, what, scratch(boxed).subarray(0, boxed));
  const { contentSize } = inspectFrame(packed, MAX_PLAIN_BLOB, what);
  const length = type === 'tree' ? (contentSize ?? uncompressedLength) : uncompressedLength;
  if (length > MAX_PLAIN_BLOB) {
    throw new SyncError('damaged', `${what} claims ${length} bytes, more than a blob can have`);
  }
  if (contentSize !== undefined && contentSize !== length) {
    throw new SyncError('damaged', `${what} has ${contentSize} bytes where its entry says ${length}`);
  }
  const plain = place(length);
  zstd.decompressInto(packed, plain, what);
  return plain;
}

/** Plain length of a stored blob, from its entry alone. */
export function plainLength(blob: PackedBlob): number {
  return blob.uncompressedLength ?? blob.length - SEAL_OVERHEAD;
}

/** Bytes that a blob takes in a pack: itself and its entry in the header. */
export function sizeInPack(blob: SealedBlob): number {
  return blob.sealed.length + entrySizeOf(blob);
}
