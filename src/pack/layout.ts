/** What follows from the entries of a pack alone: how large its file is, and whether its blobs lie as they must. */
import type { PackedBlob } from './header.js';
import { entrySize, HEADER_LENGTH_SIZE } from './header.js';

type Entry = Pick<PackedBlob, 'uncompressedLength'>;

const SEAL_OVERHEAD = 32;

/** Bytes of a blob's entry in the header. */
export function entrySizeOf({ uncompressedLength }: Entry): number {
  return entrySize(uncompressedLength !== undefined);
}

/** Bytes of the sealed header and of the number behind it. */
export function headerSizeOf(blobs: readonly Entry[]): number {
  return blobs.reduce((sum, blob) => sum + entrySizeOf(blob), SEAL_OVERHEAD + HEADER_LENGTH_SIZE);
}

/** Bytes of a pack file that holds these blobs and nothing else. */
export function packSizeOf(blobs: readonly PackedBlob[]): number {
  return blobs.reduce((sum, { length }) => sum + length, headerSizeOf(blobs));
}

/** Whether each blob, in the order given, begins where the one before it ends. */
export function isGapless(blobs: readonly PackedBlob[]): boolean {
  let end = 0;
  for (const { offset, length } of blobs) {
    if (offset !== end) return false;
    end += length;
  }
  return true;
}
