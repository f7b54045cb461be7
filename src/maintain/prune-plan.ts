/**
 * What a prune does with each pack: keep, repack or remove it. Pure: it is given all that is known, and reads nothing.
 * The rules are restic's, so that either program leaves a repository in which the other finds nothing to do.
 */
import { SyncError } from '../base/errors.js';
import type { PackId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import type { BlobIndex, BlobLocation } from '../repo/index.js';
import { DEFAULT_PACK_SIZE } from '../repo/packer.js';
import type { PackUsage } from './pack-usage.js';
import { isUsed, packUsage } from './pack-usage.js';
import type { PruneStats, Tally } from './prune-stats.js';
import { newTally } from './prune-stats.js';
import type { UsedBlobs } from './used-blobs.js';

export interface PruneRules {
  /** Unused data that may stay: a share of what remains (0.05 is 5 %), or bytes; Infinity for any. 5 % by default. */
  readonly maxUnused?: { readonly share: number } | { readonly bytes: number } | undefined;
  /** Bytes of packs that may be repacked; Infinity by default. */
  readonly maxRepackBytes?: number | undefined;
  /** Leaves data packs as they are, unless nothing in them is used. */
  readonly repackCacheableOnly?: boolean | undefined;
  /** Repacks data that is not compressed; version 2 only. */
  readonly repackUncompressed?: boolean | undefined;
  /** Packs below so many bytes are too small; a fifth of 16 MiB by default, whatever size new packs get. */
  readonly repackSmallerThan?: number | undefined;
}

export interface PruneInput {
  readonly version: 1 | 2;
  readonly index: BlobIndex;
  readonly used: UsedBlobs;
  /** The packs that are there, with their sizes in bytes. */
  readonly packs: ReadonlyMap<PackId, number>;
}

export interface PrunePlan {
  readonly stats: PruneStats;
  /** No index file names them. */
  readonly unindexed: ReadonlySet<PackId>;
  readonly repack: ReadonlySet<PackId>;
  readonly remove: ReadonlySet<PackId>;
  /** Named by an index file and not there, and nothing in them is used. */
  readonly missing: ReadonlySet<PackId>;
  /** What to copy from the packs that are repacked: each blob from one of them. */
  readonly copies: ReadonlyMap<PackId, readonly BlobLocation[]>;
}

/** Fewer small packs than this are left alone, or a single one would be repacked for ever. */
const MIN_SMALL_PACKS = 10;
const SMALL_PACK = Math.floor(DEFAULT_PACK_SIZE / 5);

/** Throws 'damaged' if something that is used is in no index, in a pack that is not there or of a wrong size. */
export function planPrune(input: PruneInput, rules: PruneRules = {}): PrunePlan {
  checkComplete(input.index, input.used);
  const tally = newTally();
  const usage = packUsage(input.index, input.used, (pack) => input.packs.has(pack), tally);
  const sorting = sortPacks(input, rules, usage, tally);
  const repack = chooseRepack(input, rules, sorting.candidates, tally);
  const { unindexed, remove, missing } = sorting;
  tally.packs.unreferenced = unindexed.size;
  tally.packs.repack = repack.size;
  tally.packs.remove = remove.size;
  if (input.version < 2) tally.bytes.uncompressed = 0;
  const gone = (pack: PackId): boolean => repack.has(pack) || remove.has(pack) || missing.has(pack);
  return { stats: tally, unindexed, repack, remove, missing, copies: findCopies(input, repack, gone) };
}

function checkComplete(index: BlobIndex, { data, trees }: UsedBlobs): void {
  const missing: string[] = [];
  for (const id of data.strangers) if (!index.has('data', id)) missing.push(`data/${id}`);
  for (const id of trees.strangers) if (!index.has('tree', id)) missing.push(`tree/${id}`);
  const [first] = missing;
  if (first === undefined) return;
  const message =
    `index is not complete: ${missing.length} blobs that snapshots need are in no index, the first is ${first}; ` +
    'nothing was removed, to lose no more; "repair index" or "repair snapshots" may help';
  throw new SyncError('damaged', message, { details: { missing } });
}

interface Sorting {
  readonly unindexed: Set<PackId>;
  readonly remove: Set<PackId>;
  readonly missing: Set<PackId>;
  readonly candidates: PackUsage[];
}

function sortPacks(input: PruneInput, rules: PruneRules, usage: Map<PackId, PackUsage>, tally: Tally): Sorting {
  const sorting: Sorting = { unindexed: new Set(), remove: new Set(), missing: new Set(), candidates: [] };
  const small: PackUsage[] = [];
  const absent = new Map(usage);
  for (const [id, size] of input.packs) {
    const pack = usage.get(id);
    absent.delete(id);
    if (pack === undefined) {
      sorting.unindexed.add(id);
      tally.bytes.unreferenced += size;
      continue;
    }
    checkSize(pack, size);
    countPack(pack, tally);
    if (pack.usedBlobs === 0) {
      sorting.remove.add(id);
      countRemoved(pack, tally);
    } else if (rules.repackCacheableOnly === true && pack.type === 'data') tally.packs.keep += 1;
    else if (pack.unusedBlobs > 0 || pack.type === 'mixed' || mustCompress(input, rules, pack)) {
      sorting.candidates.push(pack);
    } else if (size < smallBelow(rules)) small.push(pack);
    else tally.packs.keep += 1;
  }
  takeAbsent(absent, sorting, tally);
  if (small.length < MIN_SMALL_PACKS) tally.packs.keep += small.length;
  else for (const pack of small) sorting.candidates.push(pack);
  return sorting;
}

function takeAbsent(absent: ReadonlyMap<PackId, PackUsage>, { missing }: Sorting, tally: Tally): void {
  const needed = [...absent.values()].filter((pack) => pack.usedBlobs > 0).map((pack) => pack.id);
  if (needed.length > 0) {
    const names = needed.slice(0, 3).join(', ');
    const message =
      `packs from index missing in repo: ${needed.length} that are needed are not there (${names}${needed.length > 3 ? ', …' : ''}); ` +
      'nothing was removed, to lose no more; "repair index" and "repair snapshots" bring the repository in order';
    throw new SyncError('damaged', message, { details: { packs: needed } });
  }
  for (const pack of absent.values()) {
    missing.add(pack.id);
    countRemoved(pack, tally);
  }
}

/** A pack of which nothing is used may have any size: it goes anyway. */
function checkSize(pack: PackUsage, size: number): void {
  const expected = pack.usedBytes + pack.unusedBytes;
  if (expected === size || pack.usedBlobs === 0) return;
  const message =
    `pack size does not match calculated size from index: pack ${shortId(pack.id)} has ${size} bytes where the index ` +
    `says ${expected}; "repair index" brings it in order`;
  throw new SyncError('damaged', message, { details: { pack: pack.id, size, expected } });
}

function countPack(pack: PackUsage, tally: Tally): void {
  if (pack.usedBlobs === 0) tally.packs.unused += 1;
  else if (pack.unusedBlobs === 0) tally.packs.used += 1;
  else tally.packs.partlyUsed += 1;
  if (pack.hasUncompressed) tally.bytes.uncompressed += pack.usedBytes + pack.unusedBytes;
}

function countRemoved(pack: PackUsage, tally: Tally): void {
  tally.blobs.remove += pack.unusedBlobs;
  tally.bytes.remove += pack.unusedBytes;
}

/** Version 2 wants all trees compressed; data only if asked. */
function mustCompress({ version }: PruneInput, rules: PruneRules, pack: PackUsage): boolean {
  return version === 2 && pack.hasUncompressed && (pack.type === 'tree' || rules.repackUncompressed === true);
}

function smallBelow({ repackSmallerThan = SMALL_PACK }: PruneRules): number {
  return repackSmallerThan;
}

/** Trees first, then small packs, then those of which most is unused; until so little is unused that it may stay. */
function chooseRepack(
  input: PruneInput,
  rules: PruneRules,
  candidates: readonly PackUsage[],
  tally: Tally,
): Set<PackId> {
  const limit = unusedLimit(rules, tally.bytes.used);
  const most = rules.maxRepackBytes ?? Number.POSITIVE_INFINITY;
  const repack = new Set<PackId>();
  for (const { pack, isSmall } of inOrder(candidates, smallBelow(rules))) {
    const size = pack.usedBytes + pack.unusedBytes;
    const { bytes } = tally;
    const isClean = bytes.duplicate + bytes.unused - bytes.remove - bytes.repackRemove < limit;
    const isForced = pack.type !== 'data' || mustCompress(input, rules, pack);
    if (bytes.repack + size >= most || (isClean && !isForced && !isSmall)) {
      tally.packs.keep += 1;
      continue;
    }
    repack.add(pack.id);
    countRepacked(pack, tally);
  }
  return repack;
}

function countRepacked(pack: PackUsage, tally: Tally): void {
  tally.blobs.repack += pack.usedBlobs + pack.unusedBlobs;
  tally.bytes.repack += pack.usedBytes + pack.unusedBytes;
  tally.blobs.repackRemove += pack.unusedBlobs;
  tally.bytes.repackRemove += pack.unusedBytes;
  if (pack.hasUncompressed) tally.bytes.uncompressed -= pack.usedBytes + pack.unusedBytes;
}

interface Ranked {
  readonly pack: PackUsage;
  readonly isSmall: boolean;
}

function inOrder(candidates: readonly PackUsage[], smallBelowBytes: number): Ranked[] {
  const rank = ({ pack, isSmall }: Ranked): number => (pack.type !== 'data' ? 0 : isSmall ? 1 : 2);
  return candidates
    .map((pack) => ({ pack, isSmall: pack.usedBytes + pack.unusedBytes < smallBelowBytes }))
    .sort((a, b) => rank(a) - rank(b) || unusedShare(b.pack) - unusedShare(a.pack) || (a.pack.id < b.pack.id ? -1 : 1));
}

function unusedShare(pack: PackUsage): number {
  return pack.unusedBytes / (pack.usedBytes + pack.unusedBytes);
}

/** Bytes; the share is one of what remains, used and unused together. */
function unusedLimit({ maxUnused = { share: 0.05 } }: PruneRules, usedBytes: number): number {
  if ('bytes' in maxUnused) return maxUnused.bytes;
  return Math.floor((maxUnused.share / (1 - maxUnused.share)) * usedBytes);
}

/** A blob with another copy in a pack that stays is not copied, and one in several packs only once. */
function findCopies(
  { index, used }: PruneInput,
  repack: ReadonlySet<PackId>,
  isGone: (pack: PackId) => boolean,
): Map<PackId, BlobLocation[]> {
  const copies = new Map<PackId, BlobLocation[]>();
  const byPack = index.byPack();
  // Numbers of first copies, which stand for the blobs.
  const taken = new Set<number>();
  for (const id of repack) {
    const wanted: BlobLocation[] = [];
    for (const blob of byPack.get(id) ?? []) {
      if (!isUsed(used, blob)) continue;
      const first = index.numberOf(blob.type, blob.id);
      if (index.nextCopy(first) >= 0) {
        if (taken.has(first) || index.locate(blob.type, blob.id).some((copy) => !isGone(copy.pack))) continue;
        taken.add(first);
      }
      wanted.push(blob);
    }
    copies.set(id, wanted);
  }
  return copies;
}
