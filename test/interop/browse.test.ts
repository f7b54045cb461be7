/**
 * snapshots, ls, find, cat, list, diff and stats: the same text and the same JSON as restic, to the byte, on the same
 * repository. Most of it runs on repositories written here, with everything in them that a tree can hold, whose keys
 * cost nothing to derive; those of real restics follow.
 */
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localBackend } from '../../src/backend/local.js';
import type { SnapshotId } from '../../src/base/ids.js';
import { loadZstd } from '../../src/compress/zstd.js';
import { Repository } from '../../src/repo/repository.js';
import type { Snapshot } from '../../src/repo/snapshot.js';
import { type Entries, storeEntries } from '../browse/stored-trees.js';
import { type CommandResult, resticTs } from '../cli/restic/run-command.js';
import { describeInterop, type ResticName, restic } from '../helpers/peers.js';
import type { Finished } from '../helpers/process.js';
import { at, CHEAP, crypto, POLYNOMIAL } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';

const PASSWORD = 'secret';
const LATEST = 'restic-latest';

const OWNER = { uid: 1000, gid: 100_000, user: 'steve<&>', group: 'gröup' };
const value = new Uint8Array([1, 2, 3]);
const ODD: Entries = {
  '<&>"quotes"\\': 'x',
  'new\nline': 'x',
  'ends\n': 'x',
  'esc\u001b[31m': 'x',
  'nbsp\u00a0\u200b': 'x',
  'inv\udcff\udcfe': 'x',
  'ümläut 日本 😀': 'x',
  char: { node: { type: 'chardev', mode: 2 ** 26 + 2 ** 21 + 0o666, device: 259n, ...OWNER, links: 1n } },
  block: { node: { type: 'dev', mode: 2 ** 26 + 0o660, device: 1n, deviceId: 18446744073709551615n } },
  pipe: { node: { type: 'fifo', mode: 2 ** 25 + 0o644, mtime: '1969-12-31T23:59:59.999999999Z' } },
  sock: { node: { type: 'socket', mode: 2 ** 24 + 0o755, inode: 18446744073709551615n } },
  what: { node: { type: 'irregular', mode: 2 ** 19, mtime: '2021-02-03T04:05:06.70+00:00' } },
  link: { node: { type: 'symlink', mode: 2 ** 27 + 0o777, linktarget: 'to\udcff<&>\n', links: 1n } },
  bits: { node: { type: 'file', mode: 2 ** 23 + 2 ** 22 + 2 ** 20 + 0o7, size: 0, content: [], links: 3n } },
  far: {
    node: { type: 'file', mtime: '9999-12-31T23:59:59Z', ctime: '0000-01-01T00:00:00Z', size: 2 ** 45, content: [] },
  },
  attributes: {
    node: {
      type: 'file',
      mode: 0o600,
      size: 5,
      content: [],
      extendedAttributes: [{ name: 'user.x', value }],
      genericAttributes: { 'windows.file_attributes': '32' },
      error: 'some "error"',
    },
  },
};
const FIRST: Entries = {
  odd: ODD,
  a: { 'file.txt': 'hello', 'x.YML': 'x', deep: { er: { z: 'z' } }, same: { s: 's'.repeat(3000) } },
  'a-b': { y: ['1', '2'], 'y.tar.gz': '12', '.hidden': 'h', 'dot.': 'd' },
  empty: {},
  t: 'file',
};
const SECOND: Entries = {
  odd: { ...ODD, char: { node: { type: 'chardev', mode: 1 } }, pipe: 'file now', 'new\nline': { in: 'x' } },
  a: { 'file.txt': 'hello!', 'x.YML': 'y', same: { s: 's'.repeat(3000), n: 'n' }, new: { er: { z: 'z' } } },
  'a-b': { y: ['1', '2'], 'y.tar.gz': '12', '.hidden': 'h', 'dot.': 'd' },
  t: { a: 'folder now' },
};
const SUMMARY = {
  ...{
    backupStart: '2026-01-01T10:00:00.120Z',
    backupEnd: '2026-01-01T11:00:00+01:00',
    dataAdded: 5,
    dataAddedPacked: 4,
  },
  ...{ filesNew: 1, filesChanged: 2, filesUnmodified: 3, dirsNew: 4, dirsChanged: 5, dirsUnmodified: 6, dataBlobs: 7 },
  ...{ treeBlobs: 8, totalFilesProcessed: 9, totalBytesProcessed: 123_456_789 },
};
const SNAPSHOTS: readonly (Omit<Snapshot, 'tree'> & { readonly entries: Entries })[] = [
  {
    entries: FIRST,
    time: '2020-01-02T03:04:05.120+01:00',
    paths: ['/z<&>', '/home/a'],
    hostname: 'alpha',
    summary: SUMMARY,
  },
  { entries: SECOND, time: '2021-07-02T03:04:05Z', paths: ['/home/a', '/z<&>'], hostname: 'alpha', tags: ['b', 'a'] },
  {
    entries: FIRST,
    time: '2022-07-02T03:04:05+02:00',
    paths: ['/home/a'],
    hostname: 'ホスト-日本',
    tags: ['a', 'b', 'long-tag-😀'],
  },
  { entries: { only: {} }, time: '2023-01-02T03:04:05-03:30', paths: null, excludes: ['*.x<'], username: 'me', uid: 5 },
  {
    entries: SECOND,
    time: '2023-03-02T03:04:05.123456789Z',
    paths: ['/home/a'],
    hostname: 'gamma',
    programVersion: 'x 1',
  },
];

interface Made {
  readonly path: string;
  /** The beginnings of the snapshots' ids. */
  readonly ids: readonly string[];
}

async function make(version: 1 | 2): Promise<Made> {
  const path = join(tempFolder(), 'repo');
  const options = { backend: localBackend(path), crypto, zstd: await loadZstd(), version };
  const repo = await Repository.init({ ...options, password: PASSWORD, chunkerPolynomial: POLYNOMIAL, scrypt: CHEAP });
  const ids: SnapshotId[] = [];
  await repo.write({}, async (session) => {
    for (const { entries, ...snapshot } of SNAPSHOTS) {
      ids.push(await session.commit({ ...snapshot, tree: await storeEntries(repo, session, entries) }));
    }
  });
  return { path, ids: ids.map((id) => id.slice(0, 12)) };
}

/** "[0:01] " is the time that it took. */
const untimed = (text: string): string => text.replace(/^\[\d+:\d\d\]/gm, '[0:00]').replaceAll('restic-ts', 'restic');

/** Without locks: each would wait a moment for others that come at the same time. */
async function both(
  line: readonly string[],
  repo: string,
  theirs: ResticName = LATEST,
): Promise<{ readonly expected: Finished; readonly found: CommandResult }> {
  const args = [...line, '--no-lock', '--no-cache'];
  const [expected, found] = await Promise.all([
    restic(theirs, args, { repo, password: PASSWORD }),
    resticTs(args, { repo, password: PASSWORD }),
  ]);
  return { expected, found };
}

async function expectSame(args: readonly string[], repo: string): Promise<void> {
  const { expected, found } = await both(args, repo);
  expect(untimed(found.stdout)).toBe(untimed(expected.stdout));
  expect([found.code, untimed(found.stderr)]).toEqual([expected.code, untimed(expected.stderr)]);
}

describeInterop('browsing as restic does', [LATEST], (paths) => {
  const zone = process.env['TZ'];
  const made: Made[] = [];

  beforeAll(async () => {
    made.push(await make(1), await make(2));
  });
  afterAll(() => {
    if (zone === undefined) Reflect.deleteProperty(process.env, 'TZ');
    else process.env['TZ'] = zone;
  });

  /** `$0` is the first snapshot, and so on. */
  const run = async (line: string, version: 1 | 2): Promise<void> => {
    const { path, ids } = at(made, version - 1);
    const args = line
      .split(' ')
      .map((word) => word.replace(/\$(\d)/, (_, i) => at(ids, Number(i))).replaceAll('_', ' '));
    await expectSame(args, path);
  };

  describe('in several zones', () => {
    it.each(['Europe/Berlin', 'America/St_Johns', ':Asia/Kathmandu', 'UTC', '', 'No/Where'])('%j', async (tz) => {
      process.env['TZ'] = tz;
      const lines = ['snapshots', 'ls -l $0', 'find -l pipe what -s $2', 'ls -q --json $3', 'ls $2 /a'];
      // Where the boundary lies is the same for both flags.
      for (const time of ['2020-01-02_04:04', '02.01.2020_03:04:05_CET', '2020-01-02_03:04:05_-0100', '2020-01-02']) {
        lines.push(`find -O ${time} file.txt -s $0`);
        if (tz === 'Europe/Berlin') lines.push(`find -N ${time} file.txt -s $0`);
      }
      for (let i = 0; i < lines.length; i += 2) await Promise.all(lines.slice(i, i + 2).map((line) => run(line, 2)));
    });
  });

  describe('text and JSON', () => {
    beforeAll(() => {
      process.env['TZ'] = 'Europe/Berlin';
    });

    it.each([
      ...[
        'snapshots -c',
        'snapshots --json',
        'snapshots --latest 1',
        'snapshots --latest 1 -c --json',
        'snapshots $3 $1',
      ],
      ...[
        'snapshots $0 zz latest:a $1:x --host x',
        'snapshots --host alpha --host gamma --path /home/a',
        'snapshots -g x',
      ],
      ...[
        'snapshots --tag a,b --tag long',
        'snapshots --tag _ --json',
        'snapshots --host nope',
        'snapshots latest --path /x',
      ],
      ...[
        'snapshots --host alpha -g host,paths',
        'snapshots --host alpha -g host,paths --json',
        'snapshots $1 -g tags',
      ],
    ])('%s', (line) => run(line, 2));

    it.each([
      ...['ls $0', 'ls -l $1', 'ls -l --human-readable $0', 'ls --json $0', 'ls --ncdu $0', 'ls --ncdu $1 /a/new /t'],
      ...[
        'ls $0 /a /a/deep/',
        'ls $0 /a/../a-b //odd --recursive',
        'ls --reverse $0',
        'ls --sort size -l $0',
        'ls $0:odd /',
      ],
      ...[
        'ls --sort time $1',
        'ls --sort atime --reverse $0',
        'ls --sort ctime $0',
        'ls --sort extension $0:a-b',
        'ls $3:only',
      ],
      ...[
        'ls --sort x $0',
        'ls',
        'ls zz',
        'ls latest --host nope --tag a,b --path /x',
        'ls $0 a',
        'ls $0:a/file.txt',
        'ls $0:x/y',
      ],
      ...[
        'ls --json $0:x',
        'ls --ncdu --json $0',
        'ls --ncdu --reverse $0',
        'ls --ncdu --sort size $0',
        'ls -q $0 /t',
        'ls latest',
      ],
    ])('%s', (line) => run(line, 2));

    it.each([
      ...[
        'find *.txt',
        'find -l * -s $0',
        'find --human-readable -l z -R',
        'find --json * -s $0 -s $1',
        'find nothing',
      ],
      ...[
        'find --json nothing',
        'find -i X.yml FILE*',
        'find a/* -s $0',
        'find /a/deep/**/z /t',
        'find -q z',
        'find',
        'find [ -s $0',
      ],
      ...[
        'find z --host alpha --tag a',
        'find z -s zz -s latest',
        'find -O x z',
        'find --blob --tree x',
        'find --pack ab --blob x',
      ],
    ])('%s', async (line) => {
      if (line.includes('[ ')) {
        // restic adds where in its source it stood.
        const { expected, found } = await both(['find', '['], at(made, 1).path);
        expect([found.code, found.stderr.trim()]).toEqual([expected.code, expected.stderr.split('\n')[0]]);
      } else {
        await run(line, 2);
      }
    });

    it.each([
      ...[
        'diff $0 $1',
        'diff $1 $0 --metadata',
        'diff --json $0 $1',
        'diff --json --metadata $0:odd $1:odd',
        'diff -q $0 $1',
      ],
      ...['diff $0 $2', 'diff $0:a $1:a/new', 'diff $0', 'diff $0 latest', 'diff $0 $1:nope', 'diff $0 zz'],
    ])('%s', (line) => run(line, 2));

    it.each([
      ...[
        'stats $0',
        'stats $1 --mode files-by-contents',
        'stats $0 --mode blobs-per-file',
        'stats $1 --mode raw-data',
      ],
      ...[
        'stats --json',
        'stats --json --mode files-by-contents',
        'stats --json --mode raw-data',
        'stats -q $0 zz --tag a',
      ],
      ...['stats --json $1 --mode blobs-per-file', 'stats --mode x', 'stats --host nope', 'stats --host nope --json'],
    ])('%s', (line) => run(line, 2));

    it.each([
      ...[
        'cat config',
        'cat masterkey',
        'cat config x',
        'cat snapshot $0',
        'cat snapshot $3',
        'cat snapshot $0:x',
        'cat tree $0',
      ],
      ...[
        'cat tree $1:a/new',
        'cat tree $0:nope',
        'cat tree latest',
        'cat snapshot zz',
        'cat',
        'cat x',
        'cat key',
        'cat blob 12',
      ],
      ...['list', 'list x', 'list packs x', 'list locks', 'list keys'],
    ])('%s', (line) => run(line, 2));
  });

  it.each([
    ...[
      'ls -l $0',
      'snapshots --json',
      'find --json * -s $1',
      'diff $0 $1',
      'stats $0 --mode raw-data',
      'stats --json',
    ],
    ...['stats --json --mode raw-data', 'cat config', 'cat tree $0:odd'],
  ])('version 1: %s', (line) => run(line, 1));

  it('finds blobs, trees and packs, and shows where they are', async () => {
    for (const { path, ids } of made) {
      const list = async (kind: string): Promise<string[]> =>
        (await resticTs(['list', kind], { repo: path })).stdout.trim().split('\n').sort();
      const blobs = await list('blobs');
      const data = blobs.filter((line) => line.startsWith('data')).map((line) => line.slice(5));
      const trees = blobs.filter((line) => line.startsWith('tree')).map((line) => line.slice(5));
      const [first = '', second = ''] = data;
      const lines = [
        ...[
          ['--blob', first, '--show-pack-id'],
          ['--blob', second.slice(0, 8), '--json'],
          ['--blob', second.slice(0, 9)],
        ],
        ...[
          ['--tree', ...trees, 'zz'],
          ['--tree', ...trees, '--json'],
          ['--tree', at(trees, 0).slice(0, 8)],
        ],
        ...[
          ['--tree', at(trees, 1), '--show-pack-id'],
          ['--blob', 'a'.repeat(64), '--show-pack-id'],
          ['--pack', 'deadbeef'],
        ],
      ];
      for (const pack of await list('packs')) {
        lines.push(['--pack', pack], ['--pack', pack.slice(0, 8), '--json', '-s', at(ids, 1)]);
      }
      for (const args of lines) await expectSame(['find', ...args], path);
      for (const [kind, id] of [
        ['blob', first],
        ['blob', at(trees, 0)],
        ['pack', at(await list('packs'), 0)],
      ] as const) {
        const { stdout } = await promisify(execFile)(at([paths[LATEST]], 0), ['cat', kind, id, '--no-cache'], {
          env: { ...process.env, RESTIC_REPOSITORY: path, RESTIC_PASSWORD: PASSWORD },
          encoding: 'buffer',
        });
        expect((await resticTs(['cat', kind, id], { repo: path })).bytes.equals(stdout)).toBe(true);
      }
      for (const [kind, of] of [
        ['index', 'index'],
        ['key', 'keys'],
      ] as const) {
        for (const id of await list(of)) await expectSame(['cat', kind, id], path);
      }
    }
  });

  it('lists the same objects', async () => {
    for (const { path } of made) {
      for (const kind of ['blobs', 'packs', 'index', 'snapshots', 'keys']) {
        const { expected, found } = await both(['list', kind], path);
        const sorted = (text: string): string[] => text.split('\n').sort();
        expect(sorted(found.stdout)).toEqual(sorted(expected.stdout));
        expect(found.stdout).not.toBe('');
      }
    }
  });

  it('gives names their bytes', async () => {
    const { path, ids } = at(made, 1);
    const { stdout } = await promisify(execFile)(paths[LATEST], ['ls', '-l', at(ids, 0), '--no-cache'], {
      env: { ...process.env, RESTIC_REPOSITORY: path, RESTIC_PASSWORD: PASSWORD },
      encoding: 'buffer',
    });
    expect(stdout.includes(Buffer.from('inv\xff\xfe', 'latin1'))).toBe(true);
    expect((await resticTs(['ls', '-l', at(ids, 0)], { repo: path })).bytes.equals(stdout)).toBe(true);
  });

  it('goes on, or not, where trees and snapshots are damaged', async () => {
    const { path, ids } = await make(2);
    const repo = await Repository.open({
      ...{ backend: localBackend(path), crypto, zstd: await loadZstd() },
      passwords: [PASSWORD],
    });
    await repo.loadIndex();
    const [first = '', , , , last = ''] = await Promise.all(
      ids.map(async (id) => (await repo.listSnapshots()).find((one) => one.startsWith(id))),
    );
    const { tree } = await repo.loadSnapshot(first as SnapshotId);
    const folder = (await repo.loadTree(tree)).find(({ name }) => name === 'a')?.subtree;
    const [copy] = folder === undefined ? [] : repo.index.locate('tree', folder);
    if (copy === undefined) throw new Error('no tree');
    damage(join(path, 'data', copy.pack.slice(0, 2), copy.pack), copy.offset + 20);
    damage(join(path, 'snapshots', last), 30);
    const told: string[] = [];
    for (const line of [
      'ls $0',
      'find z -s $0',
      'find --tree zz -s $0',
      'stats $0',
      'diff $0 $1',
      'diff $0 $1 --json',
    ]) {
      const args = line.split(' ').map((word) => word.replace(/\$(\d)/, (_, i) => at(ids, Number(i))));
      const { expected, found } = await both(args, path);
      expect([line, found.code, untimed(found.stdout)]).toEqual([line, expected.code, untimed(expected.stdout)]);
      told.push(found.stderr.slice(0, 6));
    }
    expect(told).toEqual(['Fatal:', '', '', 'error ', 'error:', 'error:']);
    for (const args of [
      ['snapshots'],
      ['snapshots', at(ids, 4)],
      ['ls', 'latest'],
      ['diff', at(ids, 1), at(ids, 4)],
      ['cat', 'snapshot', at(ids, 4)],
    ]) {
      const { expected, found } = await both(args, path);
      expect([args, found.code, found.stdout]).toEqual([args, expected.code, expected.stdout]);
      expect(found.stderr).toContain(`failed to load snapshot ${at(ids, 4).slice(0, 8)}: `);
    }
  });
});

function damage(file: string, place: number): void {
  chmodSync(file, 0o644);
  const bytes = readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(place) ^ 1, place);
  writeFileSync(file, bytes);
}

describeInterop('repositories of real restics', ['restic-0.14', 'restic-0.18', LATEST], () => {
  it.each(['restic-0.14', 'restic-0.18', LATEST] as const)('%s', async (name) => {
    const work = tempFolder();
    const [source, repo] = [join(work, 'source'), join(work, 'repo')];
    mkdirSync(join(source, 'a/b'), { recursive: true });
    writeFileSync(join(source, 'a/b/file'), 'x'.repeat(2_000_000));
    const options = { repo, password: PASSWORD, cwd: source };
    expect((await restic(name, ['init'], options)).code).toBe(0);
    const backup = (time: string): Promise<Finished> =>
      restic(name, ['backup', '.', '--host', 'pc', '--tag', 'x', '--time', time], options);
    expect((await backup('2020-01-01 10:00:00')).code).toBe(0);
    writeFileSync(join(source, 'a/new'), 'new');
    expect((await backup('2021-01-01 10:00:00')).code).toBe(0);
    for (const line of [
      'snapshots',
      'snapshots --json',
      'ls -l latest',
      'ls --json latest',
      'find --json *',
      'stats --json',
    ]) {
      await expectSame(line.split(' '), repo);
    }
    // What the old ones print may differ; what there is does not.
    const { expected, found } = await both(['ls', 'latest', '--quiet'], repo, name);
    expect(found.stdout).toBe(expected.stdout);
  });
});
