import { chmodSync, lstatSync, mkdirSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Scan } from '../../src/archive/scan.js';
import { SyncError } from '../../src/base/errors.js';
import type { BlobId } from '../../src/base/ids.js';
import type { Instance } from '../../src/sync/folder/instance.js';
import { newState, type State } from '../../src/sync/folder/state.js';
import { HASH_ONLY, readUnknown, scanInstance } from '../../src/sync/local.js';
import type { LocalSide } from '../../src/sync/local-side.js';
import { compareWithState, isUntouched } from '../../src/sync/local-side.js';
import { NO_STAMP, toRecord } from '../../src/sync/record.js';
import { makeScope, type Scope } from '../../src/sync/scope/scope.js';
import type { Executor } from '../../src/worker/executor.js';
import type { StreamResult } from '../../src/worker/file-task.js';
import { asUser, onPosix } from '../helpers/only-where.js';
import { testRepository } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';
import { fileOf, manifestFrom } from '../helpers/two-pcs.js';

const everything = makeScope({ preset: 'everything' });

/** A game folder with these files. */
function folder(files: Record<string, string>): Instance {
  const packFolder = tempFolder();
  mkdirSync(join(packFolder, '.cloud-sync'));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(packFolder, path, '..'), { recursive: true });
    writeFileSync(join(packFolder, path), content);
    utimesSync(join(packFolder, path), 1_700_000_000, 1_700_000_000);
  }
  const settings = { schema: 1, url: 'http://x', instanceId: '01ARZ3NDEKTSV4RRFFQ69G5FAV', extra: {} } as const;
  return { packFolder, cloudFolder: join(packFolder, '.cloud-sync'), settings };
}

/** A state that records what the scan shows, and `held` besides. */
function stateOf(scan: Scan, files: Record<string, string>, held: Record<string, string> = {}): State {
  const all = [...manifestFrom(files)].map(([path, entry]) => {
    return [path, toRecord(entry, scan.entries.get(path) ?? NO_STAMP, false)] as const;
  });
  const more = [...manifestFrom(held)].map(([path, entry]) => [path, toRecord(entry, NO_STAMP, true)] as const);
  return { ...newState(), files: new Map([...all, ...more]) };
}

async function compare(instance: Instance, state: State, scope: Scope = everything): Promise<LocalSide> {
  return compareWithState(await scanInstance(instance, scope), state, scope);
}

/** "Reads" whole files: their text is their content. */
function reader(read: (path: string) => Promise<StreamResult>): Executor {
  const saveFile: Executor['saveFile'] = async (path) => {
    const stats = lstatSync(path, { bigint: true });
    const result = await read(path);
    return { ...result, stats, after: lstatSync(path, { bigint: true }) };
  };
  const nothing = (): Promise<never> => Promise.reject(new Error('nothing is opened'));
  const closed = { openPart: nothing, writePart: nothing, checkPack: nothing, close: async () => undefined };
  return { parallel: 2, saveFile, ...closed };
}

describe('this PC held against the last sync', () => {
  const files = { 'options.txt': '1', 'saves/W/level.dat': '2' };

  it('is untouched when every stamp is the same', async () => {
    const instance = folder(files);
    const state = stateOf(await scanInstance(instance, everything), files);
    const local = await compare(instance, state);
    expect(isUntouched(local, state)).toBe(true);
    expect([...local.known.keys()].sort()).toEqual(Object.keys(files).sort());
  });

  it.each<[string, (at: (path: string) => string) => void]>([
    ['another size', (at) => writeFileSync(at('options.txt'), '12')],
    ['the same size, another time', (at) => utimesSync(at('saves/W/level.dat'), 5, 5)],
    ['a file gone', (at) => rmSync(at('options.txt'))],
    ['a file more', (at) => writeFileSync(at('new'), '')],
    ['an empty folder more', (at) => mkdirSync(at('new'))],
    [
      'a folder for a file',
      (at) => {
        rmSync(at('options.txt'));
        mkdirSync(at('options.txt'));
      },
    ],
  ])('%s is seen', async (_, change) => {
    const instance = folder(files);
    const state = stateOf(await scanInstance(instance, everything), files);
    change((path) => join(instance.packFolder, path));
    expect(isUntouched(await compare(instance, state), state)).toBe(false);
  });

  onPosix('a link for a file is seen', async () => {
    const instance = folder(files);
    const state = stateOf(await scanInstance(instance, everything), files);
    rmSync(join(instance.packFolder, 'saves/W/level.dat'));
    symlinkSync('../../options.txt', join(instance.packFolder, 'saves/W/level.dat'));
    expect(isUntouched(await compare(instance, state), state)).toBe(false);
  });

  it('what is held, out of scope or never in scope is not deleted', async () => {
    const instance = folder(files);
    const scan = await scanInstance(instance, everything);
    const state = stateOf(scan, { ...files, 'config/x': '3', '.cloud-sync/token': 'x' }, { 'mods/a.jar': '4' });
    const scope = makeScope({ preset: 'everything', exclude: ['config/**'] });
    const local = await compare(instance, state, scope);
    expect(local.removed).toEqual([]);
    expect([...local.known.keys()].sort()).toEqual(['config/x', 'mods/a.jar', 'options.txt', 'saves/W/level.dat']);
  });

  it('a held file that is on this disk now has met the cloud, and is read', async () => {
    const instance = folder(files);
    const scan = await scanInstance(instance, everything);
    const local = await compare(instance, stateOf(scan, {}, files));
    expect([...local.met].sort()).toEqual(Object.keys(files).sort());
    expect([...local.unknown].sort()).toEqual(Object.keys(files).sort());
  });

  it('what cannot be read or is left out is not deleted', () => {
    const stamp = { ...NO_STAMP, type: 'file', executable: false } as const;
    const error = new SyncError('io', 'no');
    const scan: Scan = {
      startedMs: 0,
      entries: new Map([['a', stamp]]),
      unreadable: [
        { path: 'saves/W', error },
        { path: 'b', error },
      ],
      skipped: [
        { path: 'saves/V', reason: 'a link' },
        { path: 'c', reason: 'too large' },
      ],
    };
    const kept = ['saves/W/level.dat', 'b', 'saves/V/region/r', 'c'];
    const gone = ['saves/WW/level.dat', 'saves/U', 'bb', 'a/x'];
    const all = Object.fromEntries([...kept, ...gone].map((path) => [path, path]));
    const local = compareWithState(scan, stateOf(scan, all), everything);
    expect([...local.removed].sort()).toEqual(gone.sort());
    expect([...local.known.keys()].sort()).toEqual(kept.sort());
  });

  it('a pack that grew over the limit is left out, not deleted', async () => {
    const pack = { 'resourcepacks/big.zip': 'small', 'resourcepacks/other.zip': '1' };
    const instance = folder(pack);
    const scope = makeScope({ preset: 'personal' });
    const state = stateOf(await scanInstance(instance, scope), pack);
    truncateSync(join(instance.packFolder, 'resourcepacks/big.zip'), 256 * 1024 * 1024 + 1);
    const local = await compare(instance, state, scope);
    expect(local.scan.skipped).toEqual([{ path: 'resourcepacks/big.zip', reason: expect.stringMatching(/large/) }]);
    expect(local.removed).toEqual([]);
    expect(local.known.has('resourcepacks/big.zip')).toBe(true);
  });

  it('a folder with only held entries in it is not an empty folder', async () => {
    const instance = folder({ a: '1' });
    mkdirSync(join(instance.packFolder, 'shots'));
    const scan = await scanInstance(instance, everything);
    expect(scan.entries.has('shots')).toBe(true);
    const local = compareWithState(scan, stateOf(scan, { a: '1' }, { 'shots/1.png': '2' }), everything);
    expect([...local.known.keys()].sort()).toEqual(['a', 'shots/1.png']);
  });

  it('an empty folder that was filled is not gone, one that is gone is', async () => {
    const instance = folder({ 'a/x': '1' });
    const scan = await scanInstance(instance, everything);
    const local = compareWithState(scan, stateOf(scan, { a: 'folder', b: 'folder', 'a/x': '1' }), everything);
    expect(local.removed).toEqual(['b']);
  });
});

describe('reading what is not known', async () => {
  const { repo } = await testRepository();
  const content = fileOf('content').content;
  const side = async (names: string[]): Promise<{ instance: Instance; local: LocalSide; state: State }> => {
    const instance = folder(Object.fromEntries(names.map((name) => [name, name])));
    const scan = await scanInstance(instance, everything);
    const empty: Scan = { ...scan, entries: new Map() };
    const state = stateOf(empty, Object.fromEntries(names.map((name) => [name, 'old'])));
    return { instance, local: compareWithState(scan, state, everything), state };
  };
  const options = (instance: Instance, state: State, executor: Executor) =>
    ({ folder: instance.packFolder, state, executor, sink: HASH_ONLY, repo }) as const;

  it('keeps what was known of a file that cannot be read, and forgets one that is gone', async () => {
    const { instance, local, state } = await side(['busy', 'gone', 'fine', 'folder now']);
    const executor = reader(async (path) => {
      const errno = path.endsWith('busy')
        ? 'EBUSY'
        : path.endsWith('gone')
          ? 'ENOENT'
          : path.endsWith('now')
            ? 'ENOTDIR'
            : undefined;
      if (errno !== undefined) throw new SyncError('io', errno, { details: { errno } });
      return { content, size: 4 };
    });
    const outcome = await readUnknown(local, options(instance, state, executor));
    expect(outcome.unreadable.map(({ path }) => path)).toEqual(['busy']);
    expect([...outcome.manifest.keys()].sort()).toEqual(['busy', 'fine']);
    expect(outcome.manifest.get('busy')?.content).toEqual(fileOf('old').content);
    expect(outcome.manifest.get('fine')?.content).toEqual(content);
  });

  it('a file that never stands still is saved as read, and told', async () => {
    const { instance, local, state } = await side(['a', 'b']);
    let reads = 0;
    const executor = reader(async (path) => {
      if (path.endsWith('a')) writeFileSync(path, `changed ${'!'.repeat(++reads)}`);
      return { content, size: 1 };
    });
    const outcome = await readUnknown(local, options(instance, state, executor));
    expect([...outcome.unsteady]).toEqual(['a']);
    expect(reads).toBe(3);
  });

  it('a file that changes once is read again', async () => {
    const { instance, local, state } = await side(['a']);
    let reads = 0;
    const executor = reader(async (path) => {
      reads += 1;
      if (reads === 1) writeFileSync(path, 'changed');
      return { content: [fileOf(String(reads)).content[0] as BlobId], size: 1 };
    });
    const outcome = await readUnknown(local, options(instance, state, executor));
    expect([...outcome.unsteady]).toEqual([]);
    expect(outcome.manifest.get('a')?.content).toEqual(fileOf('2').content);
  });

  it('an error that is not about the file ends the whole', async () => {
    const { instance, local, state } = await side(['a', 'b']);
    const failing = reader(async () => {
      throw new SyncError('unreachable', 'gone');
    });
    await expect(readUnknown(local, options(instance, state, failing))).rejects.toMatchObject({ code: 'unreachable' });
  });

  asUser('a folder that may not be entered hides nothing', async () => {
    const { instance, state } = await side(['x/a', 'b']);
    chmodSync(join(instance.packFolder, 'x'), 0o000);
    const local = await compare(instance, state);
    chmodSync(join(instance.packFolder, 'x'), 0o755);
    expect(local.removed).toEqual([]);
  });
});

describe('whatever a scan finds', () => {
  const path = fc.constantFrom('a', 'a/b', 'c/d', 'c/e', 'f', 'saves/W/x', 'config/y');
  const paths = fc.uniqueArray(path, { maxLength: 6 });
  const stamp = { ...NO_STAMP, type: 'file', executable: false } as const;

  it('every record is known, to be read, removed, or a folder that is filled; and only one of them', () => {
    fc.assert(
      fc.property(paths, paths, paths, paths, (found, recorded, held, aside) => {
        const scan: Scan = {
          startedMs: 0,
          entries: new Map(found.map((one) => [one, stamp])),
          unreadable: [],
          skipped: aside.map((one) => ({ path: one, reason: 'x' })),
        };
        const records = Object.fromEntries(recorded.filter((one) => !held.includes(one)).map((one) => [one, '1']));
        const state = stateOf(scan, records, Object.fromEntries(held.map((one) => [one, '1'])));
        const local = compareWithState(scan, state, everything);
        for (const one of new Set([...found, ...recorded, ...held])) {
          const places = [local.known.has(one), local.unknown.includes(one), local.removed.includes(one)];
          expect(places.filter(Boolean)).toHaveLength(1);
          if (local.removed.includes(one)) expect(found.includes(one) || held.includes(one)).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });
});
