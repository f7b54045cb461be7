/**
 * Holds everything in a pack against what it must be: the hash of the file, its header, what the index says of it, and
 * each blob's code, length and hash.
 */
import type { Bytes } from '../base/bytes.js';
import { toHex } from '../base/bytes.js';
import { isSyncError, SyncError } from '../base/errors.js';
import type { BlobId, PackId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import type { PackedBlob } from '../pack/header.js';
import type { Codec } from '../repo/codec.js';
import { headerOfPack } from '../repo/pack-header.js';
import { openBriefly } from './open-briefly.js';

/** In one line each. */
export interface PackProblems {
  readonly ofPack: string[];
  /** Where the pack is right by its own hash, header and blobs, and the index says something else. */
  readonly ofIndex: string[];
}

export interface PackToCheck {
  readonly id: PackId;
  /** As the index has them. */
  readonly blobs: readonly PackedBlob[];
}

/** `bytes` are the whole file. */
export function checkPackNow(codec: Codec, pack: PackToCheck, bytes: Bytes): PackProblems {
  const found: PackProblems = { ofPack: [], ofIndex: [] };
  const hash = toHex(codec.crypto.sha256(bytes));
  if (hash !== pack.id) found.ofPack.push(`the hash of the file is ${hash}`);
  const blobs = blobsOf(codec, pack, bytes, found).map((blob) => ({ ...blob, pack: pack.id }));
  const isInside = ({ offset, length }: PackedBlob): boolean => offset + length <= bytes.length;
  for (const blob of blobs) if (!isInside(blob)) found.ofPack.push(`${named(blob)} lies behind the end of the file`);
  const whole = { pack: pack.id, offset: 0, length: bytes.length, blobs: blobs.filter(isInside) };
  for (const number of whole.blobs.keys()) {
    const plain = openBriefly(codec, whole, bytes, number);
    if (plain instanceof SyncError) found.ofPack.push(plain.message);
  }
  return found;
}

/** Not so for the bytes of another pack under this one's name. */
export function haveCommonBlob(own: readonly PackedBlob[], indexed: readonly PackedBlob[]): boolean {
  const ids = new Set(indexed.map((blob) => blob.id));
  return own.some((blob) => ids.has(blob.id));
}

/** What should be in the pack: by its own header, if that can be read and is no other pack's, else by the index. */
function blobsOf(codec: Codec, pack: PackToCheck, bytes: Bytes, found: PackProblems): readonly PackedBlob[] {
  let header: PackedBlob[];
  try {
    header = headerOfPack(codec, bytes, `pack ${shortId(pack.id)}`);
  } catch (error) {
    if (!isSyncError(error, 'damaged')) throw error;
    found.ofPack.push(error.message);
    return pack.blobs;
  }
  if (!haveCommonBlob(header, pack.blobs)) {
    found.ofPack.push('its header has none of the blobs that the index has: it is another pack');
    return pack.blobs;
  }
  found.ofIndex.push(...compareWithIndex(header, pack.blobs));
  return header;
}

function compareWithIndex(header: readonly PackedBlob[], indexed: readonly PackedBlob[]): string[] {
  const problems: string[] = [];
  const byOffset = new Map(indexed.map((blob) => [blob.offset, blob]));
  const inHeader = new Set<BlobId>();
  for (const blob of header) {
    inHeader.add(blob.id);
    const other = byOffset.get(blob.offset);
    if (other === undefined || !isSame(blob, other)) {
      problems.push(`${named(blob)} is not in the index, or not as it lies in the pack`);
    }
  }
  for (const blob of indexed) if (!inHeader.has(blob.id)) problems.push(`${named(blob)} is not in the pack's header`);
  return problems;
}

function isSame(a: PackedBlob, b: PackedBlob): boolean {
  return a.id === b.id && a.type === b.type && a.length === b.length && a.uncompressedLength === b.uncompressedLength;
}

function named({ type, id }: PackedBlob): string {
  return `${type} blob ${id}`;
}
