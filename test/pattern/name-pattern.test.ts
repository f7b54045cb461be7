import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileName, matchName } from '../../src/pattern/name-pattern.js';
import { rejection } from '../helpers/repository.js';

const posix = { escapes: true };

describe('a pattern for one name', () => {
  it.each([
    ['abc', 'abc', true],
    ['', '', true],
    ['', 'a', false],
    ['*', '', true],
    ['*', 'abc', true],
    ['*c', 'abc', true],
    ['a*', 'a', true],
    ['a*', 'ba', false],
    ['a*b*c*d*e*', 'axbxcxdxe', true],
    ['a*b*c*d*e*', 'axbxcxdxxx', false],
    ['*a*a*a*a*b', 'a'.repeat(60), false],
    ['a?b', 'a☺b', true],
    ['a[^a]b', 'a☺b', true],
    ['a???b', 'a☺b', false],
    ['[a-ζ]*', 'α', true],
    ['*[a-ζ]', 'A', false],
    ['a?b', 'a/b', false],
    ['a*b', 'a/b', false],
    ['a[^x]b', 'a/b', true],
    ['[\\]a]', ']', true],
    ['[\\-x]', 'x', true],
    ['[\\-x]', '-', true],
    ['[x\\-]', 'z', false],
    ['[a*]', '*', true],
    ['[a*]x*', '*xy', true],
    ['[a[]', '[', true],
    ['a]b', 'a]b', true],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'axb', false],
    ['*x', 'xxx', true],
    ['*.tar.?z', 'a.b.tar.gz', true],
    ['\\\\', '\\', true],
  ])('%j and %j: %s', (pattern, name, expected) => {
    expect(matchName(pattern, name, posix)).toBe(expected);
  });

  it.each([
    '[',
    '[^',
    '[]',
    '[]a]',
    '[-]',
    '[-x]',
    '[x-]',
    '[a-b-c]',
    '[x',
    '[x-',
    'a[',
    '*[',
    '\\',
    'a\\',
    '[\\',
    '[a\\',
  ])('%j is not well-formed', async (pattern) => {
    const error = await rejection((async () => compileName(pattern, posix))());
    expect(error).toMatchObject({ code: 'usage', details: { pattern } });
  });

  it('a backslash means itself on Windows', () => {
    expect(matchName('a\\*', 'a\\bc', { escapes: false })).toBe(true);
    expect(matchName('a\\', 'a\\', { escapes: false })).toBe(true);
  });

  it('a star may end within a character, as bytes are what it takes', () => {
    expect(matchName('*??', '€')).toBe(true);
    expect(matchName('*????', '€')).toBe(false);
    expect(matchName('?', '€')).toBe(true);
  });

  it('a byte that is no UTF-8 counts as one character', () => {
    expect(matchName('a?b', 'a\udcffb')).toBe(true);
    expect(matchName('a??b', 'a\udcffb')).toBe(false);
    expect(matchName('a*', 'a\udcff')).toBe(true);
    expect(matchName('a[\ufffd]', 'a\udcff')).toBe(true);
    expect(matchName('a\udcff', 'a\udcff')).toBe(true);
  });

  it('every name matches itself when it is escaped, and its parts around a star', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(20), (text, at) => {
        const name = text.replaceAll('/', '');
        const chars = [...name];
        const quoted = (part: string): string => part.replace(/[*?[\]\\^-]/g, '\\$&');
        expect(matchName(quoted(name), name, posix)).toBe(true);
        expect(
          matchName(`${quoted(chars.slice(0, at).join(''))}*${quoted(chars.slice(at).join(''))}`, name, posix),
        ).toBe(true);
        expect(matchName(`${quoted(name)}?`, name, posix)).toBe(false);
      }),
    );
  });
});
