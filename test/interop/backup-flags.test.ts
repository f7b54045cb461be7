/**
 * The same `backup` command lines given to restic and to restic-ts, on the same folder and into a repository each: what
 * they write, their exit codes, and the snapshots they leave have to be the same.
 */
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { localBackend } from '../../src/backend/local.js';
import type { SnapshotId } from '../../src/base/ids.js';
import { loadZstd } from '../../src/compress/zstd.js';
import { parseGoTime } from '../../src/repo/go-time.js';
import { Repository } from '../../src/repo/repository.js';
import type { Snapshot } from '../../src/repo/snapshot.js';
import { resticTs } from '../cli/restic/run-command.js';
import { asUser } from '../helpers/only-where.js';
import { describeInterop, restic } from '../helpers/peers.js';
import type { Finished } from '../helpers/process.js';
import { CHEAP, crypto, PASSWORD, POLYNOMIAL } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';

const SIGNATURE = 'Signature: 8a477f597d28d172789f06886806bc55';

function put(folder: string, files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** A place with folders to back up; the working folder of all commands. */
function makePlace(): string {
  const place = put(tempFolder(), {
    'src/a.c': 'int a;',
    'src/B.TXT': 'b',
    'src/big': 'x'.repeat(5000),
    'src/lib/deep/er/a.o': 'o',
    'src/lib/deep/b.c': 'int b;',
    'src/foo/x/bar/y': 'y',
    'src/foo/bar': 'bar',
    'src/foobar': 'no',
    'src/[x]': 'set',
    'src/a b': 'blank',
    'src/$x': 'dollar',
    'src/cache/CACHEDIR.TAG': `${SIGNATURE}\n`,
    'src/cache/data': 'data',
    'src/cache/sub/data': 'data',
    'src/broken/CACHEDIR.TAG': 'Signature: none, but long enough to be looked at',
    'src/broken/data': 'data',
    'src/private/.nobackup': 'HEAD and more',
    'src/private/data': 'data',
    'src/private/sub/data': 'data',
    'other/one': '1',
    'other/two': '2',
    'excludes.txt': '# objects\n*.o\n\n  $NAME  \n!lib\n$$x\n',
    'globs.txt': ' src/f*\n#no\nother/*\nnone*\n',
    'verbatim.txt': 'src/a b\n\nsrc/[x]\nother\n',
    'raw.bin': 'src/a b\0other/one\0',
  });
  mkdirSync(join(place, 'empty'));
  symlinkSync('nowhere', join(place, 'src/link'));
  return place;
}

/** A repository whose snapshots are read once each. */
interface Place {
  readonly path: string;
  /** As recorded, in order of their times, with what must differ taken out; the parent by its place among them. */
  snapshots(): Promise<unknown[]>;
  exclusively(work: () => Promise<void>): Promise<void>;
}

async function makeRepository(): Promise<Place> {
  const path = join(tempFolder(), 'repo');
  const options = { password: PASSWORD, chunkerPolynomial: POLYNOMIAL, scrypt: CHEAP };
  const repo = await Repository.init({ backend: localBackend(path), crypto, zstd: await loadZstd(), ...options });
  const known = new Map<SnapshotId, Snapshot>();
  return {
    path,
    exclusively: (work) => repo.exclusively({}, work),
    snapshots: async () => {
      for (const id of await repo.listSnapshots()) if (!known.has(id)) known.set(id, await repo.loadSnapshot(id));
      const all = [...known].sort(([, a], [, b]) => (parseGoTime(a.time) < parseGoTime(b.time) ? -1 : 1));
      const ids = all.map(([id]) => id);
      return all.map(([, snapshot]) => comparableSnapshot(snapshot, ids));
    },
  };
}

function comparableSnapshot(snapshot: Snapshot, ids: readonly SnapshotId[]): unknown {
  const { programVersion: _, summary, parent, time, ...rest } = snapshot;
  const { backupStart: _start, backupEnd: _end, dataAddedPacked: _packed, ...counts } = summary ?? {};
  const isGiven = /^20(19|20|21)-/.test(time);
  return { ...rest, counts, parent: parent && ids.indexOf(parent), time: isGiven ? time : 'now' };
}

const LINE = z.looseObject({ message_type: z.string() });
/** Times, and sizes after compression, which another zstd does not make the same. */
const VARYING = /^(duration|total_duration|.*_in_repo|data_added_packed|backup_start|backup_end|snapshot_id)$/;

/** What both have to say alike. Items come in no certain order, as files are read at once. */
function comparable({ code, stdout, stderr }: Finished): unknown {
  return { code, stdout: comparableText(stdout).sort(), stderr: comparableText(stderr).sort() };
}

function comparableText(text: string): string[] {
  return text.split('\n').map((line) => {
    if (line.startsWith('{')) return comparableJson(line);
    return (
      line
        .replace(/\b[0-9a-f]{8}\b/g, 'ID')
        .replace(/\bin \d+\.\d+s/, 'in TIME')
        .replace(/\bin \d+:\d\d$/, 'in TIME')
        .replace(/\(.* stored\)/, '(STORED)')
        // restic ends its scan when all is saved, and tells of what it has seen by then.
        .replace(/^(scan finished in TIME): .*/, '$1')
        .replace(/(\d+ B added), .* stored(?:, .* metadata)?\)/, '$1)')
    );
  });
}

function comparableJson(line: string): string {
  const object = LINE.parse(JSON.parse(line));
  const members = Object.entries(object).map(([key, value]): [string, unknown] => [
    key,
    VARYING.test(key) ? typeof value : value,
  ]);
  return JSON.stringify(Object.fromEntries(members));
}

/** What restic-ts finds on standard input, once: it runs in this process. */
const standardInput = vi.hoisted(() => ({ text: '' }));
vi.mock('../../src/cli/restic/standard-input.js', () => ({
  standardInput: () => {
    const { text } = standardInput;
    standardInput.text = '';
    return Readable.from(text === '' ? [] : [Buffer.from(text)]);
  },
}));

const progress = { RESTIC_PROGRESS_FPS: '0.001', NAME: 'private' };

describeInterop('backup by restic and by restic-ts', ['restic-latest'], () => {
  let place = '';
  let theirs: Place;
  let ours: Place;

  beforeAll(async () => {
    place = makePlace();
    theirs = await makeRepository();
    ours = await makeRepository();
  });

  interface Setting {
    readonly env?: Readonly<Record<string, string>>;
    readonly input?: string;
  }

  async function both(args: readonly string[], { env = {}, input = '' }: Setting = {}): Promise<Finished> {
    const line = ['backup', '--host', 'pc', ...args];
    const options = { password: PASSWORD, cwd: place, input };
    const variables = { ...progress, ...env };
    standardInput.text = input;
    const cache = { RESTIC_CACHE_DIR: tempFolder() };
    const own = { ...process.env, ...cache, RESTIC_PASSWORD: PASSWORD, RESTIC_REPOSITORY: ours.path, ...variables };
    const [expected, found] = await Promise.all([
      restic('restic-latest', line, { ...options, repo: theirs.path, env: variables }),
      resticTs(line, { ...options, repo: ours.path, env: own }),
    ]);
    expect(comparable(found)).toEqual(comparable(expected));
    expect(await ours.snapshots()).toEqual(await theirs.snapshots());
    return found;
  }

  /** Rows run in their order: a later backup finds the earlier ones. */
  describe('command lines in a row', () => {
    it.each<[args: readonly string[], code?: number]>([
      [['src']],
      [['src']],
      [['src', '-v']],
      [['src', '-vv']],
      [['src', '-q']],
      [['src', '--json']],
      [['src', '--json', '-v']],
      [['src', '--json', '-q']],
      [['src', '--force', '-vv']],
      [['src', '--dry-run', '-vv']],
      [['src', 'other', 'empty', '-vv']],
      [['src', '-n', '--json', '-vv', '--force']],
      [['src', '--skip-if-unchanged']],
      [['src', '--skip-if-unchanged', '--json']],
      [['src', '--skip-if-unchanged', '--json', '-n']],
      [['other', '--skip-if-unchanged', '--no-scan', '-v']],
      [['src', 'missing', '-v'], 3],
      [['src', 'missing', '--json'], 3],
      [['missing'], 1],
      [['missing', '--json'], 1],
      [[], 1],
      [['--tag', 'a,b,,c', '--tag', ' d ', '--tag', '', '--tag', 'a', 'src']],
      [['--time', '2020-01-02 03:04:05', 'src', '--json']],
      [['--time', '2019-01-02 03:04:05', 'other/one']],
      [['--group-by', 'tags', '--tag', 'a', 'other']],
      [['--group-by', 'tags', '--tag', 'zz', 'other']],
      [['--group-by', '', 'other/two']],
      [['--group-by', 'path', 'other/two']],
      [['--group-by', 'nothing', 'other/two'], 1],
      [['--parent', 'latest', 'src', '-n']],
      [['--force', '--parent', 'latest', 'src', '-n', '--json']],
      [['src', '--ignore-inode', '--ignore-ctime', '--with-atime', '--read-concurrency', '1']],
      [['./src/../src//lib/', 'other/.', '-vv']],
      [['.', '-e', '*'], 1],
      [['src/lib', 'src', '-vv', '-n']],
      [['src/a.c', 'src/a.c', '-vv', '-n']],
    ])('%j', async (args, code = 0) => {
      expect(await both(args)).toMatchObject({ code });
    });

    it('RESTIC_HOST and --host', async () => {
      await both(['--host', 'other-pc', 'other']);
      await both(['--host', '', 'other', '-n'], { env: { RESTIC_HOST: 'from-env' } });
    });
  });

  it.each([
    [['--parent', 'latest', 'excludes.txt'], /no snapshot found\n$/],
    [['--parent', '00000000', 'src'], /no matching ID found for prefix "00000000"\n$/],
    [['--stdin-from-command', '--force', '-q', '--', '/nonexistent'], /^failed to start command: .*\n$/],
    [['--stdin-from-command', '--force', '-q'], /no command was specified as argument\n$/],
  ])('%j: both fail for the same reason', async (args, reason) => {
    const options = { password: PASSWORD, cwd: place };
    const expected = await restic('restic-latest', ['backup', ...args], { ...options, repo: theirs.path });
    const found = await resticTs(['backup', ...args], { ...options, repo: ours.path });
    for (const one of [expected, found]) {
      expect(one).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(reason) });
    }
  });

  describe('what is left out', () => {
    it.each<[args: readonly string[], code?: number]>([
      [['-e', '*.c']],
      [['-e', '*.c', '-e', '!b.c']],
      [['-e', 'foo/**/bar']],
      [['-e', 'foo/*']],
      [['-e', '/src']],
      [['-e', 'a*', '--exclude', 'B*', '--exclude=[[]*']],
      [['--iexclude', 'b.txt', '--iexclude', 'FOO']],
      [['--exclude-file', 'excludes.txt']],
      [['--exclude-file', 'excludes.txt', '-e', 'lib', '-e', '*.c']],
      [['--iexclude-file', 'excludes.txt']],
      [['-e', '['], 1],
      [['-e', '[', '--json'], 1],
      [['--exclude-file', 'globs.txt', '--iexclude', '[a-'], 1],
      [['--exclude-caches']],
      [['--exclude-if-present', '.nobackup']],
      [['--exclude-if-present', '.nobackup:HEAD', '--exclude-if-present', 'a.c:int b']],
      [['--exclude-larger-than', '4k']],
      [['--exclude-larger-than', '5000']],
      [['--exclude-larger-than', '0']],
      [['-x']],
      [['--exclude-caches', '--exclude-larger-than', '1M', '-e', 'foo', '--iexclude', 'PRIVATE']],
    ])('%j', async (flags, code = 0) => {
      const told = flags.includes('--json') ? [] : ['-vv'];
      expect(await both(['src', '-n', ...told, ...flags])).toMatchObject({ code });
    });

    it('and the snapshots are the same too', async () => {
      await both(['src', '--exclude-file', 'excludes.txt', '-e', 'foo/**/bar', '-e', '*.c', '--iexclude', 'b.txt']);
      await both(['src', '--exclude-caches', '--exclude-if-present', '.nobackup:HEAD', '--exclude-larger-than', '4k']);
      await both(['src', '-x', '-e', `${place}/src/*`, '-e', `!${place}/src/lib`, '-e', 'er']);
    });

    it('but not what is named itself', async () => {
      await both([
        'src/cache',
        'src/a.c',
        'src/private/data',
        '--exclude-caches',
        '--exclude-if-present',
        '.nobackup',
        '-e',
        '*',
        '-vv',
        '--force',
      ]);
      await both(['src/big', '--exclude-larger-than', '1', '-vv', '--force']);
    });

    it('nor the cache folder that is in use', async () => {
      await both(['src', '--force', '-vv'], { env: { RESTIC_CACHE_DIR: join(place, 'src/foo') } });
      await both(['src/foo', '--force', '-vv'], { env: { RESTIC_CACHE_DIR: join(place, 'src/foo') } });
    });
  });

  describe('lists of what to back up', () => {
    it.each<[args: readonly string[], code?: number]>([
      [['--files-from', 'globs.txt']],
      [['--files-from', 'globs.txt', '--json']],
      [['--files-from-verbatim', 'verbatim.txt']],
      [['--files-from-raw', 'raw.bin']],
      [['--files-from-raw', 'verbatim.txt'], 1],
      [['--files-from', 'globs.txt', '--files-from-verbatim', 'verbatim.txt', '--files-from-raw', 'raw.bin', 'empty']],
    ])('%j', async (args, code = 0) => {
      const told = args.includes('--json') ? [] : ['-vv'];
      expect(await both([...args, '--force', ...told])).toMatchObject({ code });
    });
  });

  asUser('a file and a folder that cannot be read: the rest is saved, exit code 3', async () => {
    const folder = put(tempFolder(), { 'x/ok': '1', 'x/closed': '2', 'x/folder/in': '3' });
    chmodSync(join(folder, 'x/closed'), 0);
    chmodSync(join(folder, 'x/folder'), 0);
    const options = { password: PASSWORD, cwd: folder, env: progress };
    for (const flags of [[], ['-v'], ['--json'], ['-q']]) {
      const line = ['backup', 'x', ...flags];
      const expected = await restic('restic-latest', line, { ...options, repo: theirs.path });
      const own = { ...process.env, RESTIC_PASSWORD: PASSWORD, RESTIC_REPOSITORY: ours.path, ...progress };
      const found = await resticTs(line, { ...options, repo: ours.path, env: own });
      expect(found.code).toBe(3);
      expect(expected.code).toBe(3);
      expect(comparableText(found.stdout).sort()).toEqual(comparableText(expected.stdout).sort());
      // The reasons are told in other words.
      const kinds = (text: string): string[] =>
        text
          .split('\n')
          .map((one) => /^(\w+:|.*"during":"\w+")?/.exec(one)?.[1]?.replace(/"message":".*?"/, '') ?? one);
      expect(kinds(found.stderr).sort()).toEqual(kinds(expected.stderr).sort());
    }
    chmodSync(join(folder, 'x/folder'), 0o700);
  });

  it('a command is not started as long as others hold the repository', async () => {
    const marker = join(tempFolder(), 'started');
    const args = [
      'backup',
      '--stdin-from-command',
      '--',
      process.execPath,
      '-e',
      `fs.writeFileSync(${JSON.stringify(marker)}, '')`,
    ];
    await ours.exclusively(async () => {
      const found = await resticTs(args, { password: PASSWORD, repo: ours.path });
      expect(found).toMatchObject({ code: 11 });
    });
    expect(existsSync(marker)).toBe(false);
    expect(await resticTs(args, { password: PASSWORD, repo: ours.path })).toMatchObject({ code: 3 });
    expect(existsSync(marker)).toBe(true);
    await restic('restic-latest', args, { password: PASSWORD, repo: theirs.path });
  });

  describe('standard input', () => {
    let at = 0;
    it.each<[args: readonly string[], input: string, code?: number]>([
      [['--stdin', '-vv'], 'some data'],
      [['--stdin', '--stdin-filename', 'a/b', '--json', '-v'], 'some data'],
      [['--stdin', '--tag', 'x'], '', 3],
      [['--stdin', '--stdin-filename', '/'], 'x', 1],
      [['--stdin', 'src'], 'x', 1],
      [['--stdin', '--files-from', '-'], 'x', 1],
      [['--files-from', '-', '-vv'], 'src/f*\nother\n'],
      [['--files-from-raw', '-', '-vv', '--files-from', 'globs.txt'], 'src/a b\0'],
      [['--files-from-verbatim', '-', '--files-from-raw', '-', '-vv'], 'src/a b\n'],
    ])('%j', async (args, input, code = 0) => {
      const time = ['--time', `2021-02-03 03:05:${String(10 + at++)}`];
      expect(await both([...time, ...args], { input })).toMatchObject({ code });
    });
  });

  describe('the output of a command', () => {
    let at = 0;
    it.each<[args: readonly string[], code?: number]>([
      [['--', 'printf', 'a b\\n']],
      [['-v', '--', 'printf', 'a b\\n']],
      [['--json', '--', 'printf', 'more']],
      [['--stdin-filename', '/x/../y/z.sql', '-vv', '--', 'printf', 'select']],
      [['--tag', 'sql', '--stdin-filename', 'z', '--', 'sh', '-c', 'echo told >&2; echo data']],
      [['--', 'sh', '-c', 'echo data; exit 3'], 1],
      [['--json', '--', 'sh', '-c', 'echo data; exit 3'], 1],
      [['--skip-if-unchanged', '-n', '--', 'printf', 'a']],
      [['--', 'true'], 3],
      [['--json', '-v', '--stdin-filename', 'a/b', '--', 'true'], 3],
      [['--no-scan', '-v', '--', 'printf', 'a']],
    ])('%j', async (args, code = 0) => {
      // The time of the file is that of the snapshot.
      const time = ['--time', `2021-02-03 04:05:${String(10 + at++)}`];
      expect(await both(['--stdin-from-command', ...time, ...args])).toMatchObject({ code });
    });
  });
});
