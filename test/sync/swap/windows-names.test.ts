import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkPortableName, findCaseTwins, findUnicodeTwins, foldName } from '../../../src/sync/swap/windows-names.js';

test.each([
  ...['a<b', 'a>b', 'a:b', 'a"b', 'a|b', 'a?b', 'a*b', 'a\\b', 'a/b', 'a\u0000', 'a\u001f', 'a.', 'a ', '.', '..', ''],
  ...[
    'CON',
    'con',
    'Prn.txt',
    'aux.',
    'NUL',
    'nul.tar.gz',
    'COM1',
    'com9.x',
    'LPT\u00b2',
    'CON .txt',
    'CONIN$',
    'com0',
  ],
  ...['\udcff', 'a\ud800', 'x'.repeat(256)],
])('%j cannot exist on Windows', (name) => expect(checkPortableName(name)).toMatch(/^(has|is|ends) /));

test.each([
  ...['level.dat', '2026-11-22_10.00.00.png', '.minecraft', 'CONSOLE', 'com', 'com10', 'nulx', 'Ünïcödé 😀', 'a.b c'],
  ...['r.-1.0.mca', '!x', 'a~1', 'x'.repeat(255), 'aCON', '\u007f'],
])('%j can', (name) => expect(checkPortableName(name)).toBeUndefined());

test('twins are found, also among folders, and once', () => {
  expect(findCaseTwins(['saves/World/a', 'saves/world/a', 'saves/World/b', 'x'])).toEqual([
    ['saves/World', 'saves/world'],
  ]);
  expect(findCaseTwins(['a/X', 'b/x', 'a/x'])).toEqual([['a/X', 'a/x']]);
  expect(findCaseTwins(['caf\u00e9', 'CAFE\u0301', 'ß', 'ss'])).toEqual([['caf\u00e9', 'CAFE\u0301']]);
  expect(findUnicodeTwins(['caf\u00e9', 'CAFE\u0301', 'cafe\u0301'])).toEqual([['caf\u00e9', 'cafe\u0301']]);
  expect(findCaseTwins(['a', 'a', 'b'])).toEqual([]);
});

test('folding makes equal what differs in case or normal form', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', 'Z', 'ä', 'É', 'ж', 'Я', 'ς', 'Σ', 'ǆ', '\u212a', '😀', '𐐨', 'ß') }),
      (name) => {
        expect(foldName(name.normalize('NFD'))).toBe(foldName(name.normalize('NFC')));
        if (name.includes('ß')) return;
        expect(foldName(name.toUpperCase())).toBe(foldName(name));
        expect(foldName(name.toLowerCase())).toBe(foldName(name));
      },
    ),
  );
});
