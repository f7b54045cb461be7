import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Manifest } from '../../src/archive/manifest.js';
import { sameEntry } from '../../src/archive/manifest.js';
import { type PullPlan, planPull } from '../../src/sync/plan.js';
import { makeScope, type Scope } from '../../src/sync/scope/scope.js';
import { manifestFrom } from '../helpers/two-pcs.js';

type Files = Readonly<Record<string, string>>;
interface Given {
  readonly head: Files;
  readonly local: Files;
  /** Default: first contact. */
  readonly base?: Files;
  /** Of `local`, held before. */
  readonly absent?: readonly string[];
  readonly scope?: Scope;
  readonly platform?: NodeJS.Platform;
}

const everything = makeScope({ preset: 'everything' });

function plan(given: Given): PullPlan {
  const { head, local, base, absent = [], scope = everything, platform = 'linux' } = given;
  return planPull({
    head: manifestFrom(head),
    local: manifestFrom(local),
    base: base && manifestFrom(base),
    absent: new Set(absent),
    scope,
    platform,
    caseBlind: platform === 'win32',
    linksWork: true,
    isAside: () => false,
  });
}

/** Only what the plan moves. */
function moves(given: Given): { place: string[]; remove: string[]; removeDirs: string[] } {
  const { place, remove, removeDirs } = plan(given);
  return { place: place.map(({ path }) => path).sort(), remove: [...remove].sort(), removeDirs: [...removeDirs] };
}

const nothing = { place: [], remove: [], removeDirs: [] };

describe('the plan of a pull', () => {
  it('takes what is new and changed, and removes what the cloud removed', () => {
    const base = { 'a/same': '1', 'a/changed': '1', 'b/gone': '1' };
    expect(moves({ base, local: base, head: { 'a/same': '1', 'a/changed': '2', 'a/new': '3' } })).toEqual({
      place: ['a/changed', 'a/new'],
      remove: ['b/gone'],
      removeDirs: ['b'],
    });
  });

  it('removes nothing at first contact', () => {
    expect(moves({ local: { a: '1', b: '2' }, head: { b: '3' } })).toEqual({
      place: ['b'],
      remove: [],
      removeDirs: [],
    });
  });

  it('leaves what only this PC changed: other bytes, gone, new, another type', () => {
    const base = { a: '1', b: '1', 'd/e': '1', f: '1' };
    const local = { a: '2', d: 'now a file', 'f/g': 'now a folder', n: 'new' };
    const same = plan({ base, local, head: base });
    expect(moves({ base, local, head: base })).toEqual(nothing);
    expect([...same.matching]).toEqual([]);
    // Not even the folders of what was deleted or replaced.
    expect(same.makeDirs).toEqual([]);
  });

  it('brings what was held before and no longer is', () => {
    const base = { 'x/a': '1', b: '1' };
    expect(moves({ base, head: base, local: base, absent: ['x/a'] }).place).toEqual(['x/a']);
  });

  it('turns files into folders and back', () => {
    expect(moves({ base: { a: '1' }, local: { a: '1' }, head: { 'a/b': '2' } })).toEqual({
      place: ['a/b'],
      remove: ['a'],
      removeDirs: [],
    });
    expect(moves({ base: { 'a/b': '2' }, local: { 'a/b': '2' }, head: { a: '1' } })).toEqual({
      place: ['a'],
      remove: ['a/b'],
      removeDirs: ['a'],
    });
    expect(moves({ base: { a: '1' }, local: { a: '1' }, head: { a: '-> b' } })).toEqual({ ...nothing, place: ['a'] });
    // An empty folder goes by itself, only if it is empty: what is out of scope in it stays.
    const folder = { a: 'folder' };
    expect(moves({ base: folder, local: folder, head: { a: '1' } })).toEqual({
      place: ['a'],
      remove: [],
      removeDirs: ['a'],
    });
    expect(moves({ local: folder, head: { a: '1' } })).toEqual({ place: ['a'], remove: [], removeDirs: ['a'] });
    expect(moves({ base: { a: '1' }, local: folder, head: { a: '1' } })).toEqual(nothing);
  });

  it('makes and removes empty folders', () => {
    const made = plan({ base: {}, local: {}, head: { 'a/b': 'folder' } });
    expect(made.makeDirs).toEqual(['a', 'a/b']);
    expect(moves({ base: { 'a/b': 'folder' }, local: { 'a/b': 'folder' }, head: {} }).removeDirs).toEqual(['a/b', 'a']);
  });

  it('an executable bit alone is no change on Windows', () => {
    const head = new Map([...manifestFrom({ a: '1' })].map(([path, entry]) => [path, { ...entry, executable: true }]));
    const rest = { local: manifestFrom({ a: '1' }), base: undefined, absent: new Set<string>(), scope: everything };
    const base = { ...rest, head, caseBlind: false, linksWork: true, isAside: () => false };
    expect(planPull({ ...base, platform: 'win32' }).place).toEqual([]);
    expect(planPull({ ...base, platform: 'linux' }).place).toHaveLength(1);
  });

  it('a narrower scope removes nothing, a wider one brings what is missing', () => {
    const files = { 'saves/W/a': '1', 'config/b': '1' };
    const scope = makeScope({ preset: 'worlds' });
    const narrow = plan({ base: files, local: files, head: { 'saves/W/a': '2', 'config/b': '2' }, scope });
    expect(narrow.place.map(({ path }) => path)).toEqual(['saves/W/a']);
    expect([...narrow.held]).toEqual(['config/b']);
    expect(moves({ base: files, local: files, head: {}, scope })).toMatchObject({ remove: ['saves/W/a'] });
  });
});

describe('whatever the three sides are', () => {
  const content = fc.constantFrom('1', '2', '3', '-> a', '-> ../../../out', 'folder');
  const path = fc.constantFrom(
    'a',
    'a/b',
    'a/b/c',
    'A',
    'd/e',
    'priv/x',
    'priv/y/z',
    '.cloud-sync/token',
    's/session.lock',
  );
  const side = fc.uniqueArray(fc.tuple(path, content), { maxLength: 6, selector: ([one]) => one }).map(consistent);
  const scope = makeScope({ preset: 'everything', exclude: ['priv/**'] });
  const localSide = side.map((files) => Object.fromEntries(Object.entries(files).filter(([one]) => isPossible(one))));

  it('nothing out of scope is touched, nothing unsent is lost, and nothing is placed into what stays', () => {
    const platform = fc.constantFrom<NodeJS.Platform>('linux', 'win32');
    fc.assert(
      fc.property(side, localSide, fc.option(side, { nil: undefined }), platform, (head, local, base, system) => {
        const given = { head, local, scope, platform: system, ...(base === undefined ? {} : { base }) };
        const found = plan(given);
        const all = [...found.place.map((one) => one.path), ...found.remove];
        for (const one of all) expect(one).toMatch(/^(?!priv|\.cloud-sync|s\/session)/);
        expect(new Set(all).size).toBe(all.length);
        for (const { path: one, entry } of found.place) {
          expect(entry.linktarget).not.toBe('../../../out');
          expect(found.held.has(one)).toBe(false);
        }
        const [mine, before, theirs] = [local, base ?? {}, head].map((files) => manifestFrom(files));
        // Unsent where the cloud did not change anything: never touched.
        if (base !== undefined && same(before, theirs))
          for (const one of all)
            if (mine?.has(one)) expect(isEqual(mine, before, one) || isEqual(mine, theirs, one)).toBe(true);
        for (const one of found.remove) expect(isEqual(mine, before, one)).toBe(true);
        for (const one of found.matching) expect(theirs?.has(one)).toBe(true);
        for (const one of found.held) expect(found.matching.has(one)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it('without changes of its own a PC gets all that it can have', () => {
    fc.assert(
      fc.property(side, side, (head, base) => {
        const local = Object.fromEntries(Object.entries(base).filter(([one]) => isPossible(one)));
        const found = plan({ head, local, base: local, scope });
        const result = new Map(manifestFrom(local));
        for (const one of found.remove) result.delete(one);
        for (const one of found.removeDirs) if (result.get(one)?.type === 'dir') result.delete(one);
        for (const { path: one, entry } of found.place) result.set(one, entry);
        for (const [one, entry] of manifestFrom(head))
          if (!found.held.has(one) && entry.type !== 'dir') expect(isEqual(result, manifestFrom(head), one)).toBe(true);
        for (const [one, entry] of result)
          if (entry.type !== 'dir') expect(head[one] !== undefined || !isPossible(one)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

/** No file has anything below it. */
function consistent(pairs: readonly (readonly [string, string])[]): Record<string, string> {
  const paths = pairs.map(([one]) => one);
  return Object.fromEntries(pairs.filter(([one]) => !paths.some((other) => other.startsWith(`${one}/`))));
}

/** What a scan of the scope can find. */
function isPossible(path: string): boolean {
  return !/^(priv|\.cloud-sync|s\/session)/.test(path);
}

function isEqual(a: Manifest | undefined, b: Manifest | undefined, path: string): boolean {
  const [one, other] = [a?.get(path), b?.get(path)];
  return one !== undefined && other !== undefined && sameEntry(one, other);
}

function same(a: Manifest | undefined, b: Manifest | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a.size === b.size && [...a.keys()].every((path) => isEqual(a, b, path));
}
