/** How hard data is compressed: restic's --compression. Trees, indexes and snapshots are always compressed. */
export type CompressionMode = 'auto' | 'off' | 'fastest' | 'better' | 'max';

/** As restic's default; on region files levels 1 to 3 give the same size. */
export const DEFAULT_LEVEL = 3;

/** For what has been compressed before: no entropy coding of what does not repeat. Node takes -1 for "not set". */
export const QUICK_LEVEL = -3;

/**
 * zstd's levels for data; restic's encoder has four speeds, which its authors liken to these. 'auto' chooses between the
 * two above (choose-level.ts).
 */
export const DATA_LEVELS: Readonly<Record<Exclude<CompressionMode, 'off' | 'auto'>, number>> = {
  fastest: 1,
  better: 7,
  max: 11,
};
