import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { utf8 } from '../../src/base/bytes.js';
import { rawFromBytes, rawToBytes } from '../../src/base/raw-string.js';
import { goQuote, goUnquote, isGoPrintable } from '../../src/repo/go-quote.js';
import { unicodeText } from './golden.js';

/** Names, and how restic 0.19 wrote them: the quoted form, JSON taken off. */
const KNOWN: [string | number[], string][] = [
  ['plain.txt', 'plain.txt'],
  ['with space', 'with space'],
  ['quote"d', 'quote\\"d'],
  ["single'", "single'"],
  ['back\\slash', 'back\\\\slash'],
  ['\\x41', '\\\\x41'],
  ['a<b>&c', 'a<b>&c'],
  ['bell\x07', 'bell\\a'],
  ['\b\f\v\r', '\\b\\f\\v\\r'],
  ['tab\t', 'tab\\t'],
  ['line\nfeed', 'line\\nfeed'],
  ['esc\x1b', 'esc\\x1b'],
  ['del\x7f', 'del\\x7f'],
  ['c1\u0085', 'c1\\u0085'],
  ['nbsp\u00a0', 'nbsp\\u00a0'],
  ['soft\u00adhyphen', 'soft\\u00adhyphen'],
  ['bom\ufeff', 'bom\\ufeff'],
  ['zero\u200bwidth', 'zero\\u200bwidth'],
  ['line\u2028sep\u2029', 'line\\u2028sep\\u2029'],
  ['ä', 'ä'],
  ['a\u0308', 'a\u0308'],
  ['日本', '日本'],
  ['😀', '😀'],
  ['private\ue000', 'private\\ue000'],
  ['replacement\ufffd', 'replacement\ufffd'],
  ['unassigned\u0378', 'unassigned\\u0378'],
  ['new\u{1fae9}', 'new\\U0001fae9'],
  ['last\u{10ffff}', 'last\\U0010ffff'],
  ['\u{10000}', '\u{10000}'],
  [[0x61, 0xff, 0x62], 'a\\xffb'],
  [[0xc3], '\\xc3'],
  [[0xc0, 0x80], '\\xc0\\x80'],
  [[0xed, 0xa0, 0x80], '\\xed\\xa0\\x80'],
  [[0xf4, 0x90, 0x80, 0x80], '\\xf4\\x90\\x80\\x80'],
  [[0xff, 0xfe, 0x22, 0x5c], '\\xff\\xfe\\"\\\\'],
];

function raw(name: string | number[]): string {
  return typeof name === 'string' ? name : rawFromBytes(Uint8Array.from(name));
}

describe('quoting', () => {
  it.each(KNOWN)('%j', (name, quoted) => {
    expect(goQuote(raw(name))).toBe(quoted);
    expect(goUnquote(quoted)).toBe(raw(name));
  });

  test('the table of printable code points is the one observed', () => {
    let count = 0;
    for (let code = 0; code <= 0x10ffff; code++) if (isGoPrintable(code)) count += 1;
    expect(count).toBe(148_998);
    // Ends of runs, from Unicode 15: the last letters assigned, and their unassigned neighbours.
    const printable = [
      0x20, 0x7e, 0xa1, 0x377, 0x37a, 0x2027, 0x1fae8, 0x1fbf9, 0x2a6df, 0x31350, 0x323af, 0xe0100, 0xe01ef,
    ];
    const escaped = [
      0x1f, 0x7f, 0x9f, 0xa0, 0xad, 0x378, 0x2028, 0xd800, 0xdfff, 0xe000, 0x1fae9, 0x323b0, 0xe01f0, 0x10ffff,
    ];
    expect(printable.filter((code) => !isGoPrintable(code))).toEqual([]);
    expect(escaped.filter(isGoPrintable)).toEqual([]);
  });
});

describe('unquoting', () => {
  const more: [string, string | number[]][] = [
    ['\\x41\\101\\u0041\\U00000041', 'AAAA'],
    ['\\xc3\\xa4', 'ä'],
    ['\\xC3\\xA4', 'ä'],
    ['\\303\\244', 'ä'],
    ['\\377', [0xff]],
    ['\\U0001F600', '😀'],
    ['\t\r', '\t\r'],
    ['', ''],
  ];
  it.each(more)('%j', (quoted, name) => expect(goUnquote(quoted)).toBe(raw(name)));

  const wrong = [
    '"',
    'a"b',
    '\\',
    'a\\',
    "\\'",
    '\\q',
    '\\x',
    '\\x4',
    '\\x4g',
    '\\400',
    '\\08',
    '\\1',
    '\\u123',
    '\\ud800',
    '\\udfff',
    '\\U00110000',
    '\\Uffffffff',
    'a\nb',
    '\\x41"',
    '\\ x41',
    '\\X41',
  ];
  it.each(wrong)('refuses %j', (quoted) => expect(goUnquote(quoted)).toBeUndefined());
});

test('property: every sequence of bytes survives quoting', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const quoted = goQuote(rawFromBytes(bytes));
      const back = goUnquote(quoted);
      expect(back).toBeDefined();
      expect(rawToBytes(back ?? '')).toEqual(bytes);
    }),
  );
});

test('property: every Unicode name survives quoting, and its quoted form is Unicode', () => {
  fc.assert(
    fc.property(unicodeText, (name) => {
      const quoted = goQuote(name);
      expect(goUnquote(quoted)).toBe(name);
      expect(utf8(quoted)).toEqual(rawToBytes(quoted));
    }),
  );
});
