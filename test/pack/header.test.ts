import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { Bytes } from '../../src/base/bytes.js';
import { concatBytes, fromHex, fromUtf8 } from '../../src/base/bytes.js';
import type { BlobId } from '../../src/base/ids.js';
import type { PackedBlob } from '../../src/pack/header.js';
import {
  decodeHeader,
  EAGER_TAIL,
  ENTRY_SIZE,
  ENTRY_SIZE_COMPRESSED,
  encodeHeader,
  headerLengthOf,
  MAX_HEADER,
} from '../../src/pack/header.js';
import {
  expectOnlySyncErrors,
  failureOf,
  GOLDEN_SETS,
  golden,
  goldenFiles,
  goldenNames,
  hexId,
} from '../repo/golden.js';

const ID = 'ab'.repeat(32) as BlobId;

interface ListedBlob {
  id: BlobId;
  type: 'data' | 'tree';
  offset: number;
  length: number;
  uncompressed_length?: number;
}

/** What restic's own index says about each pack. */
function indexed(set: string): Map<string, PackedBlob[]> {
  const packs = new Map<string, PackedBlob[]>();
  for (const name of goldenNames(set, 'index-', '.json')) {
    const index: { packs: { id: string; blobs: ListedBlob[] }[] } = JSON.parse(fromUtf8(golden(set, name)));
    for (const pack of index.packs) packs.set(pack.id, pack.blobs.map(fromListed));
  }
  return packs;
}

function fromListed({ uncompressed_length: uncompressedLength, ...blob }: ListedBlob): PackedBlob {
  return uncompressedLength === undefined ? blob : { ...blob, uncompressedLength };
}

function u32(...values: number[]): Bytes {
  return new Uint8Array(Uint32Array.from(values).buffer);
}

function entry(type: number, length: number, plain?: number): Bytes {
  return concatBytes([Uint8Array.of(type), u32(length, ...(plain === undefined ? [] : [plain])), fromHex(ID)]);
}

describe('headers that restic wrote', () => {
  it.each(GOLDEN_SETS)('%s: as its index lists them, and back to the same bytes', (set) => {
    const lists = indexed(set);
    const names = goldenNames(set, 'pack-', '.bin');
    expect(names.length).toBe(lists.size);
    for (const name of names) {
      const pack = golden(set, name);
      const plain = golden(set, name.replace('pack', 'header'));
      const blobs = decodeHeader(plain, name);
      const byOffset = [...(lists.get(createHash('sha256').update(pack).digest('hex')) ?? [])];
      expect(blobs).toEqual(byOffset.sort((a, b) => a.offset - b.offset));
      expect(encodeHeader(blobs)).toEqual(plain);
      expect(headerLengthOf(pack.subarray(-EAGER_TAIL), pack.length, name)).toBe(plain.length + 32);
      const last = blobs.at(-1);
      expect((last?.offset ?? 0) + (last?.length ?? 0)).toBe(pack.length - 4 - 32 - plain.length);
    }
  });

  test('sizes are those of the format', () => {
    expect(encodeHeader([{ id: ID, type: 'data', offset: 0, length: 32 }]).length).toBe(ENTRY_SIZE);
    const compressed: PackedBlob = {
      id: ID,
      type: 'tree',
      offset: 0,
      length: 0x01020304,
      uncompressedLength: 0xfffffffe,
    };
    expect(encodeHeader([compressed])).toEqual(entry(3, 0x01020304, 0xfffffffe));
    expect(EAGER_TAIL).toBe(15 * ENTRY_SIZE_COMPRESSED + 32 + 4);
  });
});

const blobs: fc.Arbitrary<PackedBlob[]> = fc
  .array(
    fc.record({
      id: hexId.map((hex) => hex as BlobId),
      type: fc.constantFrom('data' as const, 'tree' as const),
      length: fc.integer({ min: 32, max: 0xffffffff }),
      plain: fc.option(fc.integer({ min: 1, max: 0xffffffff })),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((list) => {
    let offset = 0;
    return list.map(({ plain, ...rest }) => {
      const blob = { ...rest, offset };
      offset += rest.length;
      return plain === null ? blob : { ...blob, uncompressedLength: plain };
    });
  });

test('property: what is encoded decodes to the same', () => {
  fc.assert(
    fc.property(blobs, (list) => {
      expect(decodeHeader(encodeHeader(list), 'pack')).toEqual(list);
    }),
  );
});

describe('damaged headers', () => {
  const cases: [string, Bytes][] = [
    ['empty', new Uint8Array(0)],
    ['cut off', entry(0, 32).subarray(0, 36)],
    ['a compressed entry of 37 bytes', entry(2, 32)],
    ['one byte left over', concatBytes([entry(0, 32), Uint8Array.of(0)])],
    ['unknown type 4', entry(4, 32)],
    ['unknown type 255', entry(255, 32, 9)],
    ['shorter than a seal', entry(0, 31)],
    ['length 0', entry(1, 0)],
    ['compressed but empty', entry(2, 60, 0)],
  ];
  it.each(cases)('%s', (_, plain) => {
    const error = failureOf(() => decodeHeader(plain, 'pack abc'));
    expect(error.code).toBe('damaged');
    expect(error.message).toMatch(/^pack abc: the header/);
  });

  it('only SyncErrors, whatever the bytes', () => {
    const samples = goldenFiles('header-', '.bin').map(([, bytes]) => bytes);
    expectOnlySyncErrors(samples, (bytes) => decodeHeader(bytes, 'pack'), ['damaged']);
  });
});

describe('length of the header', () => {
  const size = 100_000_000;
  const ends: [string, Bytes, number][] = [
    ['no tail', new Uint8Array(3), size],
    ['a file too small for any pack', u32(69), 104],
    ['0', u32(0), size],
    ['shorter than one sealed entry', u32(68), size],
    ['as large as the file', u32(1000), 1000],
    ['no room for a blob', u32(1000 - 4 - 31), 1000],
    ['larger than any header', u32(MAX_HEADER - 3), size],
    ['4 GiB', u32(0xffffffff), size],
  ];
  it.each(ends)('refuses %s', (_, tail, fileSize) => {
    expect(failureOf(() => headerLengthOf(tail, fileSize, 'pack abc')).code).toBe('damaged');
  });

  it('accepts the bounds themselves', () => {
    expect(headerLengthOf(u32(69), 105, 'pack')).toBe(69);
    expect(headerLengthOf(u32(1000 - 36), 1000, 'pack')).toBe(964);
    expect(headerLengthOf(concatBytes([new Uint8Array(7), u32(MAX_HEADER - 4)]), size, 'pack')).toBe(MAX_HEADER - 4);
  });
});

describe('headers that must not be written', () => {
  const good: PackedBlob = { id: ID, type: 'data', offset: 0, length: 40 };
  const cases: [string, PackedBlob[]][] = [
    ['no blobs', []],
    ['an offset that does not follow', [good, { ...good, offset: 39 }]],
    ['a first offset above 0', [{ ...good, offset: 1 }]],
    ['shorter than a seal', [{ ...good, length: 31 }]],
    ['longer than a u32', [{ ...good, length: 2 ** 32 }]],
    ['compressed but empty', [{ ...good, uncompressedLength: 0 }]],
    ['plain length over u32', [{ ...good, uncompressedLength: 2 ** 32 }]],
  ];
  it.each(cases)('%s', (_, list) => expect(failureOf(() => encodeHeader(list)).code).toBe('internal'));
});
