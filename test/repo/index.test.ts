import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, it } from 'vitest';
import { toHex, utf8 } from '../../src/base/bytes.js';
import type { BlobId, PackId } from '../../src/base/ids.js';
import type { BlobType, PackedBlob } from '../../src/pack/header.js';
import { BlobIndex } from '../../src/repo/index.js';

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
});
