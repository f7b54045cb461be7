/**
 * The header of a pack file: which blobs it holds, in the order in which they lie (restic, "Pack Format").
 *
 *     blob 1 | … | blob n | sealed header | length of the sealed header (u32, little endian)
 *
 * Plain header, one entry a blob, numbers little endian; a blob's offset is the sum of the lengths before it:
 *     type 0 data, 1 tree:                      type (1) | sealed length (4) | id (32)
 *     type 2 data, 3 tree, both compressed:     type (1) | sealed length (4) | plain length (4) | id (32)
 */
import type { Bytes } from '../base/bytes.js';
import { fromHex, toHex } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';
import type { BlobId } from '../base/ids.js';

export type BlobType = 'data' | 'tree';

/** Where a blob lies in its pack. */
export interface PackedBlob {
  readonly id: BlobId;
  readonly type: BlobType;
  /** Bytes from the start of the pack. */
  readonly offset: number;
  /** Sealed length: 32 bytes more than what is sealed. */
  readonly length: number;
  /** Present if what is sealed is compressed: the length of the plain blob. */
  readonly uncompressedLength?: number;
}

/** Bytes of a header entry. */
export const ENTRY_SIZE = 37;
export const ENTRY_SIZE_COMPRESSED = 41;
/** Bytes of the number at the end of a pack. */
export const HEADER_LENGTH_SIZE = 4;
/** Largest sealed header with its length number. */
export const MAX_HEADER: number = 16 * 1024 * 1024;
/** What to read from the end of a pack to have most headers in one request: 15 entries, the seal, the length number. */
export const EAGER_TAIL = 651;

const SEAL_OVERHEAD = 32;
const ID_SIZE = 32;
const MAX_U32 = 0xffff_ffff;
const TREE_BIT = 1;
const COMPRESSED_BIT = 2;

/** The plain header. Throws 'internal' for blobs that do not lie one behind the other, or have impossible lengths. */
export function encodeHeader(blobs: readonly PackedBlob[]): Bytes {
  if (blobs.length === 0) throw new SyncError('internal', 'a pack without blobs has no header');
  let size = 0;
  for (const blob of blobs) size += entrySize(blob.uncompressedLength !== undefined);
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  let at = 0;
  let offset = 0;
  for (const blob of blobs) {
    checkEntry(blob, offset);
    const compressed = blob.uncompressedLength !== undefined;
    out[at] = (blob.type === 'tree' ? TREE_BIT : 0) | (compressed ? COMPRESSED_BIT : 0);
    view.setUint32(at + 1, blob.length, true);
    if (compressed) view.setUint32(at + 5, blob.uncompressedLength, true);
    at += entrySize(compressed);
    out.set(fromHex(blob.id), at - ID_SIZE);
    offset += blob.length;
  }
  return out;
}

/**
 * The blobs of an opened header, with their offsets; `what` names the pack in errors. Throws 'damaged'.
 * Compressed entries are accepted: that a version 1 repository has none is for the caller to hold against its config.
 */
export function decodeHeader(plain: Bytes, what: string): PackedBlob[] {
  const view = new DataView(plain.buffer, plain.byteOffset, plain.byteLength);
  const blobs: PackedBlob[] = [];
  let offset = 0;
  for (let at = 0; at < plain.length; ) {
    const kind = view.getUint8(at);
    if (kind > (TREE_BIT | COMPRESSED_BIT)) throw damaged(what, `entry ${blobs.length} has the unknown type ${kind}`);
    const compressed = (kind & COMPRESSED_BIT) !== 0;
    const end = at + entrySize(compressed);
    if (end > plain.length) throw damaged(what, `entry ${blobs.length} is cut off`);
    const length = view.getUint32(at + 1, true);
    if (length < SEAL_OVERHEAD) throw damaged(what, `entry ${blobs.length} has the impossible length ${length}`);
    const type = (kind & TREE_BIT) !== 0 ? 'tree' : 'data';
    const id = toHex(plain.subarray(end - ID_SIZE, end)) as BlobId;
    if (compressed) {
      const uncompressedLength = view.getUint32(at + 5, true);
      if (uncompressedLength === 0) throw damaged(what, `entry ${blobs.length} is compressed but empty`);
      blobs.push({ id, type, offset, length, uncompressedLength });
    } else {
      blobs.push({ id, type, offset, length });
    }
    offset += length;
    at = end;
  }
  if (blobs.length === 0) throw damaged(what, 'it names no blobs');
  return blobs;
}

/**
 * Length of the sealed header, which ends 4 bytes before the end of the pack. `tail` is the end of the pack, at least
 * 4 bytes; `fileSize` the size of all of it. Throws 'damaged' for a length that no pack of this size can have, so that
 * the caller may allocate what it returns.
 */
export function headerLengthOf(tail: Bytes, fileSize: number, what: string): number {
  const least = SEAL_OVERHEAD + ENTRY_SIZE;
  if (tail.length < HEADER_LENGTH_SIZE || fileSize < SEAL_OVERHEAD + least + HEADER_LENGTH_SIZE) {
    throw damaged(what, `${fileSize} bytes are too few for a pack`);
  }
  const end = tail.subarray(tail.length - HEADER_LENGTH_SIZE);
  const length = new DataView(end.buffer, end.byteOffset, end.byteLength).getUint32(0, true);
  const most = Math.min(MAX_HEADER, fileSize - SEAL_OVERHEAD) - HEADER_LENGTH_SIZE;
  if (length < least || length > most) {
    throw damaged(what, `a header of ${length} bytes is impossible in a pack of ${fileSize}`);
  }
  return length;
}

/** Bytes of an entry. */
export function entrySize(compressed: boolean): number {
  return compressed ? ENTRY_SIZE_COMPRESSED : ENTRY_SIZE;
}

function checkEntry(blob: PackedBlob, offset: number): void {
  const { length, uncompressedLength: plain } = blob;
  const lengthFits = Number.isInteger(length) && length >= SEAL_OVERHEAD && length <= MAX_U32;
  const plainFits = plain === undefined || (Number.isInteger(plain) && plain >= 1 && plain <= MAX_U32);
  if (blob.offset === offset && lengthFits && plainFits) return;
  const found = `offset ${blob.offset} (should be ${offset}), length ${length}, plain length ${plain ?? 'not given'}`;
  throw new SyncError('internal', `blob ${blob.id} does not fit a pack header: ${found}`);
}

function damaged(what: string, found: string): SyncError {
  return new SyncError('damaged', `${what}: the header of the pack is damaged: ${found}`);
}
