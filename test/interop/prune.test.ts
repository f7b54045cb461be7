/** Prune against restic's: the same plan for the same repository, and each program lives with what the other left. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { prune } from '../../src/maintain/prune.js';
import { resticTs } from '../cli/restic/run-command.js';
import { type LocalRepository, localRepository, openLocal } from '../helpers/local-repository.js';
import { ALL_RESTICS, describeInterop, type ResticName, restic, startRestServer } from '../helpers/peers.js';
import { PASSWORD } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';
import { expectExactIndex, expectWhole, storeSnapshot } from '../maintain/prune-env.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));

const LIMIT = 120_000;
/** restic's smallest pack size, of which a 25th is small. */
const SIZE = ['--pack-size=4'];
const CHECK = ['check', '--read-data', '--no-lock'];

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

const made = new Map<string, Promise<LocalRepository>>();

/** A copy of one that is made once. */
async function used(version: 1 | 2, isText = false): Promise<string> {
  const name = `${version} ${isText}`;
  const making = made.get(name) ?? make(version, isText);
  made.set(name, making);
  return copyOf((await making).path);
}

/** Wholly, partly and not used packs of all sizes, some of them small; blobs of 10,000 bytes. */
async function make(version: 1 | 2, isText: boolean): Promise<LocalRepository> {
  const local = await localRepository({ version });
  const options = { blobSize: 10_000, packSize: 200_000, isText };
  const doomed = [await storeSnapshot(local.repo, range(0, 150), options)];
  await storeSnapshot(local.repo, range(0, 60), options);
  for (let i = 0; i < 8; i++) {
    const blobs = [...range(70 + i * 10, 75 + i * 10), ...range(200 + i * 4, 202 + i * 4)];
    await storeSnapshot(local.repo, blobs, { ...options, packSize: 50_000 });
  }
  for (let i = 0; i < 4; i++) doomed.push(await storeSnapshot(local.repo, range(300 + i * 20, 310 + i * 20), options));
  await storeSnapshot(local.repo, [...range(330, 345), ...range(366, 369)], options);
  for (const id of doomed) await local.repo.removeSnapshot(id);
  return local;
}

function copyOf(path: string): string {
  const copy = join(tempFolder(), 'copy');
  cpSync(path, copy, { recursive: true });
  return copy;
}

async function real(name: ResticName, repo: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await restic(name, args, { repo, password: PASSWORD });
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
  return stdout;
}

async function ours(repo: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await resticTs(args, { repo, password: PASSWORD });
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
  return stdout;
}

/** All files of some snapshots, as restic lists them. */
async function listing(name: ResticName, repo: string): Promise<string[]> {
  const all = (await real(name, repo, ['list', 'snapshots', '--no-lock'])).trim().split('\n').sort();
  const ids = all.filter((_, i) => i % 3 === 0);
  const lists = await Promise.all(ids.map((id) => real(name, repo, ['ls', '--long', '--no-lock', id])));
  return lists.map((list) => list.slice(list.indexOf('\n')));
}

const withoutTimes = (text: string): string => text.replace(/\[\d+:\d+\]/g, '[time]');

const limit = fc.oneof(
  fc.integer({ min: 0, max: 60 }).map((percent) => `${percent}%`),
  fc.integer({ min: 0, max: 2000 }).map((kib) => `${kib}k`),
  fc.constant('unlimited'),
);

const rules = fc
  .record(
    {
      'max-unused': limit,
      'repack-smaller-than': fc.integer({ min: 1, max: 400 }).map((kib) => `${kib}k`),
      'repack-cacheable-only': fc.constant(true),
      'repack-uncompressed': fc.constant(true),
    },
    { requiredKeys: [] },
  )
  .map((flags) => Object.entries(flags).map(([name, value]) => (value === true ? `--${name}` : `--${name}=${value}`)));

describeInterop('the plan of prune is that of restic', ['restic-latest'], () => {
  describe.each([1, 2] as const)('version %i', (version) => {
    let path: string;
    beforeAll(async () => {
      path = await used(version);
    });

    it('by any rules', { timeout: LIMIT }, async () => {
      const property = fc.asyncProperty(rules, async (flags) => {
        const possible = version === 2 ? flags : flags.filter((flag) => flag !== '--repack-uncompressed');
        const args = ['prune', '--dry-run', '-v', '--no-lock', ...SIZE, ...possible];
        const [mine, theirs] = await Promise.all([ours(path, args), real('restic-latest', path, args)]);
        // restic lists packs without an order that would be the same each time.
        expect(withoutTimes(mine)).toBe(withoutTimes(theirs));
      });
      await fc.assert(property, { numRuns: version === 2 ? 15 : 8, seed: 4711 });
    });

    it('by --max-repack-size', async () => {
      for (const size of ['0', '300k', '1M', '3M']) {
        const args = ['prune', '--dry-run', '--no-lock', ...SIZE, '--max-unused=0', `--max-repack-size=${size}`];
        const [mine, theirs] = await Promise.all([ours(path, args), real('restic-latest', path, args)]);
        const lines = (text: string): string[] => text.split('\n').filter((line) => /^(to delete|not yet)/.test(line));
        expect(lines(mine)).toEqual(lines(theirs));
        expect(repackedBytes(mine)).toBeLessThanOrEqual(Number.parseInt(size, 10) * (size.endsWith('k') ? 1 : 1024));
      }
    });
  });
});

/** In KiB. */
function repackedBytes(text: string): number {
  const [, number, unit = 'B'] = /to repack: .* \/ ([\d.]+) (\w+)/.exec(text) ?? [];
  return Number(number) * ({ B: 1 / 1024, KiB: 1, MiB: 1024 }[unit] ?? Number.NaN);
}

describeInterop('restic lives with what prune leaves', ALL_RESTICS, () => {
  describe.each([1, 2] as const)('version %i', (version) => {
    it.each([
      { title: 'repacked', args: ['--max-unused=0'], programs: ALL_RESTICS },
      {
        title: 'pressed together',
        args: ['--max-unused=0', '--repack-smaller-than=4M'],
        programs: ['restic-latest'] as const,
      },
      { title: 'by default', args: [], programs: ['restic-latest'] as const },
    ])('$title', { timeout: LIMIT }, async ({ args, programs }) => {
      const path = await used(version, true);
      const before = await listing('restic-latest', path);
      await ours(path, ['prune', ...SIZE, ...args]);
      await Promise.all(programs.map((name) => real(name, path, CHECK)));
      expect(await listing('restic-latest', path)).toEqual(before);
      const again = await real('restic-latest', path, ['prune', '--dry-run', '--no-lock', ...SIZE, ...args]);
      expect(again).toMatch(/to repack: +0 blobs[\s\S]*to delete: +0 blobs/);
    });
  });

  it('compressed by --repack-uncompressed', { timeout: LIMIT }, async () => {
    const path = await used(1, true);
    await real('restic-latest', path, ['migrate', 'upgrade_repo_v2']);
    await ours(path, ['prune', ...SIZE, '--repack-uncompressed']);
    await Promise.all(ALL_RESTICS.map((name) => real(name, path, CHECK)));
    const again = await real('restic-latest', path, [
      'prune',
      '--dry-run',
      '--no-lock',
      ...SIZE,
      '--repack-uncompressed',
    ]);
    expect(again).toMatch(/to repack: +0 blobs/);
  });
});

describeInterop('prune lives with what restic leaves', ALL_RESTICS, () => {
  it.each(ALL_RESTICS.flatMap((name) => [1, 2].map((version) => ({ name, version }))))(
    '$name, version $version',
    { timeout: LIMIT },
    async ({ name, version }) => {
      const path = await used(version === 1 ? 1 : 2);
      const wanted = await expectWhole(await openLocal(path));
      await real(name, path, ['prune', '--max-unused=10%', ...SIZE]);
      expect(await expectWhole(await openLocal(path))).toEqual(wanted);
      await ours(path, ['prune', '--max-unused=0', ...SIZE]);
      expect(await expectWhole(await openLocal(path))).toEqual(wanted);
      await real(name, path, CHECK);
    },
  );

  it('and both keep the same blobs', { timeout: LIMIT }, async () => {
    const [path, copy] = [await used(2), await used(2)];
    const args = ['prune', '--max-unused=0', ...SIZE];
    await Promise.all([ours(path, args), real('restic-latest', copy, args)]);
    const blobs = async (repo: string): Promise<string[]> =>
      (await real('restic-latest', repo, ['list', 'blobs', '--no-lock'])).trim().split('\n').sort();
    expect(await blobs(path)).toEqual(await blobs(copy));
  });
});

describeInterop('damage that prune meets', ['restic-latest'], () => {
  it('a repository whose copies are doubled', async () => {
    const { path, repo } = await localRepository();
    const other = await openLocal(path);
    await storeSnapshot(repo, range(0, 30), { blobSize: 10_000, packSize: 100_000 });
    await storeSnapshot(other, range(10, 40), { blobSize: 10_000, packSize: 100_000 });
    const args = ['prune', '--dry-run', '-v', '--no-lock', ...SIZE];
    const [mine, theirs] = [await ours(path, args), await real('restic-latest', path, args)];
    const counted = (text: string): string[] =>
      text.split('\n').filter((line) => /^(used|dupl|unused:|total:)/.test(line));
    expect(counted(mine)).toEqual(counted(theirs));
    const fresh = await openLocal(path);
    const plan = await prune(fresh, { maxUnused: { bytes: 0 } });
    expect(plan.stats.blobs.duplicate).toBe(20);
    await expectExactIndex(fresh, await openLocal(path));
    await real('restic-latest', path, CHECK);
    expect((await real('restic-latest', path, ['list', 'blobs', '--no-lock'])).trim().split('\n').length).toBe(44);
  });
});

describeInterop('prune over REST', ['restic-latest', 'rest-server-latest'], () => {
  it('leaves what restic accepts', { timeout: LIMIT }, async () => {
    const path = await used(2);
    const data = tempFolder();
    cpSync(path, join(data, 'repository'), { recursive: true });
    const server = await startRestServer('rest-server-latest', { path: data });
    const address = `rest:${server.url}repository/`;
    await ours(address, ['prune', '--max-unused=0', ...SIZE]);
    await real('restic-latest', address, CHECK);
    expect(await real('restic-latest', address, ['prune', '--dry-run', '--no-lock', ...SIZE])).toMatch(
      /total prune: +0 blobs/,
    );
    await server.stop();
  });
});
