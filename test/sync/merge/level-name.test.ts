import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Bytes } from '../../../src/base/bytes.js';
import { readLevel, readLevelName, renameLevel } from '../../../src/sync/merge/level-name.js';
import { decodeModifiedUtf8, encodeModifiedUtf8 } from '../../../src/sync/merge/nbt.js';

/** A value with its type, as the test's own writer takes it. */
type Value =
  | { readonly type: 1 | 2 | 3 | 5 | 6; readonly bytes: readonly number[] }
  | { readonly type: 4; readonly long: bigint }
  | { readonly type: 7 | 11 | 12; readonly items: number }
  | { readonly type: 8; readonly text: string }
  | { readonly type: 9; readonly of: number; readonly list: readonly Value[] }
  | { readonly type: 10; readonly tags: readonly (readonly [string, Value])[] };

function be(size: number, value: number): Buffer {
  const buffer = Buffer.alloc(size);
  buffer.writeIntBE(value, 0, size);
  return buffer;
}

/** By hand, not by the code under test: code units above 0x7f and NUL as two or three bytes. */
function modified(text: string): Buffer {
  const parts = [...Array(text.length).keys()].map((i) => {
    const code = text.charCodeAt(i);
    return code === 0
      ? 'c080'
      : code >= 0xd800 && code < 0xe000
        ? surrogate(code)
        : Buffer.from(String.fromCharCode(code)).toString('hex');
  });
  return Buffer.from(parts.join(''), 'hex');
}

function surrogate(code: number): string {
  return [0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63)].map((byte) => byte.toString(16)).join('');
}

function string(text: string): Buffer {
  const bytes = modified(text);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function payload(value: Value): Buffer {
  if (value.type === 8) return string(value.text);
  if (value.type === 4) {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64BE(value.long);
    return buffer;
  }
  if (value.type === 9) return Buffer.concat([be(1, value.of), be(4, value.list.length), ...value.list.map(payload)]);
  if (value.type === 10) {
    const tags = value.tags.map(([name, child]) => Buffer.concat([be(1, child.type), string(name), payload(child)]));
    return Buffer.concat([...tags, be(1, 0)]);
  }
  if ('items' in value) {
    const size = { 7: 1, 11: 4, 12: 8 }[value.type];
    return Buffer.concat([be(4, value.items), Buffer.alloc(value.items * size, 0x5a)]);
  }
  return Buffer.from(value.bytes);
}

const text = (some: string): Value => ({ type: 8, text: some });
const compound = (...tags: (readonly [string, Value])[]): Value => ({ type: 10, tags });

/** Every type of tag, in front of, in and behind what is asked for. */
const OTHERS: readonly (readonly [string, Value])[] = [
  ['raining', { type: 1, bytes: [1] }],
  ['short', { type: 2, bytes: [1, 2] }],
  ['DataVersion', { type: 3, bytes: [0, 0, 15, 115] }],
  ['Time', { type: 4, long: -5n }],
  ['BorderSize', { type: 5, bytes: [1, 2, 3, 4] }],
  ['double', { type: 6, bytes: [1, 2, 3, 4, 5, 6, 7, 8] }],
  ['bytes', { type: 7, items: 5 }],
  ['LevelNameX', text('not this')],
  ['none', { type: 9, of: 0, list: [] }],
  ['doubles', { type: 9, of: 6, list: [{ type: 6, bytes: [1, 2, 3, 4, 5, 6, 7, 8] }] }],
  ['lists', { type: 9, of: 9, list: [{ type: 9, of: 8, list: [text('a'), text('LevelName')] }] }],
  ['packs', { type: 9, of: 10, list: [compound(['LevelName', text('nor this')]), compound()] }],
  ['arrays', { type: 9, of: 12, list: [{ type: 12, items: 2 }] }],
  ['Player', compound(['LevelName', text('nor that')], ['UUID', { type: 11, items: 4 }])],
  ['longs', { type: 12, items: 3 }],
];

const VERSION = compound(
  ['Id', { type: 3, bytes: [0, 0, 15, 115] }],
  ['Name', text('1.21.1')],
  ['Series', text('main')],
);

function level(name: Value, more: readonly (readonly [string, Value])[] = []): Buffer {
  const data = compound(
    ...OTHERS,
    ['LevelName', name],
    ['Version', VERSION],
    ['LastPlayed', { type: 4, long: 1_764_000_000_123n }],
    ...more,
  );
  return Buffer.concat([
    be(1, 10),
    string(''),
    payload(compound(['LevelName', text('root')], ['Data', data], ...OTHERS)),
  ]);
}

const NBT = level(text('My World'));
const plainOf = (file: Bytes | undefined): Bytes | undefined => file && gunzipSync(file);

/** A whole one, but for its size. */
function withPadding(size: number): Buffer {
  return Buffer.concat([
    be(1, 10),
    string(''),
    be(1, 7),
    string('padding'),
    be(4, size),
    Buffer.alloc(size),
    NBT.subarray(3),
  ]);
}

test('says name, version and time', () => {
  expect(readLevel(gzipSync(NBT))).toEqual({ name: 'My World', version: '1.21.1', lastPlayedMs: 1_764_000_000_123 });
  expect(readLevelName(deflateSync(NBT))).toBe('My World');
  expect(readLevelName(NBT)).toBe('My World');
});

test('only the name changes', () => {
  for (const name of ['', 'World (cloud 2026-11-22)', 'é世😀\0', 'x'.repeat(65_535)]) {
    const renamed = plainOf(renameLevel(gzipSync(NBT), (old) => name + old.slice(8)));
    expect(level(text(name)).equals(renamed ?? NBT)).toBe(true);
  }
  expect(renameLevel(gzipSync(NBT), (old) => `${old}!`)?.slice(0, 2)).toEqual(Buffer.of(0x1f, 0x8b));
});

test('the container stays', () => {
  const renamed = level(text('B'));
  const rename = (): string => 'B';
  expect(renameLevel(NBT, rename)).toEqual(new Uint8Array(renamed));
  const zlib = renameLevel(deflateSync(NBT), rename);
  expect(zlib && inflateSync(zlib)).toEqual(renamed);
  const followed = Buffer.concat([NBT, Buffer.from('behind the end')]);
  expect(plainOf(renameLevel(gzipSync(followed), rename))).toEqual(
    Buffer.concat([renamed, Buffer.from('behind the end')]),
  );
});

test('a large one is read', () => {
  const file = gzipSync(withPadding(3_000_000));
  expect(readLevelName(file)).toBe('My World');
  expect(plainOf(renameLevel(file, () => 'B'))?.length).toBe(NBT.length + 3_000_000 + 14 - 7);
});

test('what the rename throws comes through', () => {
  const rename = (): string => {
    throw new TypeError('no');
  };
  expect(() => renameLevel(NBT, rename)).toThrow(TypeError);
});

test('of two tags of one name the last counts, as in the game', () => {
  const twice = level(text('first'), [['LevelName', text('second')]]);
  expect(readLevelName(twice)).toBe('second');
  expect(readLevelName(level(text('first'), [['LevelName', { type: 1, bytes: [0] }]]))).toBeUndefined();
  const root = (...tags: (readonly [string, Value])[]): Buffer =>
    Buffer.concat([be(1, 10), string(''), payload(compound(...tags))]);
  const data = compound(['LevelName', text('a')], ['LastPlayed', { type: 4, long: 5n }]);
  expect(readLevel(root(['Data', data], ['Data', compound(['LevelName', text('b')])]))).toEqual({ name: 'b' });
  expect(readLevel(root(['Data', data], ['Data', text('b')]))).toEqual({});
  expect(readLevel(root(['Data/LevelName', text('slash')]))).toEqual({});
  expect(readLevel(root())).toEqual({});
  expect(renameLevel(root(), () => 'x')).toBeUndefined();
});

describe('what is no level.dat', () => {
  test.each<[string, Bytes]>([
    ['nothing', new Uint8Array()],
    ['text', Buffer.from('not NBT at all')],
    ['broken gzip', gzipSync(NBT).subarray(0, 100)],
    ['gzip of nothing', gzipSync(Buffer.alloc(0))],
    ['an unknown type', Buffer.concat([Buffer.from('0a0000', 'hex'), Buffer.from('0d0000', 'hex'), NBT])],
    ['a negative count', Buffer.from('0a0000' + '070000' + 'ffffffff' + '00', 'hex')],
    ['a count that leads back', Buffer.from('0a0000' + '0c000161' + 'ffffffff' + '00', 'hex')],
    ['a count beyond the end', Buffer.from('0a0000' + '0c0000' + '7fffffff' + '00', 'hex')],
    ['very many of no type', Buffer.from('0a0000' + '090000' + '00' + '7fffffff' + '00', 'hex')],
    ['very many compounds', Buffer.from('0a0000' + '090000' + '0a' + '7fffffff' + '00', 'hex')],
    ['too deep compounds', Buffer.concat([Buffer.from('0a0000'.repeat(600), 'hex'), Buffer.alloc(600)])],
    ['too deep lists', Buffer.concat([Buffer.from(`0a0000090000${'0900000001'.repeat(600)}`, 'hex'), Buffer.alloc(6)])],
    ['deep without end', Buffer.alloc(3_000_000, Buffer.from('0a0000', 'hex'))],
    ['a bomb', gzipSync(withPadding(65 * 1024 * 1024))],
  ])('%s', (_, file) => {
    expect(readLevel(file)).toBeUndefined();
    expect(renameLevel(file, () => 'x')).toBeUndefined();
  });

  test('a name that the game could not read, and one that is too long', () => {
    const file = Buffer.from(`0a0000${'0a000444617461'}${'0800094c6576656c4e616d65'}0002c328${'0000'}`, 'hex');
    expect(readLevel(file)).toEqual({});
    expect(readLevel(Buffer.from('0a0000' + '0a000444617461' + '080001ff0000' + '00' + '00', 'hex'))).toEqual({});
    expect(renameLevel(file, () => 'x')).toBeUndefined();
    expect(renameLevel(NBT, () => 'é'.repeat(32_768))).toBeUndefined();
  });

  test('cut off anywhere, or with any byte changed, nothing is thrown', () => {
    for (let end = 0; end < NBT.length; end++) expect(readLevel(NBT.subarray(0, end))).toBeUndefined();
    const property = fc.property(fc.nat(NBT.length - 1), fc.nat(255), (at, byte) => {
      const file = Uint8Array.from(NBT);
      file[at] = byte;
      const name = readLevelName(file);
      const renamed = renameLevel(file, (old) => `${old}+`);
      expect(renamed === undefined).toBe(name === undefined);
      if (renamed !== undefined) expect(readLevelName(renamed)).toBe(`${name}+`);
    });
    fc.assert(property, { numRuns: 500 });
  });
});

/** Of one, two and three bytes, and halves of a pair. */
const unit = fc.constantFrom('a', ' ', '\0', 'é', '世', '😀', '\ud800', '\udfff');

test('any tree: only the name changes, and back again all is as before', () => {
  const { value } = fc.letrec<{ value: Value; compound: Value }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(...OTHERS.map(([, one]) => one)),
      fc.string({ unit }).map(text),
      tie('compound'),
      fc.array(tie('compound'), { maxLength: 3 }).map((list): Value => ({ type: 9, of: 10, list })),
    ),
    compound: fc
      .array(fc.tuple(fc.oneof(fc.string(), fc.constantFrom('LevelName', 'Data', 'Version')), tie('value')), {
        maxLength: 4,
      })
      .map((tags) => compound(...tags)),
  }));
  const tags = fc.array(fc.tuple(fc.string(), value), { maxLength: 5 });
  const names = fc.tuple(fc.string({ unit }), fc.string({ unit }));
  const property = fc.property(tags, tags, tags, names, (before, inside, after, [name, other]) => {
    const not =
      (wrong: string) =>
      (tag: readonly [string, Value]): boolean =>
        tag[0] !== wrong;
    const make = (levelName: string): Buffer => {
      const data = compound(
        ...before.filter(not('LevelName')),
        ['LevelName', text(levelName)],
        ...inside.filter(not('LevelName')),
      );
      const root = compound(...after.filter(not('Data')), ['Data', data], ...before.filter(not('Data')));
      return Buffer.concat([be(1, 10), string('root'), payload(root)]);
    };
    const file = make(name);
    expect(readLevelName(file)).toBe(name);
    const renamed = renameLevel(file, () => other);
    expect(make(other).equals(renamed ?? file)).toBe(true);
    expect(file.equals(renameLevel(renamed ?? file, () => name) ?? Buffer.alloc(0))).toBe(true);
  });
  fc.assert(property, { numRuns: 100 });
});

test('texts as Java writes them', () => {
  const property = fc.property(
    fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
    (some) => {
      expect(Buffer.from(encodeModifiedUtf8(some))).toEqual(modified(some));
      expect(decodeModifiedUtf8(encodeModifiedUtf8(some))).toBe(some);
    },
  );
  fc.assert(property);
  for (const wrong of ['80', 'c3', 'c328', 'e282', 'e28228', 'f09f9880', 'ff']) {
    expect(decodeModifiedUtf8(Buffer.from(wrong, 'hex')), wrong).toBeUndefined();
  }
});
