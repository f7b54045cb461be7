import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { utf8 } from '../../src/base/bytes.js';
import type { RepoConfig } from '../../src/repo/config.js';
import { decodeConfig, encodeConfig } from '../../src/repo/config.js';
import { expectOnlySyncErrors, failureOf, goldenFiles, hexId } from './golden.js';

const ID = 'c0'.repeat(32);
const GOOD = { version: 2, id: ID, chunker_polynomial: '25b468838dcb75' };
const json = (value: unknown): Uint8Array => utf8(JSON.stringify(value));

it.each(goldenFiles('config', '.json'))('%s: read, and written to the same bytes', (name, bytes) => {
  const config = decodeConfig(bytes);
  expect(config.version).toBe(name.includes('v1') ? 1 : 2);
  expect(encodeConfig(config)).toEqual(bytes);
});

test('property: what is encoded decodes to the same', () => {
  const hex = fc.stringMatching(/^[0-9a-f]{13}$/);
  const config: fc.Arbitrary<RepoConfig> = fc.record({
    version: fc.constantFrom(1 as const, 2 as const),
    id: hexId,
    chunkerPolynomial: fc.tuple(fc.constantFrom('2', '3'), hex).map(([first, rest]) => first + rest),
  });
  fc.assert(
    fc.property(config, (value) => {
      expect(decodeConfig(encodeConfig(value))).toEqual(value);
    }),
  );
});

describe('foreign members', () => {
  test('unknown ones are passed over', () => {
    const more = {
      append_only: true,
      compression: 7,
      treepack_size: 1,
      extra_verify: false,
      __proto__: 1,
      x: { y: [] },
    };
    expect(decodeConfig(json({ ...GOOD, ...more }))).toEqual({
      version: 2,
      id: ID,
      chunkerPolynomial: '25b468838dcb75',
    });
  });

  test('chunker settings that are the same as ours are no reason', () => {
    const same = {
      chunker: 'rabin',
      chunk_size: 1048576,
      chunk_min_size: 524288,
      chunk_max_size: 8388608,
      is_hot: false,
    };
    expect(decodeConfig(json({ ...GOOD, ...same })).readOnlyReason).toBeUndefined();
    const none = { chunker: null, chunk_size: null };
    expect(decodeConfig(json({ ...GOOD, ...none })).readOnlyReason).toBeUndefined();
  });

  const foreign: [string, object][] = [
    ['chunker fixed_size', { chunker: 'fixed_size' }],
    ['chunk_size 2097152', { chunk_size: 2097152 }],
    ['chunk_min_size 1', { chunk_min_size: 1 }],
    ['chunk_max_size 1', { chunk_max_size: 1 }],
  ];
  it.each(foreign)('%s makes it read-only', (text, member) => {
    const config = decodeConfig(json({ ...GOOD, ...member }));
    expect(config.readOnlyReason).toContain(text);
    expect(failureOf(() => encodeConfig(config)).code).toBe('internal');
  });
});

describe('what is refused', () => {
  const cases: [string, string, Uint8Array][] = [
    ['version 3', 'unsupported', json({ ...GOOD, version: 3 })],
    ['version 3 without anything else', 'unsupported', json({ version: 3, id: 7 })],
    ['a hot repository', 'unsupported', json({ ...GOOD, is_hot: true })],
    ['empty', 'damaged', new Uint8Array(0)],
    ['not JSON', 'damaged', utf8('{"version":2')],
    ['null', 'damaged', utf8('null')],
    ['a list', 'damaged', utf8('[]')],
    ['no version', 'damaged', json({ ...GOOD, version: undefined })],
    ['version 0', 'damaged', json({ ...GOOD, version: 0 })],
    ['version 1.5', 'damaged', json({ ...GOOD, version: 1.5 })],
    ['version "2"', 'damaged', json({ ...GOOD, version: '2' })],
    ['is_hot "yes"', 'damaged', json({ ...GOOD, is_hot: 'yes' })],
    ['no id', 'damaged', json({ ...GOOD, id: undefined })],
    ['a short id', 'damaged', json({ ...GOOD, id: 'c0' })],
    ['an id in capitals', 'damaged', json({ ...GOOD, id: ID.toUpperCase() })],
    ['no polynomial', 'damaged', json({ ...GOOD, chunker_polynomial: undefined })],
    ['a polynomial of degree 52', 'damaged', json({ ...GOOD, chunker_polynomial: '15b468838dcb75' })],
    ['a polynomial of degree 54', 'damaged', json({ ...GOOD, chunker_polynomial: '45b468838dcb75' })],
    ['a polynomial beyond u64', 'damaged', json({ ...GOOD, chunker_polynomial: '25b468838dcb7500000' })],
    ['a polynomial with 0x', 'damaged', json({ ...GOOD, chunker_polynomial: '0x25b468838dcb75' })],
  ];
  it.each(cases)('%s: %s', (_, code, bytes) => expect(failureOf(() => decodeConfig(bytes)).code).toBe(code));

  it('only SyncErrors, whatever the bytes', () => {
    expectOnlySyncErrors(
      goldenFiles('config', '.json').map(([, bytes]) => bytes),
      decodeConfig,
    );
  });
});

test('leading zeros and capitals of a polynomial are read as Go reads them', () => {
  expect(decodeConfig(json({ ...GOOD, chunker_polynomial: '0025B468838DCB75' })).chunkerPolynomial).toBe(
    '25b468838dcb75',
  );
});
