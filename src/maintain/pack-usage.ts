/**
 * How much of each pack is used. Of a blob that lies in several packs one copy counts as used, chosen so that packs
 * become wholly used or wholly unused; the rest are duplicates.
 */
import type { BlobId, PackId } from '../base/ids.js';
import { headerSizeOf } from '../pack/layout.js';
import type { BlobIndex, BlobLocation } from '../repo/index.js';
import type { Tally } from './prune-stats.js';
import type { UsedBlobs } from './used-blobs.js';

export interface PackUsage {
  readonly id: PackId;
  readonly type: 'data' | 'tree' | 'mixed';
  readonly blobCount: number;
  usedBlobs: number;
  /** The header is among the used. */
  usedBytes: number;
  unusedBlobs: number;
  unusedBytes: number;
  readonly hasUncompressed: boolean;
}

interface Duplicate {
  readonly blob: BlobLocation;
  /** The index's number of the first copy, which stands for the blob. */
  readonly first: number;
}

/** `isThere` says whether a pack exists. Adds up used, unused and duplicate blobs in `tally` on the way. */
export function packUsage(
  index: BlobIndex,
  used: UsedBlobs,
  isThere: (pack: PackId) => boolean,
  tally: Tally,
): Map<PackId, PackUsage> {
  const packs = new Map<PackId, PackUsage>();
  const duplicates: Duplicate[] = [];
  for (const [id, blobs] of index.byPack()) {
    const pack = emptyUsage(id, blobs);
    packs.set(id, pack);
    for (const blob of blobs) {
      const first = index.numberOf(blob.type, blob.id);
      if (!isUsed(used, blob)) addUnused(pack, blob, tally, 'unused');
      else if (index.nextCopy(first) < 0) addUsed(pack, blob, tally);
      else {
        addUnused(pack, blob, tally, 'duplicate');
        const isChoice = isThere(id) || !index.locate(blob.type, blob.id).some((copy) => isThere(copy.pack));
        if (isChoice) duplicates.push({ blob, first });
      }
    }
  }
  chooseCopies(packs, duplicates, tally);
  return packs;
}

export function isUsed({ data, trees }: UsedBlobs, { type, id }: { type: 'data' | 'tree'; id: BlobId }): boolean {
  return type === 'data' ? data.has(id) : trees.has(id);
}

function emptyUsage(id: PackId, blobs: readonly BlobLocation[]): PackUsage {
  const type = blobs.every((blob) => blob.type === blobs[0]?.type) ? (blobs[0]?.type ?? 'mixed') : 'mixed';
  return {
    id,
    type,
    blobCount: blobs.length,
    usedBlobs: 0,
    usedBytes: headerSizeOf(blobs),
    unusedBlobs: 0,
    unusedBytes: 0,
    hasUncompressed: blobs.some(({ uncompressedLength }) => uncompressedLength === undefined),
  };
}

function addUsed(pack: PackUsage, { length }: BlobLocation, tally: Tally): void {
  pack.usedBlobs += 1;
  pack.usedBytes += length;
  tally.blobs.used += 1;
  tally.bytes.used += length;
}

function addUnused(pack: PackUsage, { length }: BlobLocation, tally: Tally, as: 'unused' | 'duplicate'): void {
  pack.unusedBlobs += 1;
  pack.unusedBytes += length;
  tally.blobs[as] += 1;
  tally.bytes[as] += length;
}

function makeUsed(pack: PackUsage, blob: BlobLocation, tally: Tally): void {
  pack.unusedBlobs -= 1;
  pack.unusedBytes -= blob.length;
  tally.blobs.duplicate -= 1;
  tally.bytes.duplicate -= blob.length;
  addUsed(pack, blob, tally);
}

/**
 * The first copy in a pack that holds something used anyway, or nothing but duplicates (as packs that an interrupted
 * prune left behind); failing that the last one. A copy in a pack that is not there is chosen only if all are.
 */
function chooseCopies(packs: ReadonlyMap<PackId, PackUsage>, duplicates: readonly Duplicate[], tally: Tally): void {
  const inPack = new Map<PackId, number>();
  const left = new Map<number, number>();
  for (const { blob, first } of duplicates) {
    inPack.set(blob.pack, (inPack.get(blob.pack) ?? 0) + 1);
    left.set(first, (left.get(first) ?? 0) + 1);
  }
  for (const { blob, first } of duplicates) {
    const pack = packs.get(blob.pack);
    const count = left.get(first);
    if (pack === undefined || count === undefined) continue;
    left.set(first, count - 1);
    if (pack.usedBlobs === 0 && inPack.get(blob.pack) !== pack.blobCount && count > 1) continue;
    makeUsed(pack, blob, tally);
    left.delete(first);
  }
}
