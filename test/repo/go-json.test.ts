import fc from 'fast-check';
import { expect, it, test } from 'vitest';
import { goCompactJson, goJsonString } from '../../src/repo/go-json.js';
import { unicodeText } from './golden.js';

const KNOWN: [string, string][] = [
  ['', '""'],
  ['plain', '"plain"'],
  ['a <&> \u2028 "q" \\ \x07 \b\f 日本', '"a \\u003c\\u0026\\u003e \\u2028 \\"q\\" \\\\ \\u0007 \\b\\f 日本"'],
  ['\n\r\t\u2029\0\x1f', '"\\n\\r\\t\\u2029\\u0000\\u001f"'],
  ['\x7f\u0085\u00a0\ufeff\u200b\ufffd', '"\x7f\u0085\u00a0\ufeff\u200b\ufffd"'],
  ['😀\u{10ffff}', '"😀\u{10ffff}"'],
  ["/'", '"/\'"'],
  // Bytes that are not UTF-8: one replacement for each.
  ['a\udcff/\udcc3\udce2', '"a\\ufffd/\\ufffd\\ufffd"'],
];

it.each(KNOWN)('%j', (text, json) => expect(goJsonString(text)).toBe(json));

test('property: reads back, and has nothing that HTML would mind', () => {
  fc.assert(
    fc.property(unicodeText, (text) => {
      const json = goJsonString(text);
      expect(JSON.parse(json)).toBe(text);
      expect(json).not.toMatch(/[<>&\u2028\u2029]/);
    }),
  );
});

test('raw JSON is put together without spaces, strings kept', () => {
  expect(goCompactJson(' { "a b" : [ 1 , 2.50 , "x \\" \\\\" ] ,\n\t"<" : "&\u2028" } ')).toBe(
    '{"a b":[1,2.50,"x \\" \\\\"],"\\u003c":"\\u0026\\u2028"}',
  );
});
