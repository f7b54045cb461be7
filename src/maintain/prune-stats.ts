/** What a prune finds and will do, in the numbers that restic shows. Bytes are those of sealed blobs. */

export interface PruneStats {
  readonly blobs: {
    readonly used: number;
    /** Further copies of used blobs. */
    readonly duplicate: number;
    readonly unused: number;
    /** In packs that are removed whole. */
    readonly remove: number;
    /** In packs that are repacked, and those of them that are not copied. */
    readonly repack: number;
    readonly repackRemove: number;
  };
  readonly bytes: {
    readonly used: number;
    readonly duplicate: number;
    readonly unused: number;
    /** Packs that no index names. */
    readonly unreferenced: number;
    readonly remove: number;
    readonly repack: number;
    readonly repackRemove: number;
    /** In packs that stay as they are; 0 in a repository of version 1. */
    readonly uncompressed: number;
  };
  readonly packs: {
    readonly used: number;
    readonly partlyUsed: number;
    readonly unused: number;
    readonly unreferenced: number;
    readonly keep: number;
    readonly repack: number;
    readonly remove: number;
  };
}

type Writable<T> = { -readonly [K in keyof T]: { -readonly [L in keyof T[K]]: number } };

/** The same, while it is being counted. */
export type Tally = Writable<PruneStats>;

export function newTally(): Tally {
  return {
    blobs: { used: 0, duplicate: 0, unused: 0, remove: 0, repack: 0, repackRemove: 0 },
    bytes: {
      used: 0,
      duplicate: 0,
      unused: 0,
      unreferenced: 0,
      remove: 0,
      repack: 0,
      repackRemove: 0,
      uncompressed: 0,
    },
    packs: { used: 0, partlyUsed: 0, unused: 0, unreferenced: 0, keep: 0, repack: 0, remove: 0 },
  };
}

/** Sums over the whole repository, before and after. */
export interface PruneTotals {
  readonly blobs: number;
  readonly bytes: number;
  readonly unusedBytes: number;
  readonly prunedBlobs: number;
  readonly prunedBytes: number;
  readonly remainingBlobs: number;
  readonly remainingBytes: number;
  readonly unusedBytesAfter: number;
}

export function totalsOf({ blobs, bytes }: PruneStats): PruneTotals {
  const allBlobs = blobs.used + blobs.unused + blobs.duplicate;
  const unusedBytes = bytes.duplicate + bytes.unused;
  const allBytes = bytes.used + unusedBytes + bytes.unreferenced;
  const prunedBlobs = blobs.remove + blobs.repackRemove;
  const prunedBytes = bytes.remove + bytes.repackRemove + bytes.unreferenced;
  return {
    blobs: allBlobs,
    bytes: allBytes,
    unusedBytes,
    prunedBlobs,
    prunedBytes,
    remainingBlobs: allBlobs - prunedBlobs,
    remainingBytes: allBytes - prunedBytes,
    unusedBytesAfter: unusedBytes - bytes.remove - bytes.repackRemove,
  };
}
