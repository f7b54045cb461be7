import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rawFromBytes, rawToBytes } from '../../../src/base/raw-string.js';
import { secondName, secondTitle } from '../../../src/sync/merge/second-name.js';
import { checkPortableName } from '../../../src/sync/swap/windows-names.js';

const DAY = '2026-11-22';
const free = (): boolean => false;

test.each([
  ['world', 'saves/World', 'saves/World (cloud 2026-11-22)'],
  ['world', 'saves/v1.2.3', 'saves/v1.2.3 (cloud 2026-11-22)'],
  ['world', 'saves/World ', 'saves/World (cloud 2026-11-22)'],
  ['world', 'saves/World (cloud 2025-01-02)', 'saves/World (cloud 2026-11-22)'],
  ['world', 'saves/World (cloud 2025-01-02) 7', 'saves/World (cloud 2026-11-22)'],
  ['world', 'saves/World (cloud)', 'saves/World (cloud 2026-11-22)'],
  ['world', 'saves/World (cloudy)', 'saves/World (cloudy) (cloud 2026-11-22)'],
  ['world', 'saves/ (cloud 2025-01-02)', 'saves/(cloud 2026-11-22)'],
  ['world', 'saves/Où?', 'saves/Où_ (cloud 2026-11-22)'],
  ['world', 'saves/CON', 'saves/CON (cloud 2026-11-22)'],
  ['world', 'saves/con.1', 'saves/_con.1 (cloud 2026-11-22)'],
  ['file', 'options.txt', 'options (cloud 2026-11-22).txt'],
  ['file', 'options (cloud 2025-01-02) 3.txt', 'options (cloud 2026-11-22).txt'],
  ['file', 'a.b/noext', 'a.b/noext (cloud 2026-11-22)'],
  ['file', 'a/.hidden', 'a/.hidden (cloud 2026-11-22)'],
  ['file', 'x.tar.gz', 'x.tar (cloud 2026-11-22).gz'],
  ['file', 'see. and read', 'see. and read (cloud 2026-11-22)'],
  ['file', 'aux.a.txt', '_aux.a (cloud 2026-11-22).txt'],
  ['file', 'ends.', 'ends. (cloud 2026-11-22)'],
  ['file', 'x\udcff.txt', 'x\udcff (cloud 2026-11-22).txt'],
] as const)('%s %j', (kind, id, expected) => {
  expect(secondName(id, kind, DAY, free)).toBe(expected);
});

test('of a time the day is shown, and nothing of what is no time', () => {
  expect(secondName('saves/W', 'world', '2026-11-22T23:59:59.123+01:00', free)).toBe('saves/W (cloud 2026-11-22)');
  expect(secondName('saves/W', 'world', '../..\u001b[2J', free)).toBe('saves/W (cloud)');
});

test('a name that is taken gets a number', () => {
  const taken = new Set(['saves/W (cloud 2026-11-22)', 'saves/W (cloud 2026-11-22) 2', 'a (cloud 2026-11-22).txt']);
  const isTaken = (id: string): boolean => taken.has(id);
  expect(secondName('saves/W', 'world', DAY, isTaken)).toBe('saves/W (cloud 2026-11-22) 3');
  expect(secondName('saves/W (cloud 2026-11-22) 2', 'world', DAY, isTaken)).toBe('saves/W (cloud 2026-11-22) 3');
  expect(secondName('a.txt', 'file', DAY, isTaken)).toBe('a (cloud 2026-11-22) 2.txt');
  expect(() => secondName('a.txt', 'file', DAY, () => true)).toThrow('no free name beside "a.txt"');
});

test('a name that is too long is cut between characters', () => {
  expect(secondName(`saves/${'世'.repeat(85)}`, 'world', DAY, free)).toBe(
    `saves/${'世'.repeat(78)} (cloud 2026-11-22)`,
  );
  const emoji = secondName(`a/${'😀'.repeat(100)}.json`, 'file', DAY, free);
  expect(emoji).toMatch(/^a\/(😀)+ \(cloud 2026-11-22\)\.json$/u);
});

describe('whatever the name is', () => {
  const bytes = fc
    .uint8Array({ minLength: 1, maxLength: 255 })
    .map((some) => some.filter((one) => one !== 0x2f && one > 0));
  const name = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }).map((text) => text.replaceAll('/', '')),
    fc.constantFrom('con', 'a.txt', 'CON .x', 'World (cloud 2020-01-01)', ' ', '.', 'lpt1.a.b'),
    bytes.map(rawFromBytes),
  );

  test('the second one is another, fits, and is valid wherever the first is', () => {
    const property = fc.property(name, fc.constantFrom('world', 'file'), fc.nat(12), (one, kind, others) => {
      fc.pre(one !== '');
      const taken = new Set([`saves/${one}`]);
      for (let i = 0; i < others; i++) taken.add(secondName(`saves/${one}`, kind, DAY, (id) => taken.has(id)));
      const second = secondName(`saves/${one}`, kind, DAY, (id) => taken.has(id));
      expect(taken).not.toContain(second);
      expect(second.startsWith('saves/')).toBe(true);
      const last = second.slice('saves/'.length);
      expect(last).not.toContain('/');
      expect(rawToBytes(last).length).toBeLessThanOrEqual(255);
      expect(rawFromBytes(rawToBytes(last))).toBe(last);
      const reason = checkPortableName(last);
      expect(reason === undefined || reason === 'is not valid Unicode', `${JSON.stringify(last)} ${reason}`).toBe(true);
    });
    fc.assert(property, { numRuns: 500 });
  });
});

test('the title in the game gets the same ending', () => {
  expect(secondTitle('My § World', 'saves/World (cloud 2026-11-22) 2')).toBe('My § World (cloud 2026-11-22) 2');
  expect(secondTitle('My World (cloud 2020-01-01)', 'saves/W (cloud 2026-11-22)')).toBe('My World (cloud 2026-11-22)');
  expect(secondTitle('My World', 'saves/Elsewhere')).toBe('My World');
  expect(secondTitle('', 'saves/W (cloud 2026-11-22)')).toBe('(cloud 2026-11-22)');
});
