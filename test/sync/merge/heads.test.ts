import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SnapshotId, TreeId } from '../../../src/base/ids.js';
import type { Snapshot } from '../../../src/repo/snapshot.js';
import { type Before, FOLLOWS_TAG, findHeads, isSuccessor, type KnownSnapshot } from '../../../src/sync/merge/heads.js';

const idOf = (name: string): SnapshotId => Buffer.from(name.padEnd(32, '.')).toString('hex') as SnapshotId;
const nameOf = (id: string): string => Buffer.from(id, 'hex').toString().replace(/\.+$/, '');

interface Told {
  readonly parent?: string;
  readonly follows?: readonly string[];
  readonly original?: string;
  readonly foreign?: boolean;
  /** Hours; default: in the order of the list. */
  readonly at?: number;
}

function make(told: Readonly<Record<string, Told>>): KnownSnapshot[] {
  return Object.entries(told).map(([name, one], i) => {
    const { parent, follows = [], original, foreign, at = i } = one;
    const snapshot: Snapshot = {
      time: new Date(Date.UTC(2026, 0, 1) + at * 3_600_000).toISOString(),
      tree: idOf('tree') as string as TreeId,
      paths: ['/game'],
      tags: ['instance-sync', ...follows.map((id) => FOLLOWS_TAG + idOf(id))],
      ...(foreign ? {} : { programVersion: 'instance-sync 0.1.0' }),
      ...(parent === undefined ? {} : { parent: idOf(parent) }),
      ...(original === undefined ? {} : { original: idOf(original) }),
    };
    return { id: idOf(name), snapshot };
  });
}

const knowing = (base: string, ...seen: string[]): Before => ({
  base: idOf(base),
  seen: new Set([base, ...seen].map(idOf)),
});

function heads(told: Readonly<Record<string, Told>>, before?: Before): { heads: string[]; outdated: string[] } {
  const found = findHeads(make(told), before);
  return { heads: found.heads.map(({ id }) => nameOf(id)), outdated: found.outdated.map(nameOf) };
}

describe('heads', () => {
  it('none, one, and the end of a chain', () => {
    expect(heads({})).toEqual({ heads: [], outdated: [] });
    expect(heads({ a: {} }).heads).toEqual(['a']);
    expect(heads({ a: {}, b: { parent: 'a' }, c: { parent: 'b' } })).toEqual({ heads: ['c'], outdated: [] });
  });

  it('a fork has two, its merge one, by parent and tag', () => {
    const fork = { a: {}, b: { parent: 'a' }, c: { parent: 'a' } };
    expect(heads(fork).heads.sort()).toEqual(['b', 'c']);
    expect(heads({ ...fork, m: { parent: 'b', follows: ['c'] } }).heads).toEqual(['m']);
    expect(heads({ a: {}, b: {} }).heads.sort()).toEqual(['a', 'b']);
  });

  it('tags that are no ids, and ids that are nobody, follow nothing', () => {
    const [one] = make({ a: {} });
    if (one === undefined) throw new Error('none');
    const odd = { ...one, id: idOf('b'), snapshot: { ...one.snapshot, tags: ['follows:', 'follows:xyz', 'follow'] } };
    expect(findHeads([one, odd]).heads).toHaveLength(2);
  });

  it('of foreign ones alone the newest counts, and the next push names the others', () => {
    const told = { a: { foreign: true, at: 2 }, b: { foreign: true, at: 9 }, c: { foreign: true, at: 5 } };
    expect(heads(told)).toEqual({ heads: ['b'], outdated: ['c', 'a'] });
    expect(heads({ ...told, d: { parent: 'b', follows: ['c', 'a'], at: 0 } })).toEqual({ heads: ['d'], outdated: [] });
  });

  it('a foreign one beside ours is a fork, until a push names it', () => {
    const told = { a: {}, b: { parent: 'a' }, f: { foreign: true } };
    expect(heads(told).heads.sort()).toEqual(['b', 'f']);
    expect(heads(told, knowing('b', 'a')).heads.sort()).toEqual(['b', 'f']);
    expect(heads(told, knowing('b', 'a', 'f')).heads).toEqual(['b']);
  });

  it('a foreign one by a clock that is behind is no reason to pass it over', () => {
    const before = knowing('b');
    const foreign = { b: { foreign: true, at: 50 }, f: { foreign: true, at: 1 } };
    expect(heads(foreign, before).heads.sort()).toEqual(['b', 'f']);
    const afterForget = { b: { parent: 'a', at: 50 }, f: { foreign: true, at: 1 } };
    expect(heads(afterForget, before).heads.sort()).toEqual(['b', 'f']);
    // A PC that knows nothing has only the clock: what is before the gap was once followed.
    expect(heads(afterForget).heads).toEqual(['b']);
  });

  it('forget leaves gaps: what is older than the part behind one is before it', () => {
    expect(heads({ a: {}, c: { parent: 'b' } }).heads).toEqual(['c']);
    expect(heads({ a: {}, c: { parent: 'b' }, d: { parent: 'c' } }, knowing('a')).heads).toEqual(['d']);
    expect(heads({ b: { parent: 'a' }, d: { parent: 'c' } }).heads.sort()).toEqual(['b', 'd']);
    expect(heads({ b: { parent: 'a' } }).heads).toEqual(['b']);
  });

  it('a fork stays one when what was before it is forgotten', () => {
    expect(heads({ b: { parent: 'a', at: 9 }, c: { parent: 'a', at: 1 } }).heads).toEqual(['b', 'c']);
  });

  it('restic tag and rewrite give a snapshot another name', () => {
    expect(heads({ x: { original: 'a' }, b: { parent: 'a' } }).heads).toEqual(['b']);
    expect(heads({ a: {}, x: { original: 'b', parent: 'a' } }).heads).toEqual(['x']);
  });

  it('what was settled at the last sync stays settled', () => {
    const told = { a: {}, b: {}, c: { parent: 'b' } };
    expect(heads(told).heads.sort()).toEqual(['a', 'c']);
    expect(heads(told, knowing('b', 'a')).heads).toEqual(['c']);
  });

  it('parents that go round in a circle end the search', () => {
    expect(heads({ a: { parent: 'b' }, b: { parent: 'a' } }).heads).toEqual([]);
    expect(heads({ a: { parent: 'b' }, b: { parent: 'a' }, c: { parent: 'a' } }).heads).toEqual(['c']);
  });

  it('no clock matters in chains of ours, whatever was forgotten of their beginning', () => {
    const clocks = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(clocks, fc.nat(10), fc.boolean(), (times, forgotten, isFork) => {
        const all = times.map((at, i): [string, Told] => [`s${i}`, i === 0 ? { at } : { at, parent: `s${i - 1}` }]);
        const last = `s${times.length - 1}`;
        const left = all.slice(Math.min(forgotten, times.length - 1));
        const fork: [string, Told][] = isFork ? [['f', { ...left.at(-1)?.[1], at: -2000 }]] : [];
        // A fork from the root has no parent to tell of a gap; then nothing was forgotten either.
        expect(heads(Object.fromEntries([...left, ...fork])).heads.sort()).toEqual([...(isFork ? ['f'] : []), last]);
      }),
    );
  });
});

describe('whether a head takes the place of the base', () => {
  const isIt = (told: Record<string, Told>, head: string, before: Before): boolean => {
    const all = make(told);
    const one = all.find(({ id }) => id === idOf(head));
    if (one === undefined || before.base === undefined) throw new Error('wrong test');
    return isSuccessor(one, before.base, before.seen, all);
  };

  it('yes, while the base is there, also under another name', () => {
    expect(isIt({ a: {}, b: { parent: 'a' } }, 'b', knowing('a'))).toBe(true);
    expect(isIt({ x: { original: 'a' } }, 'x', knowing('a'))).toBe(true);
  });

  it('yes, if the base can have been in a gap', () => {
    expect(isIt({ a: {}, c: { parent: 'b' } }, 'c', knowing('b', 'a'))).toBe(true);
    expect(isIt({ d: { parent: 'c' } }, 'd', knowing('b', 'a'))).toBe(true);
    expect(isIt({ a: {}, m: { parent: 'a', follows: ['b'] } }, 'm', knowing('b', 'a'))).toBe(true);
  });

  it('no, if the cloud went back behind the base, or was begun anew', () => {
    expect(isIt({ a: {} }, 'a', knowing('b', 'a'))).toBe(false);
    expect(isIt({ a: {}, d: { parent: 'a' } }, 'd', knowing('b', 'a'))).toBe(false);
    expect(isIt({ a: { parent: '0' }, d: { parent: 'a' } }, 'd', knowing('b', 'a'))).toBe(false);
    expect(isIt({ n: {}, o: { parent: 'n' } }, 'o', knowing('b', 'a'))).toBe(false);
  });

  it('foreign ones do not tell; one that was there before does not', () => {
    expect(isIt({ f: { foreign: true } }, 'f', knowing('b'))).toBe(true);
    expect(isIt({ f: { foreign: true } }, 'f', knowing('b', 'f'))).toBe(false);
  });
});
