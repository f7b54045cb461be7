/**
 * The same folder, backed up by both programs: equal trees, byte for byte, and each takes the other's snapshots for
 * parents. What decides is the id of the topmost tree, a hash over everything below it.
 */
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { backup } from '../../src/archive/backup.js';
import type { BackupOptions, BackupResult } from '../../src/archive/backup-types.js';
import { findParent } from '../../src/archive/parent.js';
import { localBackend } from '../../src/backend/local.js';
import type { SnapshotId, TreeId } from '../../src/base/ids.js';
import { parseId } from '../../src/base/ids.js';
import type { NamedSnapshot } from '../../src/browse/select.js';
import { loadZstd } from '../../src/compress/zstd.js';
import { Repository } from '../../src/repo/repository.js';
import { asUser, itIf } from '../helpers/only-where.js';
import { describeInterop, restic } from '../helpers/peers.js';
import type { Finished } from '../helpers/process.js';
import { CHEAP, crypto, POLYNOMIAL } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';
import {
  FAR_TIMES,
  isThere,
  makeAttributes,
  makeContents,
  makeModes,
  makeNames,
  makeSpecials,
  makeTimes,
} from './odd-files.js';

const LIMIT = 120_000;
const PASSWORD = 'trees';
const PROGRAM = 'restic-ts test';

const summarySchema = z.object({
  message_type: z.literal('summary'),
  files_new: z.number(),
  files_changed: z.number(),
  files_unmodified: z.number(),
  dirs_new: z.number(),
  dirs_changed: z.number(),
  dirs_unmodified: z.number(),
  data_blobs: z.number(),
  tree_blobs: z.number(),
  data_added: z.number(),
  total_files_processed: z.number(),
  total_bytes_processed: z.number(),
  snapshot_id: z.string().optional(),
});
type Summary = z.infer<typeof summarySchema>;

describeInterop('backup and restic make the same trees', ['restic-latest'], () => {
  const repoPath = join(tempFolder(), 'repo');
  const work = tempFolder();
  let server: Server | undefined;
  let repo: Repository;

  const run = (args: readonly string[], options: { cwd?: string; env?: Record<string, string>; input?: string } = {}) =>
    restic('restic-latest', args, { repo: repoPath, password: PASSWORD, cwd: work, ...options });

  /** Backs up with restic; returns its summary and tree. */
  const theirs = async (args: readonly string[], options: Parameters<typeof run>[1] = {}) => {
    const finished = await run(['backup', '--json', ...args], options);
    expect(finished.stderr).toBe('');
    expect(finished.code).toBe(0);
    return readSummary(finished);
  };

  const readSummary = async (finished: Finished): Promise<{ summary: Summary; tree: TreeId; id: SnapshotId }> => {
    const summary = summarySchema.parse(JSON.parse(finished.stdout.trim().split('\n').at(-1) ?? ''));
    const id = parseId<SnapshotId>(summary.snapshot_id, 'the answer');
    return { summary, tree: (await repo.loadSnapshot(id)).tree, id };
  };

  const ours = async (targets: readonly string[], options: Partial<BackupOptions> = {}): Promise<BackupResult> => {
    const result = await backup(repo, { targets, cwd: work, programVersion: PROGRAM, ...options });
    expect(result.errors).toEqual([]);
    return result;
  };

  const named = async (id: SnapshotId): Promise<NamedSnapshot> => ({ id, snapshot: await repo.loadSnapshot(id) });

  const expectSame = async (targets: readonly string[], env: Record<string, string> = {}): Promise<void> => {
    const expected = await theirs(['--force', ...targets], { env });
    const result = await ours(targets, { dryRun: true });
    expect(result.tree).toBe(expected.tree);
    expect(result.summary).toMatchObject({
      filesNew: expected.summary.files_new,
      dirsNew: expected.summary.dirs_new,
      totalBytesProcessed: expected.summary.total_bytes_processed,
    });
  };

  beforeAll(async () => {
    repo = await makeRepository(repoPath);
    makeContents(join(work, 'contents'));
    makeModes(join(work, 'modes'));
    makeAttributes(join(work, 'attributes'));
    makeNames(join(work, 'names'));
    makeTimes(join(work, 'times'));
    server = await makeSpecials(join(work, 'specials'));
  }, LIMIT);

  afterAll(() => {
    server?.close();
  });

  it.each(['contents', 'modes', 'attributes', 'names', 'specials'])(
    'of %s',
    async (folder) => {
      await expectSame([folder]);
    },
    LIMIT,
  );

  it.each([1, 2] as const)(
    'and restic reads and restores what we wrote first, in version %i',
    async (version) => {
      const path = join(tempFolder(), 'repo');
      const program = { repo: path, password: PASSWORD };
      const own = await makeRepository(path, version);
      const targets = ['contents', 'modes', 'attributes', 'names', 'specials', 'times'];
      await backup(own, { targets, cwd: work, programVersion: PROGRAM });
      expect((await restic('restic-latest', ['check', '--read-data'], program)).code).toBe(0);
      const target = tempFolder();
      const flags = process.getuid?.() === 0 ? ['--verify'] : ['--verify', '--exclude-xattr', 'trusted.*'];
      const restored = await restic('restic-latest', ['restore', 'latest', '--target', target, ...flags], program);
      expect(restored.stderr.replace(/^ignoring error .*lchown.*$/gm, '').trim()).toBe('');
    },
    LIMIT,
  );

  describe('whatever the time zone', () => {
    const before = process.env['TZ'];
    afterAll(() => {
      if (before === undefined) Reflect.deleteProperty(process.env, 'TZ');
      else process.env['TZ'] = before;
    });

    const zones = [
      'UTC',
      'Europe/Berlin',
      'Europe/Amsterdam',
      'Europe/Dublin',
      'America/New_York',
      'America/St_Johns',
      'America/Sao_Paulo',
      'Africa/Casablanca',
      'Africa/Monrovia',
      'Asia/Kathmandu',
      'Asia/Tehran',
      'Australia/Lord_Howe',
      'Pacific/Apia',
      'Antarctica/Troll',
      'EST5EDT',
      'Etc/GMT+5',
      ':Asia/Tokyo',
      '/usr/share/zoneinfo/Asia/Tokyo',
      'CET-1CEST,M3.5.0,M10.5.0/3',
      'No/Such_Place',
      '',
    ];
    it.each(zones)(
      '%s',
      async (zone) => {
        process.env['TZ'] = zone;
        await expectSame(['times'], { TZ: zone });
      },
      LIMIT,
    );

    itIf(existsSync('/dev/shm'), 'there is no /dev/shm, whose files can have such times')(
      'and in times that other file systems cannot keep',
      async () => {
        const folder = join('/dev/shm', `times-${process.pid}`);
        try {
          makeTimes(folder, FAR_TIMES);
          for (const zone of ['UTC', 'Europe/Amsterdam', 'Pacific/Apia']) {
            process.env['TZ'] = zone;
            await expectSame([folder], { TZ: zone });
          }
        } finally {
          rmSync(folder, { recursive: true });
        }
      },
      LIMIT,
    );
  });

  it(
    'with the times of last access',
    async () => {
      utimesSync(join(work, 'contents/empty'), 1_234_567.5, statSync(join(work, 'contents/empty')).mtime);
      const expected = await theirs(['--with-atime', 'contents/empty', 'contents/deep/er/text', 'specials']);
      const result = await ours(['contents/empty', 'contents/deep/er/text', 'specials'], { withAtime: true });
      expect(result.tree).toBe(expected.tree);
    },
    LIMIT,
  );

  describe('of any targets', () => {
    const folder = join(work, 'targets');
    beforeAll(() => {
      mkdirSync(join(folder, 'a/sub/deep'), { recursive: true });
      mkdirSync(join(folder, 'b/sub'), { recursive: true });
      mkdirSync(join(folder, 'x/a/other'), { recursive: true });
      for (const path of ['a/1', 'a/sub/2', 'a/sub/deep/3', 'b/sub/4', 'x/a/5', 'x/a/other/6']) {
        writeFileSync(join(folder, path), path);
      }
      symlinkSync('a', join(folder, 'link'));
    });

    const sets: readonly { title: string; targets: readonly string[]; below?: string }[] = [
      { title: 'relative', targets: ['a'] },
      { title: 'several', targets: ['b', 'a'] },
      { title: 'a file', targets: ['a/1'] },
      { title: 'a file below', targets: ['a/sub/deep/3', 'a/1'] },
      { title: 'the working folder', targets: ['.'] },
      { title: 'the working folder from below', targets: ['..'], below: 'a' },
      { title: 'two up', targets: ['../..'], below: 'a/sub' },
      { title: 'one aside', targets: ['../b', '.'], below: 'a' },
      { title: 'steps back', targets: ['./a/../a/./sub//'] },
      { title: 'twice', targets: ['a', 'a/', './a'] },
      { title: 'one inside the other', targets: ['a', 'a/sub/deep'] },
      { title: 'the other way round', targets: ['a/sub/deep', 'a/sub', 'a'] },
      { title: 'a folder and what is in it', targets: ['.', 'a/sub', 'link'] },
      { title: 'equal names', targets: ['a', 'x/a'] },
      { title: 'equal names above', targets: ['../b/sub', '../x/a', 'sub'], below: 'a' },
      { title: 'equal first names', targets: ['sub', '../a/sub', '../b/sub/4'], below: 'b' },
      { title: 'a link', targets: ['link'] },
      { title: 'through a link', targets: ['link/sub'] },
      { title: 'a link with a slash', targets: ['link/'] },
      { title: 'absolute', targets: ['<folder>/a'] },
      { title: 'absolute and relative', targets: ['<folder>/a/sub', 'a'] },
      { title: 'absolute, one inside the other', targets: ['<folder>', '<folder>/a/sub/2'] },
      { title: 'absolute, with steps', targets: ['<folder>/../targets/./b'] },
    ];
    it.each(sets)(
      '$title',
      async ({ targets, below = '' }) => {
        const cwd = join(folder, below);
        const real = targets.map((target) => target.replace('<folder>', folder));
        const expected = await theirs(['--force', ...real], { cwd });
        const result = await ours(real, { cwd });
        expect(await aboveChanging(repo, result.tree)).toEqual(await aboveChanging(repo, expected.tree));
        const id = result.snapshotId;
        expect(id && (await repo.loadSnapshot(id)).paths).toEqual((await repo.loadSnapshot(expected.id)).paths);
      },
      LIMIT,
    );

    const excluded: readonly (readonly [string, readonly string[]])[] = [
      ['what lies in a target', ['a']],
      ['not a target', ['a', 'a/sub', 'b/sub/4']],
      ['what the working folder holds, unless named before', ['a/sub', '.']],
      ['though named afterwards', ['.', 'a']],
    ];
    it.each(excluded)(
      'without %s',
      async (_, targets) => {
        const expected = await theirs(['--force', '--exclude', 'sub', '--exclude', '4', ...targets], { cwd: folder });
        const filter = (path: string): boolean => !/\/(sub|4)(\/|$)/.test(path.slice(folder.length));
        const result = await ours(targets, { cwd: folder, filter, dryRun: true });
        expect(result.tree).toBe(expected.tree);
      },
      LIMIT,
    );
  });

  it(
    'of standard input',
    async () => {
      for (const name of ['stdin', '/folder/in/../dump.sql', 'ü "x"/y']) {
        const time = ['--time', '2026-01-02 03:04:05'];
        const input = 'some text\n'.repeat(300_000);
        const expected = await theirs(['--stdin', '--stdin-filename', name, ...time], { input });
        const timeNs = BigInt(new Date(2026, 0, 2, 3, 4, 5).getTime()) * 1_000_000n;
        const stream = (async function* () {
          for (let at = 0; at < input.length; at += 10_007) yield Buffer.from(input.slice(at, at + 10_007));
        })();
        const result = await ours([], { stdin: { name, stream }, timeNs });
        expect(result.tree).toBe(expected.tree);
        expect(result.snapshotId && (await repo.loadSnapshot(result.snapshotId)).paths).toEqual(
          (await repo.loadSnapshot(expected.id)).paths,
        );
      }
    },
    LIMIT,
  );

  describe('and take each other for parents', () => {
    const targets = ['contents', 'modes', 'attributes', 'names', 'specials'];
    const unmodified = { files_new: 0, files_changed: 0, dirs_new: 0, dirs_changed: 0, data_added: 0 };

    it(
      'ours after theirs',
      async () => {
        const before = await theirs(['--force', ...targets]);
        const result = await ours(targets, { parent: await named(before.id) });
        expect(result.tree).toBe(before.tree);
        expect(result.summary).toMatchObject({
          filesNew: 0,
          filesChanged: 0,
          filesUnmodified: before.summary.files_new,
          dirsNew: 0,
          dirsChanged: 0,
          dirsUnmodified: before.summary.dirs_new,
          dataBlobs: 0,
          treeBlobs: 0,
          dataAdded: 0,
          totalBytesProcessed: before.summary.total_bytes_processed,
        });
        expect(await ours(targets, { parent: await named(before.id), skipIfUnchanged: true })).toMatchObject({
          snapshotId: undefined,
          tree: before.tree,
        });
      },
      LIMIT,
    );

    it(
      'theirs after ours',
      async () => {
        const { snapshotId = '', summary } = await ours(targets);
        const after = await theirs(['--parent', snapshotId, ...targets]);
        const { filesNew, dirsNew } = summary;
        expect(after.summary).toMatchObject({ ...unmodified, files_unmodified: filesNew, dirs_unmodified: dirsNew });
      },
      LIMIT,
    );

    it(
      'and choose the same one',
      async () => {
        for (const time of ['2031-01-01 00:00:00', '2032-01-01 00:00:00']) {
          await theirs(['--force', '--time', time, '--host', 'h', '--tag', 'a,b', 'contents', 'modes']);
        }
        const paths = [join(work, 'contents')];
        const choices = [
          { paths, hostname: 'h' },
          { paths, hostname: 'h', notAfterNs: BigInt(Date.parse('2031-06-01')) * 1_000_000n },
          { paths, hostname: 'other' },
          { paths: [], hostname: 'h', groupBy: { host: true, paths: false, tags: false } },
        ];
        const times = ['2033-01-01 00:00:00', '2031-06-01 00:00:00', '2033-01-01 00:00:00', '2033-01-01 00:00:00'];
        for (const [i, choice] of choices.entries()) {
          const group = choice.groupBy === undefined ? 'host,paths' : 'host';
          const flags = ['--dry-run', '--host', choice.hostname, '--group-by', group, '--time', times[i] ?? ''];
          const told = await run(['backup', ...flags, 'contents']);
          const parent = /using parent snapshot (\w+)/.exec(told.stdout)?.[1];
          expect((await findParent(repo, choice))?.id.slice(0, 8)).toBe(parent);
        }
      },
      LIMIT,
    );

    /** Ours is a dry run, so that both have the same before them. */
    const expectSameCounts = async (flags: readonly string[], options: Partial<BackupOptions>): Promise<void> => {
      const result = await ours(['changing'], { ...options, dryRun: true });
      const { summary, tree } = await theirs([...flags, 'changing']);
      expect(result.tree).toBe(tree);
      expect(toNames(result)).toEqual({ ...summary, snapshot_id: undefined, message_type: undefined });
    };

    it(
      'and count the same',
      async () => {
        const folder = join(work, 'changing');
        cpSync(join(work, 'contents'), join(folder, 'one'), { recursive: true });
        cpSync(join(work, 'contents'), join(folder, 'two'), { recursive: true });
        writeFileSync(join(folder, 'new blob'), 'which nobody has stored');
        await expectSameCounts([], {});
        const { id } = await theirs(['changing']);
        const parent = await named(id);
        const flags = ['--parent', id];
        appendFileSync(join(folder, 'one/deep/er/text'), 'more');
        writeFileSync(join(folder, 'one/another'), 'new');
        renameSync(join(folder, 'two/large'), join(folder, 'two/renamed'));
        rmSync(join(folder, 'two/empty'));
        mkdirSync(join(folder, 'two/empty'));
        await expectSameCounts(flags, { parent });
        // The same content under another inode, and with another time of change.
        cpSync(join(folder, 'one/large'), join(folder, 'copy'), { preserveTimestamps: true });
        renameSync(join(folder, 'copy'), join(folder, 'one/large'));
        const { mtime } = statSync(join(folder, 'one/sparse'));
        utimesSync(join(folder, 'one/sparse'), mtime, mtime);
        await expectSameCounts(flags, { parent });
        await expectSameCounts([...flags, '--ignore-ctime'], { parent, ignoreCtime: true });
        await expectSameCounts([...flags, '--ignore-inode'], { parent, ignoreInode: true });
        await expectSameCounts([...flags, '--force'], { parent, force: true });
      },
      LIMIT,
    );
  });

  asUser(
    'without what cannot be read',
    async () => {
      const folder = join(work, 'barred');
      for (const below of ['open', 'closed', 'blind']) {
        mkdirSync(join(folder, below), { recursive: true });
        writeFileSync(join(folder, below, 'file'), below);
      }
      writeFileSync(join(folder, 'secret'), 'secret');
      chmodSync(join(folder, 'secret'), 0);
      chmodSync(join(folder, 'closed'), 0);
      chmodSync(join(folder, 'blind'), 0o600);
      try {
        for (const targets of [['barred'], ['barred/secret', 'barred/open'], ['barred/blind/file', 'barred/closed']]) {
          const finished = await run(['backup', '--json', '--force', ...targets]);
          expect(finished.code).toBe(3);
          const { tree } = await readSummary(finished);
          const result = await backup(repo, { targets, cwd: work, programVersion: PROGRAM });
          expect(result.tree).toBe(tree);
          expect(result.errors).toHaveLength(targets.length === 1 ? 3 : targets[0] === 'barred/secret' ? 1 : 2);
        }
      } finally {
        chmodSync(join(folder, 'closed'), 0o700);
        chmodSync(join(folder, 'blind'), 0o700);
      }
    },
    LIMIT,
  );

  it('leaves its own name, and what was asked for, in the snapshot', async () => {
    const flags = [
      '--tag',
      'a,b',
      '--tag',
      'c',
      '--host',
      'there',
      '--time',
      '2026-01-02 03:04:05',
      '--exclude',
      '*.x',
    ];
    const { id } = await theirs([...flags, 'contents']);
    const { snapshotId } = await ours(['contents'], {
      tags: ['a', 'b', 'c'],
      hostname: 'there',
      timeNs: BigInt(new Date(2026, 0, 2, 3, 4, 5).getTime()) * 1_000_000n,
      excludes: ['*.x'],
    });
    const expected = await repo.loadSnapshot(id);
    const { summary: _, ...snapshot } = snapshotId === undefined ? expected : await repo.loadSnapshot(snapshotId);
    const { summary: _theirs, parent: _parent, ...rest } = expected;
    expect(snapshot).toEqual({ ...rest, programVersion: PROGRAM });
  });

  itIf(isThere('setfattr'), 'setfattr is not installed')('knows of the attributes at all', async () => {
    const { tree } = await ours(['attributes']);
    const [folder] = await repo.loadTree(tree);
    const nodes = folder?.subtree === undefined ? [] : await repo.loadTree(folder.subtree);
    expect(nodes.find(({ name }) => name === 'file')?.extendedAttributes?.length).toBeGreaterThan(5);
  });
});

/** With a key that costs nothing to derive, so that restic is quick too. */
async function makeRepository(path: string, version: 1 | 2 = 2): Promise<Repository> {
  const parts = { backend: localBackend(path), crypto, zstd: await loadZstd() };
  return Repository.init({ ...parts, password: PASSWORD, chunkerPolynomial: POLYNOMIAL, scrypt: CHEAP, version });
}

/** A tree without the times of the folders that others use while the test runs: those above the temporary ones. */
async function aboveChanging(
  repo: Repository,
  tree: TreeId,
  steps: readonly string[] = realpathSync(tmpdir()).split('/').filter(Boolean),
): Promise<unknown> {
  const [first, ...rest] = steps;
  if (first === undefined) return tree;
  await repo.loadIndex();
  const nodes = await repo.loadTree(tree);
  return Promise.all(
    nodes.map(async ({ mtime, atime, ctime, subtree, ...node }) =>
      node.name === first && subtree !== undefined
        ? { ...node, subtree: await aboveChanging(repo, subtree, rest) }
        : { ...node, mtime, atime, ctime, subtree },
    ),
  );
}

function toNames({ summary }: BackupResult): Omit<Summary, 'message_type' | 'snapshot_id'> {
  return {
    files_new: summary.filesNew,
    files_changed: summary.filesChanged,
    files_unmodified: summary.filesUnmodified,
    dirs_new: summary.dirsNew,
    dirs_changed: summary.dirsChanged,
    dirs_unmodified: summary.dirsUnmodified,
    data_blobs: summary.dataBlobs,
    tree_blobs: summary.treeBlobs,
    data_added: summary.dataAdded,
    total_files_processed: summary.totalFilesProcessed,
    total_bytes_processed: summary.totalBytesProcessed,
  };
}
