import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { fromUtf8, utf8 } from '../../src/base/bytes.js';
import type { BlobId, PackId } from '../../src/base/ids.js';
import type { PackedBlob } from '../../src/pack/header.js';
import type { IndexPack } from '../../src/repo/index-file.js';
import { decodeIndexFile, encodeIndexFile } from '../../src/repo/index-file.js';
import { expectOnlySyncErrors, failureOf, goldenFiles, hexId } from './golden.js';

const A = 'aa'.repeat(32);
const B = 'bb'.repeat(32);
const BLOB = { id: A, type: 'data', offset: 0, length: 40 };
const json = (value: unknown): Uint8Array => utf8(JSON.stringify(value));
const withBlob = (change: object): Uint8Array => json({ packs: [{ id: B, blobs: [{ ...BLOB, ...change }] }] });

it.each(goldenFiles('index-', '.json'))('%s: read, and written to the same bytes', (_, bytes) => {
  const index = decodeIndexFile(bytes, 'index');
  expect(index.packs.length).toBeGreaterThan(0);
  expect(encodeIndexFile(index.packs)).toEqual(bytes);
  const listed: { packs: { id: string; blobs: object[] }[] } = JSON.parse(fromUtf8(bytes));
  expect(index.packs.map(({ id, blobs }) => [id, blobs.length])).toEqual(
    listed.packs.map(({ id, blobs }) => [id, blobs.length]),
  );
});

const blob: fc.Arbitrary<PackedBlob> = fc.record(
  {
    id: hexId.map((id) => id as BlobId),
    type: fc.constantFrom('data' as const, 'tree' as const),
    offset: fc.nat(2 ** 40),
    length: fc.integer({ min: 32, max: 0xffffffff }),
    uncompressedLength: fc.integer({ min: 1, max: 0xffffffff }),
  },
  { requiredKeys: ['id', 'type', 'offset', 'length'], noNullPrototype: true },
);
const pack: fc.Arbitrary<IndexPack> = fc.record({ id: hexId.map((id) => id as PackId), blobs: fc.array(blob) });

test('property: what is encoded decodes to the same', () => {
  fc.assert(
    fc.property(fc.array(pack, { maxLength: 6 }), (packs) => {
      expect(decodeIndexFile(encodeIndexFile(packs), 'index')).toEqual({ packs, supersedes: [] });
    }),
  );
});

describe('what other writers leave', () => {
  test('supersedes of older restics', () => {
    const index = decodeIndexFile(json({ supersedes: [A, B], packs: [] }), 'index');
    expect(index).toEqual({ packs: [], supersedes: [A, B] });
    expect(decodeIndexFile(utf8('{"supersedes":null,"packs":null}'), 'index')).toEqual({ packs: [], supersedes: [] });
    expect(decodeIndexFile(utf8('{}'), 'index')).toEqual({ packs: [], supersedes: [] });
  });

  test('packs that rustic has marked for deletion are not there', () => {
    const marked = [{ id: A, blobs: [BLOB], time: '2024-01-01T00:00:00Z' }];
    const kept = { id: B, blobs: [BLOB], time: null, size: 1234 };
    expect(decodeIndexFile(json({ packs_to_delete: marked, packs: [kept] }), 'index').packs).toEqual([
      { id: B, blobs: [BLOB] },
    ]);
  });

  test('an uncompressed length of 0 or null is none', () => {
    expect(decodeIndexFile(withBlob({ uncompressed_length: 0 }), 'i').packs[0]?.blobs).toEqual([BLOB]);
    expect(decodeIndexFile(withBlob({ uncompressed_length: null }), 'i').packs[0]?.blobs).toEqual([BLOB]);
  });
});

describe('what is refused', () => {
  const cases: [string, string, Uint8Array][] = [
    ['empty', 'damaged', new Uint8Array(0)],
    ['the old form', 'unsupported', json([{ id: A, blobs: [] }])],
    ['text behind the end', 'damaged', utf8('{"packs":[]}\n{}')],
    ['cut off', 'damaged', withBlob({}).subarray(0, -3)],
    ['packs an object', 'damaged', json({ packs: {} })],
    ['a pack that is a text', 'damaged', json({ packs: [A] })],
    ['a pack without id', 'damaged', json({ packs: [{ blobs: [] }] })],
    ['a pack id of 63 digits', 'damaged', json({ packs: [{ id: A.slice(1), blobs: [] }] })],
    ['a pack id that is a path', 'damaged', json({ packs: [{ id: '../../config', blobs: [] }] })],
    ['supersedes no ids', 'damaged', json({ supersedes: ['x'], packs: [] })],
    ['a blob id in capitals', 'damaged', withBlob({ id: A.toUpperCase() })],
    ['a blob id null', 'damaged', withBlob({ id: null })],
    ['a blob without type', 'damaged', withBlob({ type: undefined })],
    ['an unknown type', 'damaged', withBlob({ type: 'index' })],
    ['a negative offset', 'damaged', withBlob({ offset: -1 })],
    ['an offset that overflows', 'damaged', withBlob({ offset: Number.MAX_SAFE_INTEGER })],
    [
      'an offset beyond 2^53',
      'damaged',
      utf8(fromUtf8(withBlob({})).replace('"offset":0', '"offset":18446744073709551615')),
    ],
    ['an offset that is a fraction', 'damaged', withBlob({ offset: 0.5 })],
    ['an offset that is a text', 'damaged', withBlob({ offset: '0' })],
    ['no length', 'damaged', withBlob({ length: undefined })],
    ['a length shorter than a seal', 'damaged', withBlob({ length: 31 })],
    ['a length over u32', 'damaged', withBlob({ length: 2 ** 32 })],
    ['a plain length over u32', 'damaged', withBlob({ uncompressed_length: 2 ** 32 })],
  ];
  it.each(cases)('%s: %s', (_, code, bytes) => {
    const error = failureOf(() => decodeIndexFile(bytes, 'index abc'));
    expect(error.code).toBe(code);
    expect(error.message).toContain('index abc');
  });

  it('only SyncErrors, whatever the bytes', () => {
    const samples = goldenFiles('index-', '.json').map(([, bytes]) => bytes);
    expectOnlySyncErrors(samples, (bytes) => decodeIndexFile(bytes, 'index'));
  });
});
