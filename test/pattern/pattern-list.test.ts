import { describe, expect, it } from 'vitest';
import { foldCase } from '../../src/pattern/fold-case.js';
import { cleanPath, parsePatterns } from '../../src/pattern/pattern-list.js';
import { onPosix } from '../helpers/only-where.js';
import { rejection } from '../helpers/repository.js';

function matches(patterns: string | readonly string[], path: string, ignoreCase = false): boolean {
  return parsePatterns(typeof patterns === 'string' ? [patterns] : patterns, { ignoreCase }).matches(path);
}

describe('a pattern without a slash at its start', () => {
  it.each([
    ['foo', '/dir1/foo/dir2/file', true],
    ['foo', '/dir/foo', true],
    ['foo', '/dir/foobar', false],
    ['foo', 'barfoo', false],
    ['foo/', '/dir/foo', true],
    ['foo/bar', '/x/foo/bar/y', true],
    ['foo/bar', '/x/foo/y/bar', false],
    ['*.go', '/a/b.go', true],
    ['*.go/x', '/a/b.go/x', true],
    ['./foo', '/a/foo', true],
    ['a/../foo', '/b/foo', true],
    ['a//b', '/x/a/b', true],
    ['*', '/a', true],
    ['foo', 'foo', true],
    ['foo/bar', 'foo', false],
    ['b*ash', '/bin/bash', true],
    ['b*ash', '/bin/ash', false],
  ])('%j and %j: %s', (pattern, path, expected) => expect(matches(pattern, path)).toBe(expected));
});

describe('a pattern from the root', () => {
  it.each([
    ['/bin', '/bin/bash', true],
    ['/bin', '/usr/bin/restic', false],
    ['/bin', 'bin', false],
    ['/*/x', '/a/x/y', true],
    ['/*/x', '/a/b/x', false],
    ['/', '/a', true],
    ['/', '/', true],
    ['/**', '/a/b', true],
  ])('%j and %j: %s', (pattern, path, expected) => expect(matches(pattern, path)).toBe(expected));
});

describe('two stars', () => {
  it.each([
    ['foo/**/bar', '/dir1/foo/dir2/bar/file', true],
    ['foo/**/bar', '/foo/bar/file', true],
    ['foo/**/bar', '/tmp/foo/bar', true],
    ['foo/**/bar', '/foo/a/b/c/bar', true],
    ['foo/**/bar', '/foo/a/b/c/baz', false],
    ['/home/user/repos/**/target', '/home/user/repos/a/b/target', true],
    ['/home/user/repos/**/target', '/home/user/target', false],
    ['**/x', '/x', true],
    ['foo/**', '/a/foo', true],
    ['a**', '/abc', true],
    ['a**c', '/a/c', false],
    ['**', '/a', true],
    ['/a/**/b/**', '/a/x/b/c', true],
    // restic's own limit: the first ** may not take the name that the second one could.
    ['/a/**/b/**', '/a/x/b', false],
    ['/foo/**/**/bar', '/foo/bar', false],
  ])('%j and %j: %s', (pattern, path, expected) => expect(matches(pattern, path)).toBe(expected));

  it('many of them end in time', () => {
    const path = `/${Array.from({ length: 24 }, () => 'a').join('/')}`;
    expect(matches('**/a/**/a/**/b', path)).toBe(false);
  });
});

describe('a list', () => {
  it('takes back what matched before', () => {
    const list = ['/home/*', '!/home/code', '*.o'];
    expect(matches(list, '/home/music')).toBe(true);
    expect(matches(list, '/home/code')).toBe(false);
    expect(matches(list, '/home/code/a.c')).toBe(false);
    expect(matches(list, '/home/code/a.o')).toBe(true);
    expect(matches(['!*.o', '*.o'], '/a.o')).toBe(true);
  });

  it('of no patterns matches nothing; empty lines are none', () => {
    const list = parsePatterns(['', '']);
    expect(list.isEmpty).toBe(true);
    expect(list.matches('/a')).toBe(false);
    expect(list.childMayMatch('/a')).toBe(false);
  });

  it('names every pattern that is not well-formed', async () => {
    const error = await rejection((async () => parsePatterns(['ok', '[', 'a/[b/c', '!x[']))());
    expect(error).toMatchObject({ code: 'usage', message: 'invalid pattern(s) provided:\n[\na/[b/c\n!x[' });
  });
});

describe('without regard to case', () => {
  it.each([
    ['FOO', '/a/foo', true],
    ['foo', '/a/FOO', true],
    ['*.JPG', '/a/b.jpg', true],
    ['ÄÖ', '/äö', true],
    ['σασ', '/ΣΑΣ', true],
    ['i', '/İ', true],
    ['ß', '/SS', false],
  ])('%j and %j: %s', (pattern, path, expected) => expect(matches(pattern, path, true)).toBe(expected));

  it('bytes that are no UTF-8 are all the same then', () => {
    expect(foldCase('A\udcffÉ')).toBe('a\ufffdé');
  });
});

describe('whether something below may match', () => {
  it.each([
    [['/a/b/c'], '/a', true],
    [['/a/b/c'], '/a/b', true],
    [['/a/b/c'], '/x', false],
    [['/a/b/c'], '/a/x', false],
    [['/a/b'], '/a/b/c/d', true],
    [['/a/**/c'], '/a/x/y', true],
    [['/a/**/c'], '/b/x', false],
    [['c'], '/a', true],
    [['/a/*', '!/a/b'], '/a/b', false],
    [['/a/*', '!/a/b'], '/a/c', true],
    [['!/a', 'c'], '/a', true],
  ])('%j in %j: %s', (patterns, path, expected) => {
    expect(parsePatterns(patterns).childMayMatch(path)).toBe(expected);
  });
});

onPosix('the shortest form of a path', () => {
  const cases = { 'a//b/': 'a/b', '/': '/', '/..': '/', '': '.', './a/../..': '..', 'a/./b': 'a/b', '//x/': '/x' };
  for (const [path, clean] of Object.entries(cases)) expect(cleanPath(path)).toBe(clean);
});

it('20,000 paths against 100 patterns end in time', () => {
  const patterns = Array.from({ length: 50 }, (_, i) => [`node_modules${i}/**/x`, `*.e${i}`]).flat();
  const list = parsePatterns(patterns);
  let found = 0;
  for (let i = 0; i < 20_000; i++)
    if (list.matches(`/home/user/projects/p${i % 100}/src/deep/er/f${i}.e77`)) found += 1;
  expect(found).toBe(0);
}, 20_000);
