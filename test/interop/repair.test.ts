/**
 * restic's repair and this one on two copies of the same damaged repository: the same exit codes, the same snapshots and
 * trees afterwards, and restic's check finds nothing wrong in what this one has repaired. Where restic gives up or leaves
 * damage, it is named with the reason.
 */
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { PackId } from '../../src/base/ids.js';
import { resticTs } from '../cli/restic/run-command.js';
import { DAMAGES, type DamageName, damage, fileOf, ONLY_VERSION_2 } from '../helpers/damage.js';
import { describeInterop, restic } from '../helpers/peers.js';
import { PASSWORD } from '../helpers/repository.js';
import { copyToRead, openFolder, type SoundRepository, soundRepository } from '../helpers/sound-repository.js';
import { tempFolder } from '../helpers/temp.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));

const LIMIT = 60_000;

/** Nothing can be opened: there is nothing to repair for either program. */
const CLOSED: ReadonlySet<DamageName> = new Set<DamageName>([
  ...(['missingKey', 'truncatedKey', 'emptyKey', 'flippedByteInKey'] as const),
  ...(['missingConfig', 'truncatedConfig', 'emptyConfig', 'flippedByteInConfig'] as const),
  // A version that is not what it seems to be has no repair.
  'compressedInVersion1',
]);

/** Packs are named to `repair packs` where their contents, not the index, are what is wrong. */
const BY_PACK: ReadonlySet<DamageName> = new Set<DamageName>([
  ...(['flippedByteInPack', 'flippedByteInTreePack', 'flippedByteInRootTree', 'swappedPack', 'longerPack'] as const),
  ...([
    'flippedByteInHeader',
    'flippedByteInHeaderLength',
    'truncatedPack',
    'truncatedTreePack',
    'holeInPack',
  ] as const),
  ...(['damagedFirstCopy', 'damagedSecondCopy', 'damagedCopies', 'wrongContent', 'emptyPack'] as const),
]);

/** The index says something wrong that has the right size: seen only by who reads the packs. */
const INDEX_LIES: ReadonlySet<DamageName> = new Set<DamageName>([
  ...(['headerDisagreesWithIndex', 'wrongPlainLengthInIndex', 'wrongTypeInIndex', 'wrongIdInIndex'] as const),
]);

/** These snapshot files stay as they are: neither program removes what it cannot read. */
const UNREADABLE_SNAPSHOT: ReadonlySet<DamageName> = new Set<DamageName>([
  ...(['truncatedSnapshot', 'emptySnapshot', 'flippedByteInSnapshot', 'garbageSnapshot'] as const),
]);

/** What restic does not repair: it gives up, or leaves the tree as it is. */
const RESTIC_DOES_NOT: ReadonlySet<DamageName> = new Set<DamageName>([
  ...(['unsortedTree', 'duplicateNames', 'emptyName', 'nameWithSlash'] as const),
  // Seen by this program from the index alone; restic needs --read-all-packs.
  'wrongOffsetInIndex',
]);

/** Of a type that a later version may know: both leave it, and both checks say so. */
const LEFT: ReadonlySet<DamageName> = new Set<DamageName>(['unknownNodeType', 'manyDefects']);

interface Copy {
  readonly path: string;
  run(args: readonly string[]): Promise<number>;
}

function resticCopy(path: string): Copy {
  const cwd = tempFolder();
  const run = async (args: readonly string[]): Promise<number> =>
    (await restic('restic-latest', ['--no-cache', ...args], { repo: path, password: PASSWORD, cwd })).code;
  return { path, run };
}

function ourCopy(path: string): Copy {
  const cwd = tempFolder();
  const run = async (args: readonly string[]): Promise<number> =>
    (await resticTs([...args], { repo: path, password: PASSWORD, cwd })).code;
  return { path, run };
}

/** Snapshots without what must differ: their own ids, and the ids of those that they were made from. */
async function snapshotsOf(path: string): Promise<unknown[]> {
  const repo = await openFolder(path, { index: false });
  const found: unknown[] = [];
  for (const id of await repo.listSnapshots()) {
    const snapshot = await repo.loadSnapshot(id).catch(() => 'unreadable');
    found.push(typeof snapshot === 'string' ? snapshot : { ...snapshot, original: snapshot.original !== undefined });
  }
  return found.map((one) => JSON.stringify(one)).sort();
}

async function blobsOf(path: string): Promise<string[]> {
  const repo = await openFolder(path);
  return [...new Set([...repo.index.values()].map(({ type, id }) => `${type} ${id}`))].sort();
}

describeInterop('repair of what is damaged', ['restic-latest'], () => {
  const sound = new Map<1 | 2, SoundRepository>();

  beforeAll(async () => {
    for (const version of [1, 2] as const) sound.set(version, await soundRepository(tempFolder(), version));
  }, LIMIT);

  async function twoCopies(version: 1 | 2, name: DamageName): Promise<{ copies: [Copy, Copy]; packs: PackId[] }> {
    const path = join(tempFolder(), name);
    cpSync(sound.get(version)?.path ?? '', path, { recursive: true });
    const { packs } = await damage[name](path);
    const there = packs.filter((pack) => existsSync(fileOf(path, 'data', pack)));
    // restic makes the folders that it needs.
    return { copies: [resticCopy(copyToRead(path, name)), ourCopy(path)], packs: there };
  }

  async function repairAndCompare(version: 1 | 2, name: DamageName): Promise<void> {
    const { copies, packs } = await twoCopies(version, name);
    const steps = [
      ...(BY_PACK.has(name) && packs.length > 0 ? [['repair', 'packs', ...packs]] : []),
      ['repair', 'index', ...(INDEX_LIES.has(name) ? ['--read-all-packs'] : [])],
      ['repair', 'snapshots', '--forget'],
    ];
    const [theirs, ours] = copies;
    for (const step of steps) {
      const [expected, code] = await Promise.all([theirs.run(step), ours.run(step)]);
      if (RESTIC_DOES_NOT.has(name)) expect(code, step.join(' ')).toBe(0);
      else expect(code, step.join(' ')).toBe(expected);
    }
    if (!RESTIC_DOES_NOT.has(name)) {
      expect(await snapshotsOf(ours.path)).toEqual(await snapshotsOf(theirs.path));
      expect(await blobsOf(ours.path)).toEqual(await blobsOf(theirs.path));
    }
    if (UNREADABLE_SNAPSHOT.has(name) || LEFT.has(name)) return;
    const args = ['check', '--read-data', '--no-lock', '--no-cache'];
    const check = await restic('restic-latest', args, { repo: ours.path, password: PASSWORD });
    expect(check.code, check.stdout + check.stderr).toBe(0);
  }

  const names = DAMAGES.filter((name) => !CLOSED.has(name));

  describe('version 2', () => {
    it.concurrent.each(names)('%s', (name) => repairAndCompare(2, name), LIMIT);
  });

  describe('version 1', () => {
    const some: readonly DamageName[] = [
      'missingTreePack',
      'flippedByteInPack',
      'indexOmitsRootTree',
      'missingDataBlob',
    ];
    it.concurrent.each(some.filter((name) => !ONLY_VERSION_2.has(name)))(
      '%s',
      (name) => repairAndCompare(1, name),
      LIMIT,
    );
  });
});
