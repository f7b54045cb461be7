import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkGlob, GlobSet } from '../../../src/sync/scope/glob.js';

function matches(pattern: string, path: string): boolean {
  expect(checkGlob(pattern), pattern).toBeUndefined();
  return new GlobSet([pattern]).matches(path);
}

describe('a pattern', () => {
  test.each([
    ['options.txt', ['options.txt', 'options.txt/below'], ['Options.txt', 'a/options.txt', 'options.txt2']],
    ['saves/**', ['saves', 'saves/W', 'saves/W/level.dat'], ['saves2', 'x/saves', 'save']],
    ['saves', ['saves', 'saves/W/level.dat'], ['saves2']],
    ['saves/', ['saves/W'], ['saves2']],
    ['**/session.lock', ['session.lock', 'a/b/session.lock'], ['session.lock2', 'a/xsession.lock']],
    ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b/c'], ['a', 'a/x', 'b', 'x/a/b']],
    ['*.log', ['x.log', '.log', 'x.log/y'], ['a/x.log', 'x.log.gz']],
    ['*', ['a', 'a/b'], []],
    ['**', ['a', 'a/b'], []],
    ['a*b*c', ['abc', 'axxbyyc', 'abcbc'], ['abcx', 'ab', 'acb']],
    ['h?t', ['hat', 'h😀t', 'hüt'], ['ht', 'haat']],
    ['[a-c]x[!0-9]', ['axz', 'cx-'], ['dxz', 'ax5']],
    ['[]]', [']'], ['[']],
    ['[!]]', ['a'], [']']],
    ['[a-]', ['a', '-'], ['b']],
    ['x[*]y', ['x*y'], ['xay']],
    ['caf\u00e9*', ['cafe\u0301', 'caf\u00e9x'], ['cafe']],
    ['\udcff*', ['\udcffx'], ['x']],
  ])('%s', (pattern, yes, no) => {
    for (const path of yes) expect(matches(pattern, path), path).toBe(true);
    for (const path of no) expect(matches(pattern, path), path).toBe(false);
  });

  test.each(['', '/a', 'C:/a', 'a\\b', 'a//b', '../a', 'a/./b', 'a**', '**b/c', '{a,b}', 'a[b', '[', 'x'.repeat(1001)])(
    '%j is refused with a reason',
    (pattern) => expect(checkGlob(pattern)).toMatch(/^(is|has) /),
  );
});

test('what may hold matches is walked, the rest is not', () => {
  const set = new GlobSet(['saves/*/region/**', 'config/a.txt', 'x/**/y']);
  for (const folder of ['', 'saves', 'saves/W', 'saves/W/region', 'saves/W/region/deep', 'config', 'x', 'x/q/r']) {
    expect(set.mayMatchBelow(folder), folder).toBe(true);
  }
  for (const folder of ['saves/W/data', 'mods', 'config/b', 'y']) expect(set.mayMatchBelow(folder), folder).toBe(false);
});

const name = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 });
const segment = fc.oneof(
  fc.constant('**'),
  fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '[ab]', '[!a]'), minLength: 1, maxLength: 4 }),
);
const patterns = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const paths = fc.array(name, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));

/** The same meaning by regular expressions: slow on bad patterns, so only an oracle. */
function oracle(pattern: string, path: string): boolean {
  const source = pattern
    .split('/')
    .map((part) =>
      part === '**' ? '(?:[^/]+/)*' : `${part.replace(/\[!/g, '[^/').replace(/\*/g, '[^/]*').replace(/\?/g, '[^/]')}/`,
    )
    .join('');
  return new RegExp(`^${source}`).test(`${path}/`);
}

test('means the same as a regular expression', () => {
  fc.assert(
    fc.property(patterns, paths, (pattern, path) => {
      fc.pre(checkGlob(pattern) === undefined);
      expect(matches(pattern, path)).toBe(oracle(pattern, path));
    }),
    { numRuns: 2000 },
  );
});

test('a path that matches lies only in folders that may hold a match', () => {
  fc.assert(
    fc.property(fc.array(patterns, { maxLength: 4 }), paths, (list, path) => {
      fc.pre(list.every((pattern) => checkGlob(pattern) === undefined));
      const set = new GlobSet(list);
      expect(set.matches(path)).toBe(list.some((pattern) => matches(pattern, path)));
      if (!set.matches(path)) return;
      for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
        expect(set.mayMatchBelow(path.slice(0, at))).toBe(true);
      }
    }),
  );
});

test('no pattern makes it slow', () => {
  const started = performance.now();
  const stars = '*a'.repeat(400);
  expect(matches(stars, 'a'.repeat(255))).toBe(false);
  const deep = Array.from({ length: 100 }, () => '**/a').join('/');
  expect(new GlobSet([deep]).matches(Array.from({ length: 99 }, () => 'a').join('/'))).toBe(false);
  expect(performance.now() - started).toBeLessThan(1000);
});
