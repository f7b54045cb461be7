/** The fast reader of index files against the general one: whatever the bytes, it says the same or gives up. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/base/bytes.js';
import { fromUtf8, utf8 } from '../../src/base/bytes.js';
import { isSyncError } from '../../src/base/errors.js';
import type { BlobId, PackId } from '../../src/base/ids.js';
import type { PackedBlob } from '../../src/pack/header.js';
import type { IndexPack } from '../../src/repo/index-file.js';
import { decodeIndexFile, encodeIndexFile } from '../../src/repo/index-file.js';
import { readIndexTable, scanIndexFile } from '../../src/repo/index-scan.js';
import { IndexTable } from '../../src/repo/index-table.js';
import { failureOf, goldenFiles, hexId } from './golden.js';

const ID = 'cd'.repeat(32) as BlobId & PackId;
const table = new IndexTable();
const contents = (): IndexPack[] =>
  Array.from({ length: table.packCount }, (_, pack) => ({ id: table.packId(pack), blobs: table.blobsOf(pack) }));

/** What the fast reader says, if it says anything. */
function scanned(bytes: Bytes): IndexPack[] | undefined {
  return scanIndexFile(bytes, table) ? contents() : undefined;
}

/** What the general reader says, if it can be read. */
function decoded(bytes: Bytes): IndexPack[] | undefined {
  try {
    return decodeIndexFile(bytes, 'index').packs;
  } catch (error) {
    if (isSyncError(error)) return undefined;
    throw error;
  }
}

const number = fc.oneof(
  fc.integer({ min: 32, max: 0xffff_ffff }),
  fc.constantFrom(0, 1, 9, 10, 31, 32, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 40, 10 ** 15 - 1, 10 ** 15, 2 ** 53 - 1),
);
const length = fc.integer({ min: 32, max: 0xffff_ffff });
const blob: fc.Arbitrary<PackedBlob> = fc.record(
  {
    id: hexId.map((id) => id as BlobId),
    type: fc.constantFrom('data' as const, 'tree' as const),
    offset: fc.nat(10 ** 14),
    length,
    uncompressedLength: fc.integer({ min: 1, max: 0xffff_ffff }),
  },
  { requiredKeys: ['id', 'type', 'offset', 'length'], noNullPrototype: true },
);
const packs = fc.array(
  fc.record(
    { id: hexId.map((id) => id as PackId), blobs: fc.array(blob, { maxLength: 4 }) },
    { noNullPrototype: true },
  ),
  { maxLength: 3 },
);

/** One thing done to the text: something in place of so many characters from a point on. */
const change = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.nat(3),
  text: fc.oneof(
    fc.constantFrom(...'{}[],:"0-9.eE \n\\afAFgz\u0000\u00e9', '', '00', 'null', '"id":', '"x":1,', '\\u0061', '1e3'),
    number.map(String),
  ),
});

describe('scanIndexFile', () => {
  it.each(goldenFiles('index-', '.json'))('reads %s, which restic wrote', (_, bytes) => {
    expect(scanned(bytes)).toEqual(decodeIndexFile(bytes, 'index').packs);
  });

  it('reads whatever encodeIndexFile writes', () => {
    fc.assert(
      fc.property(packs, (made) => {
        expect(scanned(encodeIndexFile(made))).toEqual(made);
      }),
    );
  });

  it('says nothing else than the general reader of files that were changed', () => {
    let understood = 0;
    fc.assert(
      fc.property(packs, fc.array(change, { minLength: 1, maxLength: 3 }), (made, changes) => {
        let text = fromUtf8(encodeIndexFile(made));
        for (const { at, length: gone, text: put } of changes) {
          const from = Math.floor(at * text.length);
          text = text.slice(0, from) + put + text.slice(from + gone);
        }
        const found = scanned(utf8(text));
        if (found === undefined) return;
        understood += 1;
        expect(found).toEqual(decoded(utf8(text)));
      }),
      // Nearly all changes are beyond the scanner; these are not, whatever the seed.
      { numRuns: 1000, examples: [[[], [{ at: 1, length: 0, text: '\n' }]]] },
    );
    expect(understood).toBeGreaterThan(0);
  });

  it('says nothing else than the general reader of any numbers', () => {
    const raw = fc.oneof(number.map(String), fc.constantFrom('', '-1', '01', '00', '1.0', '1e2', '"1"', 'null', ' 1'));
    fc.assert(
      fc.property(raw, raw, fc.option(raw), (offset, sealed, plain) => {
        const more = plain === null ? '' : `,"uncompressed_length":${plain}`;
        const entry = `{"id":"${ID}","type":"data","offset":${offset},"length":${sealed}${more}}`;
        const bytes = utf8(`{"packs":[{"id":"${ID}","blobs":[${entry}]}]}\n`);
        const found = scanned(bytes);
        if (found !== undefined) expect(found).toEqual(decoded(bytes));
      }),
      { numRuns: 500 },
    );
  });

  it('gives up wherever a file is cut off', () => {
    const bytes = encodeIndexFile([{ id: ID, blobs: [{ id: ID, type: 'tree', offset: 12, length: 345 }] }]);
    const cuts = Array.from({ length: bytes.length + 1 }, (_, end) => scanIndexFile(bytes.subarray(0, end), table));
    // Without its last line feed it is whole.
    expect(cuts.indexOf(true)).toBe(bytes.length - 1);
  });
});

describe('readIndexTable', () => {
  it('reads by the general reader what is unusual', () => {
    const entry = { type: 'tree', id: ID, length: 77, offset: 5, extra: [1] };
    readIndexTable(utf8(JSON.stringify({ supersedes: [], packs: [{ blobs: [entry], id: ID }] })), 'index', table);
    expect(contents()).toEqual([{ id: ID, blobs: [{ id: ID, type: 'tree', offset: 5, length: 77 }] }]);
    readIndexTable(utf8('{"packs":null}'), 'index', table);
    expect(contents()).toEqual([]);
  });

  it('says of damage what the general reader says', () => {
    const bytes = utf8(`{"packs":[{"id":"${ID}","blobs":[{"id":"${ID}","type":"data","offset":0,"length":31}]}]}\n`);
    const error = failureOf(() => readIndexTable(bytes, 'index abc', table));
    expect(error.message).toBe(failureOf(() => decodeIndexFile(bytes, 'index abc')).message);
    expect(error.code).toBe('damaged');
  });
});
