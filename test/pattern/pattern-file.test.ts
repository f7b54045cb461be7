import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/base/bytes.js';
import { entriesOf, expandVariables, linesOf, patternsOf } from '../../src/pattern/pattern-file.js';

describe('variables', () => {
  const env = { HOME: '/home/x', A_1: 'one', EMPTY: '' };
  it.each([
    ['$HOME/*', '/home/x/*'],
    ['\u0024{HOME}x', '/home/xx'],
    ['$HOMEx', ''],
    ['$A_1-$EMPTY-$NONE', 'one--'],
    ['$$x', '$x'],
    ['$$$$', '$$'],
    ['a$', 'a$'],
    ['$.x', '$.x'],
    ['\u0024{}x', 'x'],
    ['\u0024{x', 'x'],
    ['$1abc', 'abc'],
    ['$*a', 'a'],
    ['\u0024{HO-ME}', ''],
    ['~/x', '~/x'],
  ])('%j becomes %j', (text, expected) => expect(expandVariables(text, env)).toBe(expected));
});

describe('a list in a file', () => {
  it('without blanks around, empty lines and comments', () => {
    const text = '  *.go \r\n\n# no\n\t#neither\n\u00a0foo bar\u2003\n!x';
    expect(entriesOf(utf8(text))).toEqual(['*.go', 'foo bar', '!x']);
    expect(patternsOf(utf8('$A#\n#$A\n'), { A: 'b' })).toEqual(['b#']);
  });

  it('line by line', () => {
    expect(linesOf(utf8(' a \r\n\n#b'))).toEqual([' a ', '', '#b']);
    expect(linesOf(utf8('a\n'))).toEqual(['a']);
    expect(linesOf(utf8(''))).toEqual([]);
  });

  it('in the encodings that a mark at the start names', () => {
    const utf16 = Buffer.from('\ufeffä\nb', 'utf16le');
    expect(linesOf(utf16)).toEqual(['ä', 'b']);
    expect(linesOf(Buffer.from(utf16).swap16())).toEqual(['ä', 'b']);
    expect(linesOf(utf8('\ufeffä\nb'))).toEqual(['ä', 'b']);
    expect(() => linesOf(utf16.subarray(0, 5))).toThrow(/cut/);
  });

  it('keeps bytes that are no UTF-8', () => {
    expect(linesOf(Uint8Array.of(0x61, 0xff, 0x0a))).toEqual(['a\udcff']);
  });
});
