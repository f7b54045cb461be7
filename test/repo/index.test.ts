import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex, utf8 } from '../../src/base/bytes.js';
import type { BlobId, PackId } from '../../src/base/ids.js';
import type { BlobType, PackedBlob } from '../../src/pack/header.js';
import type { BlobLocation } from '../../src/repo/index.js';
import { BlobIndex } from '../../src/repo/index.js';
import { encodeIndexFile } from '../../src/repo/index-file.js';
import { readIndexTable } from '../../src/repo/index-scan.js';
import { IndexTable } from '../../src/repo/index-table.js';

const id = <T extends string>(name: string): T => toHex(sha256(utf8(name))) as T;
const A = id<BlobId>('a');
const B = id<BlobId>('b');
const PACK1 = id<PackId>('pack 1');
const PACK2 = id<PackId>('pack 2');
const blob = (blobId: BlobId, type: BlobType = 'data', offset = 0): PackedBlob => ({
  id: blobId,
  type,
  offset,
  length: 50,
});

describe('index in memory', () => {
  it('knows every copy of a blob, and one copy once', () => {
    const index = new BlobIndex();
    index.addPack(PACK1, [blob(A)]);
    index.addPack(PACK1, [blob(A)]);
    index.addPack(PACK2, [blob(A, 'data', 50)]);
    expect(index.locate('data', A).map(({ pack, offset }) => [pack, offset])).toEqual([
      [PACK1, 0],
      [PACK2, 50],
    ]);
    expect([...index.packs]).toEqual([PACK1, PACK2]);
    expect(index.blobCount).toBe(1);
  });

  it('keeps data and trees of one id apart', () => {
    const index = new BlobIndex();
    index.addPack(PACK1, [blob(A, 'tree')]);
    expect(index.has('tree', A)).toBe(true);
    expect(index.has('data', A)).toBe(false);
    expect(index.locate('data', A)).toEqual([]);
    expect(index.claim('data', A)).toBe(true);
    expect(index.claim('tree', A)).toBe(false);
  });

  it('gives a claim to one caller, until it is given back', () => {
    const index = new BlobIndex();
    expect(index.claim('data', A)).toBe(true);
    expect(index.claim('data', A)).toBe(false);
    expect(index.claim('tree', A)).toBe(true);
    expect(index.claimCount).toBe(2);
    index.release('data', A);
    expect(index.claim('data', A)).toBe(true);
    index.releaseAll();
    expect(index.claimCount).toBe(0);
    expect(index.claim('data', A)).toBe(true);
  });

  it('counts a claim as kept when the blob is stored, and never gives it out again', () => {
    const index = new BlobIndex();
    index.claim('data', A);
    index.addPack(PACK1, [blob(A)]);
    expect(index.claimCount).toBe(0);
    expect(index.claim('data', A)).toBe(false);
  });

  it('forgets a pack, and only what no other pack holds', () => {
    const index = new BlobIndex();
    index.addPack(PACK1, [blob(A), blob(B, 'data', 50)]);
    index.addPack(PACK2, [blob(B)]);
    index.removePack(PACK1, [blob(A), blob(B, 'data', 50)]);
    expect(index.has('data', A)).toBe(false);
    expect(index.locate('data', B).map((one) => one.pack)).toEqual([PACK2]);
    expect([...index.packs]).toEqual([PACK2]);
  });

  it('keeps claims when what is stored is forgotten', () => {
    const index = new BlobIndex();
    index.addPack(PACK1, [blob(A)]);
    index.claim('data', B);
    index.clear();
    expect([index.has('data', A), index.blobCount, index.packs.size, index.claimCount]).toEqual([false, 0, 0, 1]);
    expect(index.claim('data', B)).toBe(false);
    expect(index.claim('data', A)).toBe(true);
    index.releaseAll();
    expect([index.claimCount, index.claim('data', B)]).toEqual([0, true]);
  });

  it('knows which packs begin with a tree, and answers for names that are no ids', () => {
    const index = new BlobIndex();
    index.addPack(PACK1, [blob(A, 'tree'), blob(B, 'data', 50)]);
    index.addPack(PACK2, [blob(B)]);
    expect([PACK1, PACK2, 'x', PACK1.toUpperCase()].map((pack) => index.isTreePack(pack))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect([index.packs.has('x'), index.has('data', 'x' as BlobId), index.locate('tree', 'x' as BlobId)]).toEqual([
      false,
      false,
      [],
    ]);
    index.removePack(PACK1, []);
    expect(index.isTreePack(PACK1)).toBe(false);
  });

  it('holds lengths and offsets of any size that an index file may name', () => {
    const index = new BlobIndex();
    const sizes = [0, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 5, 2 ** 45];
    const blobs = sizes.map((offset, i): PackedBlob => {
      const length = Math.min(2 ** 32 - 1, offset + 32);
      return { id: id<BlobId>(`blob ${i}`), type: 'data', offset, length, uncompressedLength: length };
    });
    index.addPack(PACK1, blobs);
    index.addPack(PACK1, blobs);
    expect([...index.values()]).toEqual(blobs.map((one) => ({ ...one, pack: PACK1 })));
    index.removePack(PACK1, blobs);
    index.addPack(PACK1, [{ ...blob(A), offset: 2 ** 32 - 1 }]);
    expect(index.find('data', A)?.offset).toBe(2 ** 32 - 1);
  });

  it('takes at most 64 bytes for a blob, packs of 16 MB included', () => {
    const index = new BlobIndex();
    const table = new IndexTable();
    const count = 40_000;
    for (let from = 0; from < count; from += 20_000) {
      const packs = Array.from({ length: 1000 }, (_, pack) => ({
        id: numbered<PackId>(from + pack),
        blobs: Array.from({ length: 20 }, (_unused, i) => blob(numbered<BlobId>(from + pack * 20 + i), 'data', i * 50)),
      }));
      readIndexTable(encodeIndexFile(packs), 'index', table);
      index.addTable(table);
    }
    expect([index.blobCount, index.packs.size]).toEqual([count, count / 20]);
    // What is reserved ahead counts less, the more there are.
    expect(index.bytes - 1_500_000).toBeLessThan(64 * count);
    for (let i = 0; i < count; i += 499) expect(index.find('data', numbered<BlobId>(i))?.offset).toBe((i % 20) * 50);
  });
});

/** Ids that differ in all of their words. */
function numbered<T extends string>(number: number): T {
  return Math.imul(number + 1, 0x9e3779b1)
    .toString(16)
    .replace('-', 'f')
    .padStart(8, '0')
    .slice(0, 8)
    .concat(number.toString(16).padStart(56, '0')) as T;
}

describe('index in memory against a list', () => {
  const TYPES = ['data', 'tree'] as const;
  const packIds = [0, 1, 2, 3].map((number) => id<PackId>(`pack ${number}`));
  const blobIds = Array.from({ length: 12 }, (_, number) => numbered<BlobId>(number));
  const entry = fc.record({
    id: fc.constantFrom(...blobIds),
    type: fc.constantFrom(...TYPES),
    offset: fc.constantFrom(0, 50, 2 ** 33),
    length: fc.integer({ min: 32, max: 60 }),
  });
  const pack = fc.constantFrom(...packIds);
  const blobs = fc.array(entry, { maxLength: 6 });
  const step = fc.oneof(
    fc.record({ do: fc.constantFrom('add' as const, 'table' as const), pack, blobs }),
    fc.record({ do: fc.constant('remove' as const), pack }),
    fc.record({
      do: fc.constantFrom('claim' as const, 'release' as const),
      id: fc.constantFrom(...blobIds),
      type: fc.constantFrom(...TYPES),
    }),
    fc.record({ do: fc.constantFrom('clear' as const, 'releaseAll' as const) }),
  );

  it('gives the same answers after any steps', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const index = new BlobIndex();
        const model = new Model();
        const table = new IndexTable();
        for (const one of steps) {
          if (one.do === 'add') index.addPack(one.pack, one.blobs);
          if (one.do === 'table') {
            readIndexTable(encodeIndexFile([{ id: one.pack, blobs: one.blobs }]), 'index', table);
            index.addTable(table);
          }
          if (one.do === 'add' || one.do === 'table') model.add(one.pack, one.blobs);
          if (one.do === 'remove') {
            index.removePack(one.pack, model.of(one.pack));
            model.remove(one.pack);
          }
          if (one.do === 'claim') expect(index.claim(one.type, one.id)).toBe(model.claim(one.type + one.id));
          if (one.do === 'release') index.release(one.type, one.id);
          if (one.do === 'release') model.claims.delete(one.type + one.id);
          if (one.do === 'releaseAll') index.releaseAll();
          if (one.do === 'releaseAll') model.claims.clear();
          if (one.do === 'clear') index.clear();
          if (one.do === 'clear') model.clear();
          expectSame(index, model);
        }
      }),
      { numRuns: 60 },
    );
  });

  function expectSame(index: BlobIndex, model: Model): void {
    expect(index.claimCount).toBe(model.claims.size);
    expect([...index.packs].sort()).toEqual([...model.packs].sort());
    expect(index.packs.size).toBe(model.packs.size);
    let duplicates = 0;
    for (const type of TYPES) {
      for (const blobId of blobIds) {
        const copies = model.copies.filter((one) => one.type === type && one.id === blobId);
        duplicates += Math.max(0, copies.length - 1);
        expect(index.locate(type, blobId)).toEqual(copies);
        expect(index.find(type, blobId)).toEqual(copies[0]);
        expect(index.has(type, blobId)).toBe(copies.length > 0);
      }
    }
    expect(index.blobCount).toBe(model.copies.length - duplicates);
    expect(index.countDuplicates().copies).toBe(duplicates);
    expect(sorted([...index.values()])).toEqual(sorted(model.copies));
    const byPack = index.byPack();
    expect(byPack.size).toBe(packIds.filter((one) => model.of(one).length > 0).length);
    expect(sorted([...byPack].flatMap(([, all]) => all))).toEqual(sorted(model.copies));
    for (const one of packIds) {
      expect([byPack.countOf(one), byPack.has(one)]).toEqual([model.of(one).length, model.of(one).length > 0]);
      expect(sorted(byPack.get(one) ?? [])).toEqual(sorted(model.of(one)));
    }
  }
});

function sorted(blobs: readonly BlobLocation[]): string[] {
  return blobs.map((one) => JSON.stringify([one.type, one.id, one.pack, one.offset, one.length])).sort();
}

/** What the index has to be equal to, as a plain list. */
class Model {
  copies: BlobLocation[] = [];
  readonly claims = new Set<string>();
  readonly packs = new Set<PackId>();

  of(pack: PackId): BlobLocation[] {
    return this.copies.filter((one) => one.pack === pack);
  }

  add(pack: PackId, blobs: readonly PackedBlob[]): void {
    this.packs.add(pack);
    for (const one of blobs) {
      this.claims.delete(one.type + one.id);
      const isSame = (other: BlobLocation): boolean =>
        other.type === one.type && other.id === one.id && other.pack === pack && other.offset === one.offset;
      if (!this.copies.some(isSame)) this.copies.push({ ...one, pack });
    }
  }

  remove(pack: PackId): void {
    this.packs.delete(pack);
    this.copies = this.copies.filter((one) => one.pack !== pack);
  }

  claim(key: string): boolean {
    if (this.claims.has(key) || this.copies.some((one) => one.type + one.id === key)) return false;
    this.claims.add(key);
    return true;
  }

  clear(): void {
    this.copies = [];
    this.packs.clear();
  }
}
