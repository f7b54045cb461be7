/** What the index files there are say about packs, put together, and whether it can be right. */
import type { IndexId, PackId } from '../base/ids.js';
import { ENTRY_SIZE, ENTRY_SIZE_COMPRESSED, HEADER_LENGTH_SIZE, type PackedBlob } from '../pack/header.js';
import type { IndexPack } from '../repo/index-file.js';

const SEAL_OVERHEAD = 32;

export interface OldIndex {
  /** Which packs each readable file names. */
  readonly files: Map<IndexId, readonly PackId[]>;
  /** In order of their offsets. */
  readonly packs: Map<PackId, PackedBlob[]>;
  /** Packs whose entries cannot be right, as blobs lie in each other or leave gaps. */
  readonly unsure: Set<PackId>;
  /** Files that cannot be read, or are not to be trusted. */
  readonly bad: IndexId[];
}

/** Adds what one file says of a pack; another file may have said the same, or the rest of it. */
export function mergePack({ packs, unsure }: Pick<OldIndex, 'packs' | 'unsure'>, { id, blobs }: IndexPack): void {
  const known = packs.get(id);
  const merged = known === undefined ? [...blobs] : withoutRepeats([...known, ...blobs]);
  merged.sort((a, b) => a.offset - b.offset);
  packs.set(id, merged);
  if (isGapless(merged)) unsure.delete(id);
  else unsure.add(id);
}

/** Bytes of a pack file that holds these blobs and nothing else. */
export function packSizeOf(blobs: readonly PackedBlob[]): number {
  let size = SEAL_OVERHEAD + HEADER_LENGTH_SIZE;
  for (const { length, uncompressedLength } of blobs) {
    size += length + (uncompressedLength === undefined ? ENTRY_SIZE : ENTRY_SIZE_COMPRESSED);
  }
  return size;
}

function withoutRepeats(blobs: readonly PackedBlob[]): PackedBlob[] {
  const seen = new Map(blobs.map((blob) => [`${blob.offset} ${blob.type} ${blob.id} ${blob.length}`, blob]));
  return [...seen.values()];
}

function isGapless(blobs: readonly PackedBlob[]): boolean {
  let end = 0;
  for (const { offset, length } of blobs) {
    if (offset !== end) return false;
    end += length;
  }
  return true;
}
