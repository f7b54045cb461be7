import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BlobId, PackId } from '../../src/base/ids.js';
import { BlobSet } from '../../src/repo/blob-set.js';
import { BlobIndex } from '../../src/repo/index.js';

const idOf = (number: number): BlobId => number.toString(16).padStart(8, '0').repeat(8) as BlobId;
const PACK = 'ee'.repeat(32) as PackId;

/** An index that has the even ones as data, and all as trees. */
function evenIndex(): BlobIndex {
  const index = new BlobIndex();
  const numbers = Array.from({ length: 60 }, (_, i) => i);
  const blobs = numbers.flatMap((number) => [
    { id: idOf(number), type: 'tree' as const, offset: number * 200, length: 100 },
    ...(number % 2 === 0 ? [{ id: idOf(number), type: 'data' as const, offset: number * 200 + 100, length: 100 }] : []),
  ]);
  index.addPack(PACK, blobs);
  return index;
}

describe('BlobSet', () => {
  it('behaves like a Set, for blobs that the index knows and others', () => {
    const step = fc.tuple(fc.constantFrom('add' as const, 'delete' as const), fc.nat(59));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const set = new BlobSet(evenIndex(), 'data');
        const model = new Set<BlobId>();
        for (const [what, number] of steps) {
          const id = idOf(number);
          const before = model.has(id);
          expect(set[what](id)).toBe(what === 'add' ? !before : before);
          if (what === 'add') model.add(id);
          else model.delete(id);
        }
        expect([...set].sort()).toEqual([...model].sort());
        expect(set.size).toBe(model.size);
        for (let number = 0; number < 60; number++) expect(set.has(idOf(number))).toBe(model.has(idOf(number)));
        const strange = [...model].filter((id) => Number.parseInt(id.slice(0, 8), 16) % 2 === 1);
        expect([...set.strangers].sort()).toEqual(strange.sort());
      }),
      { numRuns: 20 },
    );
  });

  it('keeps what it has while the index grows, and when a stranger becomes known', () => {
    const index = evenIndex();
    const set = new BlobSet(index, 'data', [idOf(2), idOf(3)]);
    const more = Array.from({ length: 20_000 }, (_, i) => {
      return { id: idOf(i), type: 'data' as const, offset: i * 100, length: 100 };
    });
    index.addPack('dd'.repeat(32) as PackId, more);
    expect([set.has(idOf(2)), set.has(idOf(3)), set.has(idOf(4)), set.has(idOf(17_777))]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect([set.add(idOf(3)), set.add(idOf(17_777)), set.add(idOf(17_777))]).toEqual([false, true, false]);
    expect([...set].sort()).toEqual([idOf(2), idOf(3), idOf(17_777)]);
  });
});
