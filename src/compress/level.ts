/** How hard data is compressed: restic's --compression. Trees, indexes and snapshots are always compressed. */
export type CompressionMode = 'auto' | 'off' | 'fastest' | 'better' | 'max';

/** As restic's default; on region files levels 1 to 3 give the same size. */
export const DEFAULT_LEVEL = 3;

/** zstd's level for data; restic's encoder has four speeds, which its authors liken to these levels. */
export const DATA_LEVELS: Readonly<Record<Exclude<CompressionMode, 'off'>, number>> = {
  fastest: 1,
  auto: DEFAULT_LEVEL,
  better: 7,
  max: 11,
};
