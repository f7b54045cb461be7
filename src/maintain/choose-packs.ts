/** Which packs a check reads: all of them, a fixed part by their ids, or so many by chance. */
import type { PackId } from '../base/ids.js';
import type { IndexedPack } from './check-packs.js';

/**
 * 'all'; the bucket `n` of `total` (1 to 256), a fixed part such that all buckets together are all packs; so many percent
 * of the packs, or of as many bytes, by chance.
 */
export type ReadData =
  | 'all'
  | { readonly bucket: number; readonly total: number }
  | { readonly percent: number }
  | { readonly bytes: number };

/** 0 or above, below 1. */
type Random = () => number;

export function choosePacks(
  packs: readonly IndexedPack[],
  which: ReadData,
  random: Random = Math.random,
): IndexedPack[] {
  if (which === 'all') return [...packs];
  if ('bucket' in which) return packs.filter(({ id }) => bucketOf(id, which.total) === which.bucket);
  return choosePercent(packs, percentOf(packs, which), random);
}

/** What share of the packs is read. */
export function percentOf(packs: readonly IndexedPack[], which: Exclude<ReadData, 'all' | { bucket: number }>): number {
  if ('percent' in which) return which.percent;
  const size = packs.reduce((sum, pack) => sum + pack.size, 0);
  return size === 0 ? 100 : Math.min(100, (100 * which.bytes) / size);
}

function bucketOf(id: PackId, total: number): number {
  return (Number.parseInt(id.slice(0, 2), 16) % total) + 1;
}

/** At least one, if there is one. */
function choosePercent(packs: readonly IndexedPack[], percent: number, random: Random): IndexedPack[] {
  const count = Math.min(packs.length, Math.max(1, Math.floor((packs.length * percent) / 100)));
  const drawn = [...packs];
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor(random() * (drawn.length - i));
    const [a, b] = [drawn[i], drawn[j]];
    if (a !== undefined && b !== undefined) [drawn[i], drawn[j]] = [b, a];
  }
  return drawn.slice(0, count);
}
