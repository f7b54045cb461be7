/** The plan of a prune on made-up indexes: whatever the rules and the disorder, nothing that is used is lost. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSyncError } from '../../src/base/errors.js';
import type { BlobId, PackId } from '../../src/base/ids.js';
import type { PruneInput, PrunePlan, PruneRules } from '../../src/maintain/prune-plan.js';
import { planPrune } from '../../src/maintain/prune-plan.js';
import { totalsOf } from '../../src/maintain/prune-stats.js';
import type { BlobType, PackedBlob } from '../../src/pack/header.js';
import { BlobSet } from '../../src/repo/blob-set.js';
import { BlobIndex } from '../../src/repo/index.js';

const blobIdOf = (number: number): BlobId => number.toString(16).padStart(64, '0') as BlobId;
const packIdOf = (number: number): PackId => `a${number.toString(16).padStart(63, '0')}` as PackId;

interface MadeBlob {
  readonly number: number;
  readonly type: BlobType;
  readonly length: number;
  readonly isCompressed: boolean;
}

interface MadePack {
  readonly blobs: readonly MadeBlob[];
  /** Whether it is there, and whether an index names it. */
  readonly isThere: boolean;
  readonly isNamed: boolean;
}

interface Made extends PruneInput {
  readonly made: readonly MadePack[];
}

function make(version: 1 | 2, made: readonly MadePack[], used: readonly number[]): Made {
  const index = new BlobIndex();
  const packs = new Map<PackId, number>();
  const known = { data: new Set<BlobId>(), tree: new Set<BlobId>() };
  for (const [number, { blobs, isThere, isNamed }] of made.entries()) {
    let size = 36;
    let offset = 0;
    const entries = blobs.map((blob): PackedBlob => {
      const entry = { id: blobIdOf(blob.number), type: blob.type, offset, length: blob.length };
      offset += blob.length;
      size += blob.length + (blob.isCompressed ? 41 : 37);
      return blob.isCompressed ? { ...entry, uncompressedLength: 2 * blob.length } : entry;
    });
    if (isNamed) index.addPack(packIdOf(number), entries);
    if (isNamed) for (const { type, id } of entries) known[type].add(id);
    if (isThere) packs.set(packIdOf(number), size);
  }
  const ids = new Set(used.map(blobIdOf));
  const usedBlobs = {
    data: new BlobSet(
      index,
      'data',
      [...known.data].filter((id) => ids.has(id)),
    ),
    trees: new BlobSet(
      index,
      'tree',
      [...known.tree].filter((id) => ids.has(id)),
    ),
  };
  return { version, index, packs, used: usedBlobs, made };
}

/** Blobs come several times, and types are mixed now and then. */
const blob = fc.record({
  number: fc.nat(40),
  type: fc.constantFrom<BlobType>('data', 'data', 'tree'),
  length: fc.integer({ min: 32, max: 5000 }),
  isCompressed: fc.boolean(),
});
const isUsually = fc.nat(9).map((n) => n > 0);
const pack: fc.Arbitrary<MadePack> = fc.record({
  blobs: fc.uniqueArray(blob, { minLength: 1, maxLength: 6, selector: (one) => one.type + one.number }),
  isThere: isUsually,
  isNamed: isUsually,
});
const input = fc
  .tuple(fc.constantFrom<1 | 2>(1, 2), fc.array(pack, { maxLength: 25 }), fc.array(fc.nat(40), { maxLength: 40 }))
  .map((parts) => make(...parts));
const rules: fc.Arbitrary<PruneRules> = fc.record(
  {
    maxUnused: fc.oneof(
      fc.record({ share: fc.double({ min: 0, max: 0.9, noNaN: true }) }),
      fc.record({ bytes: fc.constantFrom(0, 1000, 20_000, Number.POSITIVE_INFINITY) }),
    ),
    maxRepackBytes: fc.constantFrom(0, 5000, 50_000),
    repackCacheableOnly: fc.boolean(),
    repackUncompressed: fc.boolean(),
    repackSmallerThan: fc.constantFrom(0, 3000, 8000),
  },
  { requiredKeys: [] },
);

/** The plan, or nothing where it is refused: then something used must be missing indeed. */
function planOrNothing(given: Made, by: PruneRules): PrunePlan | undefined {
  try {
    return planPrune(given, by);
  } catch (error) {
    if (!isSyncError(error, 'damaged')) throw error;
    expect(usedCopies(given).some((copies) => !copies.some((one) => given.packs.has(one)))).toBe(true);
    return undefined;
  }
}

/** For each used blob the packs that have it. */
function usedCopies({ index, used }: PruneInput): PackId[][] {
  const all = [
    ...[...used.data].map((id) => ['data', id] as const),
    ...[...used.trees].map((id) => ['tree', id] as const),
  ];
  return all.map(([type, id]) => index.locate(type, id).map((copy) => copy.pack));
}

describe('any plan', () => {
  it('keeps or copies every blob that is used, and copies none twice', () => {
    fc.assert(
      fc.property(input, rules, (given, by) => {
        const plan = planOrNothing(given, by);
        if (plan === undefined) return;
        const stays = (id: PackId): boolean =>
          given.packs.has(id) && !plan.remove.has(id) && !plan.repack.has(id) && !plan.missing.has(id);
        const copied = [...plan.copies.values()].flat();
        const keys = copied.map(({ type, id }) => type + id);
        expect(new Set(keys).size).toBe(keys.length);
        for (const { pack: from } of copied) expect(plan.repack.has(from) && given.packs.has(from)).toBe(true);
        for (const type of ['data', 'tree'] as const) {
          for (const id of type === 'data' ? given.used.data : given.used.trees) {
            const safe = given.index.locate(type, id).some((copy) => stays(copy.pack));
            expect(safe || keys.includes(type + id)).toBe(true);
            // What stays anyway is not copied.
            expect(safe && keys.includes(type + id)).toBe(false);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('parts the packs, and its sums agree', () => {
    fc.assert(
      fc.property(input, rules, (given, by) => {
        const plan = planOrNothing(given, by);
        if (plan === undefined) return;
        const { stats, unindexed, remove, repack, missing } = plan;
        const parts = [...unindexed, ...remove, ...repack, ...missing];
        expect(new Set(parts).size).toBe(parts.length);
        const named = new Set([...given.index.packs]);
        expect([...unindexed].every((id) => given.packs.has(id) && !named.has(id))).toBe(true);
        expect([...missing].every((id) => !given.packs.has(id) && named.has(id))).toBe(true);
        const there = [...named].filter((id) => given.packs.has(id));
        expect(stats.packs.keep + remove.size + repack.size).toBe(there.length);
        expect(stats.packs.used + stats.packs.partlyUsed + stats.packs.unused).toBe(there.length);
        expect(stats.blobs.used).toBe(given.used.data.size + given.used.trees.size);
        const totals = totalsOf(stats);
        expect(totals.blobs).toBe([...given.index.values()].length);
        for (const count of [...Object.values(stats.blobs), ...Object.values(stats.bytes), ...Object.values(totals)]) {
          expect(count).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('stays below its limits', () => {
    fc.assert(
      fc.property(input, rules, (given, by) => {
        const plan = planOrNothing(given, by);
        if (plan === undefined) return;
        if (by.maxRepackBytes !== undefined) {
          expect(plan.stats.bytes.repack === 0 || plan.stats.bytes.repack < by.maxRepackBytes).toBe(true);
        } else if (by.repackCacheableOnly !== true && by.maxUnused !== undefined && 'bytes' in by.maxUnused) {
          const { unusedBytesAfter } = totalsOf(plan.stats);
          expect(unusedBytesAfter === 0 || unusedBytesAfter < by.maxUnused.bytes).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('the plan for', () => {
  const data = (number: number, length = 100): MadeBlob => ({ number, type: 'data', length, isCompressed: true });
  const there = (blobs: readonly MadeBlob[]): MadePack => ({ blobs, isThere: true, isNamed: true });

  it('packs that an interrupted prune left: the new ones stay, the old ones go', () => {
    const old = [there([data(1), data(2), data(9)]), there([data(3), data(4), data(9)])];
    const fresh = there([data(1), data(2), data(3), data(4)]);
    for (const packs of [
      [...old, fresh],
      [fresh, ...old],
    ]) {
      const plan = planPrune(make(2, packs, [1, 2, 3, 4]));
      expect([plan.remove.size, plan.repack.size, plan.stats.packs.keep]).toEqual([2, 0, 1]);
    }
  });

  it('a mixed pack: trees and data part', () => {
    const mixed = there([data(1), { ...data(2), type: 'tree' }]);
    expect(planPrune(make(1, [mixed], [1, 2])).repack.size).toBe(1);
  });

  it('trees that are not compressed: repacked in version 2, left alone in version 1', () => {
    const tree = there([{ ...data(1), type: 'tree', isCompressed: false }]);
    expect(planPrune(make(2, [tree], [1])).repack.size).toBe(1);
    const plan = planPrune(make(1, [tree], [1]));
    expect([plan.repack.size, plan.stats.bytes.uncompressed]).toEqual([0, 0]);
  });

  it('a blob of which one copy is in a pack that is gone: the other one stays', () => {
    const gone: MadePack = { blobs: [data(1), data(2)], isThere: false, isNamed: true };
    for (const packs of [
      [gone, there([data(1), data(9)]), there([data(2)])],
      [there([data(1), data(9)]), there([data(2)]), gone],
    ]) {
      const plan = planPrune(make(2, packs, [1, 2]), { maxUnused: { bytes: Number.POSITIVE_INFINITY } });
      expect([plan.missing.size, plan.remove.size]).toEqual([1, 0]);
    }
  });

  it('pack sizes that do not fit', () => {
    const given = make(2, [there([data(1)]), there([data(2)])], [1]);
    const [first, second] = [packIdOf(0), packIdOf(1)];
    const wrong = new Map([...given.packs].map(([id, size]) => [id, size + 1] as const));
    expect(() => planPrune({ ...given, packs: wrong })).toThrow('pack size does not match calculated size from index');
    const fine = new Map(wrong).set(first, given.packs.get(first) ?? 0);
    expect(planPrune({ ...given, packs: fine }).remove).toEqual(new Set([second]));
  });

  it('100,000 blobs that each lie in two of 10,000 packs: in seconds', { timeout: 20_000 }, () => {
    const packs = Array.from({ length: 10_000 }, (_, i) =>
      there(Array.from({ length: 20 }, (_unused, k) => data((i * 10 + k) % 100_000))),
    );
    const given = make(2, packs, []);
    for (let i = 0; i < 100_000; i++) if (i % 3 > 0) given.used.data.add(blobIdOf(i));
    const plan = planPrune(given, { maxUnused: { bytes: 0 } });
    expect(plan.stats.blobs.used).toBe(given.used.data.size);
  });
});
