import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Manifest } from '../../../src/archive/manifest.js';
import type { Scan, ScannedEntry } from '../../../src/archive/scan.js';
import { newState, type State } from '../../../src/sync/folder/state.js';
import { compareWithState, toEntry } from '../../../src/sync/local-side.js';
import { findDeletion } from '../../../src/sync/merge/deletion.js';
import { toRecord } from '../../../src/sync/record.js';
import { makeScope } from '../../../src/sync/scope/scope.js';
import { manifestFrom } from '../../helpers/two-pcs.js';

/** n files, each with its own content. */
function many(folder: string, n: number, from = 0): Record<string, string> {
  return Object.fromEntries(Array.from({ length: n }, (_, i) => [`${folder}/${i + from}`, `${folder} ${i + from}`]));
}

function found(base: Record<string, string>, mine: Record<string, string>): ReturnType<typeof findDeletion> {
  return findDeletion(manifestFrom(base), manifestFrom(mine));
}

describe('files', () => {
  test('half of them may go, more is asked about', () => {
    expect(found(many('config', 10), many('config', 5))).toBeUndefined();
    expect(found(many('config', 10), many('config', 4))).toEqual({ files: 6, ofFiles: 10, worlds: [] });
    expect(found(many('config', 10), {})).toEqual({ files: 10, ofFiles: 10, worlds: [] });
    expect(found({}, {})).toBeUndefined();
    expect(found({}, many('config', 3))).toBeUndefined();
  });

  test('what was moved or overwritten is there', () => {
    const moved = Object.fromEntries(Object.entries(many('config', 10)).map(([path, text]) => [`x/${path}`, text]));
    expect(found(many('config', 10), moved)).toBeUndefined();
    const rewritten = Object.fromEntries(Object.keys(many('config', 10)).map((path) => [path, 'new']));
    expect(found(many('config', 10), rewritten)).toBeUndefined();
  });

  test('an empty file is not found again in another one', () => {
    const base = new Map(
      [...manifestFrom(many('config', 4))].map(([path, entry]) => [path, { ...entry, size: 0, content: [] }]),
    );
    const other = new Map([...base].map(([path, entry]) => [`other/${path}`, entry]));
    expect(findDeletion(base, other)).toEqual({ files: 4, ofFiles: 4, worlds: [] });
  });

  test('folders and links do not count', () => {
    const base = { ...many('config', 2), a: 'folder', b: 'folder', c: '-> d', e: 'folder' };
    expect(found(base, many('config', 1))).toBeUndefined();
    expect(found({ a: 'folder', c: '-> d' }, {})).toBeUndefined();
  });
});

describe('worlds', () => {
  const base = { ...many('saves/A', 3), ...many('saves/B', 3), ...many('config', 20) };

  test('one that is gone is asked about, however small', () => {
    const mine = { ...many('saves/B', 3), ...many('config', 20) };
    expect(found(base, mine)).toEqual({ files: 3, ofFiles: 26, worlds: ['saves/A'] });
    expect(found(base, { ...mine, 'saves/A': 'folder' })).toMatchObject({ worlds: ['saves/A'] });
    expect(found(base, { ...mine, 'saves/A/region': 'folder' })).toMatchObject({ worlds: ['saves/A'] });
    expect(found(base, many('config', 20))).toEqual({ files: 6, ofFiles: 26, worlds: ['saves/A', 'saves/B'] });
  });

  test('one of which something is left is not gone', () => {
    expect(found(base, { ...many('saves/A', 1), ...many('saves/B', 3), ...many('config', 20) })).toBeUndefined();
    expect(found(base, { 'saves/A/new': 'x', ...many('saves/B', 3), ...many('config', 20) })).toBeUndefined();
  });

  test('one with another name is not gone, also if it was played since', () => {
    const kept = { ...many('saves/B', 3), ...many('config', 20) };
    const renamed = { 'saves/C/0': 'saves/A 0', 'saves/C/1': 'saves/A 1', 'saves/C/2': 'played' };
    expect(found(base, { ...kept, ...renamed })).toBeUndefined();
    const half = { ...many('config', 20), ...many('saves/A', 4) };
    const moved = { ...many('config', 20), 'saves/C/0': 'saves/A 0', 'saves/C/1': 'saves/A 1' };
    expect(found(half, moved)).toMatchObject({ files: 2, worlds: ['saves/A'] });
    expect(found(base, { ...kept, 'saves/C/0': 'saves/A 0' })).toMatchObject({ worlds: ['saves/A'] });
  });

  test('a file beside the worlds, or a folder called saves elsewhere, is no world', () => {
    const more = { ...many('config', 20), 'saves/notes.txt': 'x', ...many('local/saves/A', 3) };
    expect(found(more, many('config', 20))).toBeUndefined();
  });
});

test('a change of the scope is no deletion', () => {
  const base = manifestFrom({
    ...many('saves/A', 30),
    ...many('saves/B', 30),
    ...many('config', 5),
    'options.txt': 'o',
  });
  const stamp = { size: 0, mtimeNs: 1n, ctimeNs: 1n, inode: 1n };
  const files = new Map(
    [...base].map(([path, entry]) => [path, toRecord(entry, { ...stamp, size: entry.size }, false)]),
  );
  const state: State = { ...newState(), files };
  const scanOf = (paths: Iterable<string>): Scan => {
    const entry = (path: string): ScannedEntry => ({
      ...stamp,
      size: base.get(path)?.size ?? 0,
      type: 'file',
      executable: false,
    });
    return {
      startedMs: 0,
      entries: new Map([...paths].map((path) => [path, entry(path)])),
      unreadable: [],
      skipped: [],
    };
  };
  const scopes = [
    makeScope({ preset: 'personal', exclude: ['saves/A'] }),
    makeScope({ preset: 'personal', include: ['options.txt'] }),
    makeScope({ preset: 'worlds' }),
  ];
  for (const scope of scopes) {
    const seen = [...base].filter(([path, { size }]) => scope.includesFile(path, size)).map(([path]) => path);
    expect(seen.length).toBeLessThan(base.size);
    const mine: Manifest = compareWithState(scanOf(seen), state, scope).known;
    expect(findDeletion(base, mine)).toBeUndefined();
    // What is in scope and gone counts all the same.
    const without = compareWithState(scanOf(seen.filter((path) => !path.startsWith('saves/B'))), state, scope).known;
    const lost = scope.includesFile('saves/B/0', 1);
    expect(findDeletion(base, without)?.worlds ?? []).toEqual(lost ? ['saves/B'] : []);
  }
  expect([...state.files.values()].map(toEntry)).toHaveLength(base.size);
});

test('held files and a large folder: every file counted once, in linear time', () => {
  const base = manifestFrom(many('saves/A', 50_000));
  const started = performance.now();
  expect(findDeletion(base, new Map())).toEqual({ files: 50_000, ofFiles: 50_000, worlds: ['saves/A'] });
  expect(performance.now() - started).toBeLessThan(2_000);
});

test('never more files than there were, and nothing to ask about where nothing is gone', () => {
  const path = fc.constantFrom(
    'saves/A/1',
    'saves/A/2',
    'saves/B/1',
    'saves/B/2',
    'options.txt',
    'config/a',
    'config/b',
  );
  const files = fc.dictionary(path, fc.constantFrom('x', 'y', 'z', '-> t', 'folder'));
  const property = fc.property(files, files, (base, mine) => {
    const deletion = found(base, mine);
    expect(found(base, { ...base, ...mine })).toBeUndefined();
    if (deletion === undefined) return;
    expect(deletion.files).toBeGreaterThan(0);
    expect(deletion.files).toBeLessThanOrEqual(deletion.ofFiles);
    expect(deletion.files * 2 > deletion.ofFiles || deletion.worlds.length > 0).toBe(true);
    for (const world of deletion.worlds) {
      expect(Object.keys(mine).filter((one) => one.startsWith(`${world}/`) && mine[one] !== 'folder')).toEqual([]);
    }
  });
  fc.assert(property, { numRuns: 300 });
});
