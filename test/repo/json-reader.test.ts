import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { utf8 } from '../../src/base/bytes.js';
import { JsonReader } from '../../src/repo/json-reader.js';
import { expectOnlySyncErrors, failureOf } from './golden.js';

const reader = (text: string): JsonReader => new JsonReader(utf8(text), 'document');

function skipAll(text: string): void {
  const all = reader(text);
  all.skip();
  all.end();
}

describe('documents', () => {
  test('members and elements in order, white space anywhere', () => {
    const r = reader(' {\n"a" : [ 1 ,\t2 ] , "b":{}, "c" : "x" , "d": null } \r\n');
    const seen: unknown[] = [];
    r.beginObject();
    for (let key = r.key(); key !== undefined; key = r.key()) {
      if (key === 'a') {
        r.beginArray();
        while (r.more()) seen.push(r.integer());
      } else if (key === 'd') {
        seen.push(r.isNull());
      } else {
        seen.push(key, r.raw());
      }
    }
    r.end();
    expect(seen).toEqual([1, 2, 'b', '{}', 'c', '"x"', true]);
  });

  test('property: passes over whatever JSON.stringify writes, to the end', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom(undefined, 1, '\t'), (json, indent) => {
        skipAll(JSON.stringify(JSON.parse(json), null, indent));
        expect(reader(` ${json} `).raw()).toBe(json);
      }),
    );
  });

  test('property: refuses what JSON.parse refuses, and nothing else', () => {
    const tokens = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"\\u00e4"',
      '1',
      '-0.5e+3',
      '01',
      '.5',
      'true',
      'nul',
      ' ',
      '"',
      '\\',
    );
    fc.assert(
      fc.property(fc.array(tokens, { maxLength: 8 }), (parts) => {
        const text = parts.join('');
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          // The verdict is what is wanted.
          valid = false;
        }
        if (valid) skipAll(text);
        else expect(failureOf(() => skipAll(text)).code).toBe('damaged');
      }),
      { numRuns: 2000 },
    );
  });
});

describe('strings', () => {
  const known: [string, string][] = [
    ['"a"', 'a'],
    ['"\\"\\\\\\/"', '"\\/'],
    ['"\\\\"', '\\'],
    ['"\\u00e4\\ud83d\\ude00"', 'ä😀'],
    // A lone surrogate must not look like a byte of a raw string.
    ['"\\udcff"', '\ufffd'],
    ['"\\ud83d"', '\ufffd'],
    ['"\\ud83dx"', '\ufffdx'],
  ];
  it.each(known)('%s', (json, text) => expect(reader(json).string()).toBe(text));

  const wrong = ['"', '"a', '"a\\"', '"\\x41"', '"\\u12"', '"a\nb"', '"\0"', "'a'", 'a', ''];
  it.each(wrong)('refuses %j', (json) => expect(failureOf(() => reader(json).string()).code).toBe('damaged'));

  test('after one with escapes, plain ones are still found', () => {
    const r = reader('["a\\"","b","c\\\\","d",""]');
    const seen: string[] = [];
    r.beginArray();
    while (r.more()) seen.push(r.string());
    expect(seen).toEqual(['a"', 'b', 'c\\', 'd', '']);
  });
});

describe('numbers', () => {
  test('bounds', () => {
    expect(reader('0').integer()).toBe(0);
    expect(reader('9007199254740991').integer()).toBe(Number.MAX_SAFE_INTEGER);
    expect(reader('9007199254740993').uint64()).toBe(9007199254740993n);
    expect(reader('18446744073709551615').uint64()).toBe(2n ** 64n - 1n);
  });

  test('the same inside of lists, where most of them are read without a regular expression', () => {
    const r = reader('[1,999999999999999,9007199254740993,18446744073709551615,0]');
    const seen: bigint[] = [];
    r.beginArray();
    while (r.more()) seen.push(r.uint64());
    expect(seen).toEqual([1n, 999_999_999_999_999n, 9_007_199_254_740_993n, 2n ** 64n - 1n, 0n]);
    for (const list of ['[01,1]', '[1.5,1]', '[9007199254740993,1]', '[-1,1]', '[,1]']) {
      const wrong = reader(list);
      wrong.beginArray();
      wrong.more();
      expect(failureOf(() => wrong.integer()).code).toBe('damaged');
    }
  });

  const wrong = ['-1', '1.0', '1e3', '01', '"1"', 'null', '', '+1', '0x10'];
  it.each(wrong)('refuses %j', (json) => {
    for (const read of ['integer', 'uint64'] as const) {
      const r = reader(json);
      const error = failureOf(() => {
        r[read]();
        r.end();
      });
      expect(error.code).toBe('damaged');
    }
  });

  test('refuses what is too large', () => {
    expect(failureOf(() => reader('9007199254740992').integer()).code).toBe('damaged');
    expect(failureOf(() => reader('18446744073709551616').uint64()).code).toBe('damaged');
    expect(failureOf(() => reader('9'.repeat(100_000)).uint64()).message.length).toBeLessThan(200);
  });
});

test('nesting has a limit of its own, below that of the stack', () => {
  skipAll('['.repeat(400) + ']'.repeat(400));
  expect(failureOf(() => skipAll('['.repeat(1_000_000))).code).toBe('damaged');
  expect(failureOf(() => skipAll('{"a":'.repeat(1_000_000))).code).toBe('damaged');
});

test('only SyncErrors, whatever the bytes', () => {
  const sample = utf8('{"a":[1,2,{"b":"\\u00e4\\\\"}],"c":null,"d":-1.5e7}');
  expectOnlySyncErrors([sample], (bytes) => {
    const r = new JsonReader(bytes, 'document');
    r.skip();
    r.end();
  });
});
