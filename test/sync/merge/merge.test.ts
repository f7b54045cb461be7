import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeManifests } from '../../../src/sync/merge/merge.js';
import { groupByUnit, isWorld, sameUnit, unitOf } from '../../../src/sync/merge/units.js';
import { manifestFrom } from '../../helpers/two-pcs.js';

type Files = Readonly<Record<string, string>>;

function merged(base: Files | undefined, mine: Files, theirs: Files): { files: string[]; clashes: string[] } {
  const [here, there] = [manifestFrom(mine), manifestFrom(theirs)];
  const { manifest, clashes } = mergeManifests(base && manifestFrom(base), here, there, base === undefined);
  const all = { ...base, ...mine, ...theirs };
  const sources = [mine, theirs].map((side) => manifestFrom(side));
  const files = [...manifest].map(([path, entry]) => {
    const at = sources.findIndex((side) => side.get(path)?.content.join() === entry.content.join());
    return `${path}=${(at === 0 ? mine : at === 1 ? theirs : all)[path]}`;
  });
  return { files: files.sort(), clashes: clashes.map(({ id, kind }) => `${kind} ${id}`) };
}

describe('a unit', () => {
  it('is a world as a whole, else a file', () => {
    expect(unitOf('saves/W/region/r.mca')).toBe('saves/W');
    expect(unitOf('saves/W')).toBe('saves/W');
    expect(unitOf('saves/note.txt')).toBe('saves/note.txt');
    expect(unitOf('config/a/b')).toBe('config/a/b');
    const units = groupByUnit(manifestFrom({ 'saves/W/a': '1', 'saves/n': '1', 'saves/E': 'folder', 'config/x': '1' }));
    expect([...units].filter(([id, unit]) => isWorld(id, unit)).map(([id]) => id)).toEqual(['saves/W', 'saves/E']);
  });
});

describe('three sides', () => {
  const base = { 'saves/A/level.dat': '1', 'saves/A/r': '1', 'saves/B/level.dat': '1', 'options.txt': '1' };

  it('become one where each changed something else', () => {
    const mine = { ...base, 'saves/A/r': '2', 'new.txt': '1' };
    const { 'options.txt': _, ...theirs } = { ...base, 'saves/B/level.dat': '2', 'saves/C/x': '1' };
    expect(merged(base, mine, theirs)).toEqual({
      files: ['new.txt=1', 'saves/A/level.dat=1', 'saves/A/r=2', 'saves/B/level.dat=2', 'saves/C/x=1'],
      clashes: [],
    });
  });

  it('clash where both changed one world, were it in different files', () => {
    const mine = { ...base, 'saves/A/r': '2' };
    const theirs = { ...base, 'saves/A/level.dat': '3' };
    expect(merged(base, mine, theirs).clashes).toEqual(['world saves/A']);
    const { 'saves/A/level.dat': _, 'saves/A/r': __, ...gone } = base;
    expect(merged(base, mine, gone).clashes).toEqual(['world saves/A']);
    expect(merged(base, gone, gone).clashes).toEqual([]);
    expect(merged(base, { ...base, 'options.txt': '2' }, { ...base, 'options.txt': '3' }).clashes).toEqual([
      'file options.txt',
    ]);
  });

  it('that never met clash in worlds only, and lose nothing but settings', () => {
    const mine = { 'saves/A/x': '1', 'saves/M/x': '1', 'options.txt': 'mine', 'own.txt': '1' };
    const theirs = { 'saves/A/x': '2', 'saves/T/x': '1', 'options.txt': 'theirs' };
    expect(merged(undefined, mine, theirs)).toEqual({
      files: ['options.txt=theirs', 'own.txt=1', 'saves/A/x=1', 'saves/M/x=1', 'saves/T/x=1'],
      clashes: ['world saves/A'],
    });
    const strict = mergeManifests(undefined, manifestFrom(mine), manifestFrom(theirs));
    expect(strict.clashes.map(({ id }) => id).sort()).toEqual(['options.txt', 'saves/A']);
  });

  it('keep no empty folder that the other side has filled', () => {
    expect(merged({}, { 'config/x': 'folder' }, { 'config/x/f': '1' }).files).toEqual(['config/x/f=1']);
  });

  const files = fc.dictionary(
    fc.constantFrom('saves/A/x', 'saves/A/y', 'saves/B/x', 'options.txt', 'config/a', 'config/b'),
    fc.constantFrom('1', '2', '3'),
  );

  it('whatever they are: both orders agree, and every unit is that of one side', () => {
    fc.assert(
      fc.property(files, files, files, (b, m, t) => {
        const [base, mine, theirs] = [manifestFrom(b), manifestFrom(m), manifestFrom(t)];
        const one = mergeManifests(base, mine, theirs);
        const other = mergeManifests(base, theirs, mine);
        expect(one.clashes.map(({ id }) => id).sort()).toEqual(other.clashes.map(({ id }) => id).sort());
        const clashing = new Set(one.clashes.map(({ id }) => id));
        const units = groupByUnit(one.manifest);
        for (const id of new Set([...units.keys(), ...groupByUnit(mine).keys(), ...groupByUnit(theirs).keys()])) {
          const sides = [mine, theirs].map((side) => groupByUnit(side).get(id));
          expect(sides.some((side) => sameUnit(side, units.get(id)))).toBe(true);
          if (!clashing.has(id)) expect(sameUnit(groupByUnit(other.manifest).get(id), units.get(id))).toBe(true);
        }
        expect(mergeManifests(base, mine, base).clashes).toEqual([]);
        expect([...mergeManifests(base, mine, base).manifest.keys()].sort()).toEqual([...mine.keys()].sort());
      }),
    );
  });
});
