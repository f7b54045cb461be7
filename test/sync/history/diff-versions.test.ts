import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { ManifestEntry } from '../../../src/archive/manifest.js';
import { savePortableTrees } from '../../../src/archive/portable-tree.js';
import { SyncError } from '../../../src/base/errors.js';
import type { SnapshotId, TreeId } from '../../../src/base/ids.js';
import type { Diff, DiffOptions } from '../../../src/sync/history/diff-versions.js';
import { diffVersions, fileChanges } from '../../../src/sync/history/diff-versions.js';
import { TreeComparer } from '../../../src/sync/history/tree-changes.js';
import { tallyChanges } from '../../../src/sync/history/version-changes.js';
import { worldsOf } from '../../../src/sync/merge/units.js';
import { makeScope } from '../../../src/sync/scope/scope.js';
import { codeOf, manifestFrom, newCloud, type TestCloud, type TestPc } from '../../helpers/two-pcs.js';

vi.mock('../../../src/base/sleep.js', () => import('../../helpers/no-wait.js'));

const ALL = makeScope({ preset: 'everything' });
const EMPTY_FILE: ManifestEntry = { type: 'file', size: 0, executable: false, content: [], mtimeMs: 0 };

async function diffOf(pc: TestPc, options: DiffOptions = {}): Promise<Diff> {
  const result = await diffVersions({ packFolder: pc.game, ...options }, pc.services);
  if (result.outcome !== 'diff') throw new Error(result.outcome);
  return result;
}

function lines({ files }: Diff): string[] {
  const signs = { added: '+', changed: 'M', removed: '-' };
  return files.map(({ path, change, size }) => `${signs[change]} ${path} ${size}`);
}

async function twoVersions(): Promise<{ cloud: TestCloud; pc: TestPc; first: SnapshotId; second: SnapshotId }> {
  const cloud = await newCloud();
  const pc = await cloud.pc();
  pc.put('saves/World/level.dat', 'one');
  pc.put('options.txt', 'fov:1');
  const first = await pc.push();
  pc.put('saves/World/level.dat', 'three');
  pc.put('saves/World/data/raids.dat', 'raid');
  pc.remove('options.txt');
  const second = await pc.push();
  if (first.outcome !== 'sent' || second.outcome !== 'sent') throw new Error('not sent');
  return { cloud, pc, first: first.snapshot, second: second.snapshot };
}

describe('two versions', () => {
  it('file by file and in all, in both directions, by beginnings of their ids', async () => {
    const { pc, first, second } = await twoVersions();
    const there = await diffOf(pc, { from: first.slice(0, 12), to: second.toUpperCase() });
    expect(lines(there)).toEqual(
      ['- options.txt 5', 'M saves/World/level.dat 5', '+ saves/World/data/raids.dat 4'].sort(byPath),
    );
    expect(there.changes).toEqual({
      worlds: [{ world: 'saves/World', state: 'changed', added: 1, changed: 1, removed: 0, bytes: 9, bytesRemoved: 0 }],
      other: { added: 0, changed: 0, removed: 1, bytes: 0, bytesRemoved: 5 },
    });
    expect([there.from.snapshot, there.to.snapshot]).toEqual([first, second]);
    const back = await diffOf(pc, { from: second, to: first });
    expect(lines(back)).toEqual(
      ['+ options.txt 5', 'M saves/World/level.dat 3', '- saves/World/data/raids.dat 4'].sort(byPath),
    );
    expect(lines(await diffOf(pc, { from: 'latest', to: second }))).toEqual([]);
  });

  it('only what is in scope counts', async () => {
    const { cloud, pc, second } = await twoVersions();
    const theirs = await cloud.foreign({ 'saves/World/level.dat_new': 'x', 'logs/a.log': 'x', 'mods/a.jar': 'x' });
    const changes = await diffOf(pc, { from: second, to: theirs });
    expect([lines(changes).length, changes.notForHere]).toEqual([2, 0]);
    const back = await diffOf(pc, { from: theirs, to: second });
    expect([lines(back).length, back.notForHere]).toEqual([2, 3]);
  });

  it('what names no version, or several, is said', async () => {
    const { pc } = await twoVersions();
    expect(await codeOf(diffOf(pc, { from: 'f'.repeat(64) }))).toBe('not-found');
    expect(await codeOf(diffOf(pc, { from: '../x' }))).toBe('usage');
    expect(await codeOf(diffOf(pc, { from: '' }))).toBe('usage');
    const cloud = await newCloud();
    const other = await cloud.pc();
    expect(await codeOf(diffOf(other))).toBe('not-found');
    other.put('saves/A/level.dat', 'a');
    await other.push();
    for (let n = 0; n < 17; n++) await cloud.foreign({ 'options.txt': String(n) });
    const ids = (await cloud.snapshots()).map(({ id }) => id);
    const twice = ids.find((id, i) => ids.findIndex((one) => one[0] === id[0]) !== i);
    expect(await codeOf(diffOf(other, { from: twice?.slice(0, 1) ?? '' }))).toBe('usage');
  });

  it('of two newest versions none is "latest"', async () => {
    const { cloud, pc, first } = await twoVersions();
    const programVersion = 'instance-sync 0.0.0';
    await cloud.foreign({ 'options.txt': 'fork' }, { parent: first, programVersion });
    const error = await diffOf(pc).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SyncError);
    expect(error).toMatchObject({ code: 'usage', details: { heads: [expect.any(String), expect.any(String)] } });
  });
});

describe('a version and what lies here', () => {
  it('the head by default: what a push would send; an older one when asked', async () => {
    const { pc, first } = await twoVersions();
    expect(lines(await diffOf(pc))).toEqual([]);
    pc.put('options.txt', 'fov:70');
    pc.put('saves/New/level.dat', 'n');
    pc.remove('saves/World/data');
    const here = await diffOf(pc);
    expect(lines(here)).toEqual(['+ options.txt 6', '+ saves/New/level.dat 1', '- saves/World/data/raids.dat 4']);
    expect(here.to).toEqual({});
    expect(here.changes.worlds.map(({ world, state }) => [world, state])).toEqual([
      ['saves/New', 'new'],
      ['saves/World', 'changed'],
    ]);
    const old = await diffOf(pc, { from: first });
    expect(lines(old)).toEqual(['M options.txt 6', '+ saves/New/level.dat 1', 'M saves/World/level.dat 5']);
  });

  it('nothing is written, not here and not there', async () => {
    const { pc } = await twoVersions();
    pc.put('options.txt', 'fov:70');
    const before = pc.files();
    pc.hooks.before = (call) => {
      if (/^(write|remove) (?!locks)/.test(call)) throw new Error(call);
    };
    expect(lines(await diffOf(pc))).toEqual(['+ options.txt 6']);
    expect(pc.files()).toEqual(before);
  });

  it('what is not for this PC is counted, and not taken for removed', async () => {
    const { pc, second } = await twoVersions();
    pc.put('config/a.toml', 'a');
    await pc.push();
    pc.remove('config');
    pc.setScope({ exclude: ['config/**'] });
    const result = await diffOf(pc);
    expect([lines(result), result.notForHere]).toEqual([[], 1]);
    expect(lines(await diffOf(pc, { from: second }))).toEqual([]);
  });

  it('what cannot be read is said, and not taken for removed', async () => {
    const { pc, first } = await twoVersions();
    pc.put('saves/World/level.dat', 'locked');
    pc.hooks.read = (path) => {
      if (path.endsWith('level.dat')) throw new SyncError('io', 'locked', { details: { errno: 'EBUSY' } });
    };
    const result = await diffOf(pc, { from: first });
    expect(lines(result)).toEqual(['- options.txt 5', '+ saves/World/data/raids.dat 4']);
    expect(result.warnings).toHaveLength(1);
  });
});

it('a bit, a type, a target: no content, and a change all the same', async () => {
  const repo = await (await newCloud()).create();
  const link: ManifestEntry = { ...EMPTY_FILE, type: 'symlink', linktarget: 'a' };
  const variants = [EMPTY_FILE, { ...EMPTY_FILE, executable: true }, link, { ...link, linktarget: 'b' }];
  const trees = await repo.write({}, async (session) => {
    const save = (entry: ManifestEntry): Promise<TreeId> =>
      savePortableTrees(new Map([['config/x', entry]]), (plain) => session.saveTree(plain));
    const saved: TreeId[] = [];
    for (const entry of [...variants, { ...EMPTY_FILE, mtimeMs: 5 }]) saved.push(await save(entry));
    await session.flush();
    return saved;
  });
  const [first, ...others] = trees;
  if (first === undefined) throw new Error('no tree');
  const changed: number[] = [];
  for (const other of others) changed.push((await new TreeComparer(repo, ALL).compare(first, other)).other.changed);
  expect(changed).toEqual([1, 1, 1, 0]);
  const [, program = first, a = first, b = first] = trees;
  expect((await new TreeComparer(repo, ALL).compare(a, b)).other.changed).toBe(1);
  expect((await new TreeComparer(repo, ALL).compare(program, a)).other.changed).toBe(1);
});

it('trees are compared as manifests are', async () => {
  const name = fc.constantFrom('a', 'b', 'saves', 'World', 'New World');
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
  const content = fc.constantFrom('one', 'two', 'three', '-> a', 'folder', '');
  const files = fc.array(fc.tuple(path, content), { maxLength: 12 }).map(asFiles);
  const cloud = await newCloud();
  const repo = await cloud.create();
  await fc.assert(
    fc.asyncProperty(files, files, async (from, to) => {
      const trees = [];
      for (const side of [from, to]) {
        const id = await cloud.foreign(side, { programVersion: 'instance-sync 0.0.0' });
        trees.push((await repo.loadSnapshot(id)).tree);
      }
      await repo.loadIndex();
      const [before, after] = trees;
      if (before === undefined || after === undefined) throw new Error('no trees');
      const [a, b] = [manifestFrom(from), manifestFrom(to)];
      const expected = tallyChanges(fileChanges(a, b), worldsIn(from), worldsIn(to));
      expect(await new TreeComparer(repo, ALL).compare(before, after)).toEqual(expected);
      const whole = tallyChanges(fileChanges(new Map(), b), new Set(), worldsOf(b));
      expect(await new TreeComparer(repo, ALL).compare(undefined, after)).toEqual(whole);
    }),
    { numRuns: 40, seed: 20261122 },
  );
});

/** Without what would be a file and a folder at once. */
function asFiles(entries: readonly [string, string][]): Record<string, string> {
  const files: Record<string, string> = {};
  for (const [path, content] of entries) {
    const clash = Object.keys(files).some(
      (one) => one === path || one.startsWith(`${path}/`) || path.startsWith(`${one}/`),
    );
    if (!clash) files[path] = content;
  }
  return files;
}

/** As folders, empty ones too. */
function worldsIn(files: Readonly<Record<string, string>>): Set<string> {
  const worlds = new Set<string>();
  for (const [path, content] of Object.entries(files)) {
    const [top, world, ...below] = path.split('/');
    if (top === 'saves' && world !== undefined && (below.length > 0 || content === 'folder'))
      worlds.add(`saves/${world}`);
  }
  return worlds;
}

function byPath(a: string, b: string): number {
  return a.slice(2) < b.slice(2) ? -1 : 1;
}
