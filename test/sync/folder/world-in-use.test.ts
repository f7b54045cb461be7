import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { bundleProgram } from '../../../scripts/bundle.mjs';
import { worldsInUse } from '../../../src/sync/folder/world-in-use.js';
import { describeMissing } from '../../helpers/peers.js';
import { tempFolder } from '../../helpers/temp.js';
import { describeWindows, runWindowsNode, windowsPath } from '../../helpers/wine.js';

const game = tempFolder();
const WORLDS = ['saves/A', 'saves/B', 'saves/old'];
for (const world of WORLDS) mkdirSync(join(game, world), { recursive: true });
for (const world of ['saves/A', 'saves/B']) writeFileSync(join(game, world, 'session.lock'), '☃');

const stats = statSync(join(game, 'saves/A/session.lock'), { bigint: true });

/** Each waits for its standard input to end, with the lock that Java takes: a POSIX one for writing, on all of the file. */
const LOCKERS: readonly (readonly [string, (file: string) => string[]])[] = [
  [
    'python3',
    (file) => [
      '-c',
      'import fcntl,sys\nf=open(sys.argv[1],"r+b")\nfcntl.lockf(f,fcntl.LOCK_EX)\nprint("held",flush=True)\nsys.stdin.read()',
      file,
    ],
  ],
  [
    'perl',
    (file) => [
      '-e',
      'use Fcntl; open(F,"+<",$ARGV[0]); my $l=pack("ss x4 qqi",F_WRLCK,0,0,0,0); fcntl(F,F_SETLK,$l) or die $!; $|=1; print "held\n"; <STDIN>',
      file,
    ],
  ],
];
const locker = LOCKERS.find(([program]) => spawnSync(program, ['--version']).status === 0);
const children: ChildProcess[] = [];

afterAll(() => {
  for (const child of children) child.stdin?.end();
});

function describeLocks(title: string, body: (lock: (file: string) => Promise<ChildProcess>) => void): void {
  if (process.platform !== 'linux') describeMissing(title, 'Linux alone has /proc/locks');
  else if (locker === undefined) describeMissing(title, 'neither python3 nor perl is there to lock a file');
  else {
    const [program, args] = locker;
    const lock = async (file: string): Promise<ChildProcess> => {
      const child = spawn(program, args(file), { stdio: ['pipe', 'pipe', 'inherit'] });
      children.push(child);
      await once(child.stdout, 'data');
      return child;
    };
    describe(title, () => body(lock));
  }
}

describeLocks('a real lock on Linux', (lock) => {
  test('is seen while it is held', async () => {
    expect(await worldsInUse(game, WORLDS)).toEqual([]);
    const child = await lock(join(game, 'saves/B/session.lock'));
    expect(await worldsInUse(game, WORLDS)).toEqual(['saves/B']);
    expect(await worldsInUse(game, ['saves/A'])).toEqual([]);
    child.stdin?.end();
    await once(child, 'exit');
    expect(await worldsInUse(game, WORLDS)).toEqual([]);
  });
});

describe('the list of locks on Linux', () => {
  const hex = (value: bigint): string => value.toString(16).padStart(2, '0');
  const major = stats.dev >> 8n;
  const minor = stats.dev & 0xffn;
  const line = (device: string, rest: { kind?: string; inode?: bigint } = {}): string =>
    `1: ${rest.kind ?? 'POSIX  ADVISORY  WRITE 4711'} ${device}:${rest.inode ?? stats.ino} 0 EOF\n`;
  const here = `${hex(major)}:${hex(minor)}`;
  const using = (locks: string, mounts = ''): Promise<string[]> =>
    worldsInUse(game, WORLDS, { platform: 'linux', readProcLocks: async () => locks, readMounts: async () => mounts });

  test('every kind counts, whoever only waits does not', async () => {
    for (const kind of ['POSIX  ADVISORY  WRITE 1', 'OFDLCK ADVISORY  READ  -1', 'FLOCK  ADVISORY  WRITE 99']) {
      expect(await using(line(here, { kind })), kind).toEqual(['saves/A']);
    }
    expect(await using(line(here, { kind: '-> POSIX  ADVISORY  WRITE 1' }))).toEqual([]);
    expect(await using(line(here, { kind: 'LEASE  ACTIVE    READ 1' }))).toEqual([]);
  });

  test('another file, or the same number on another disk, does not', async () => {
    expect(await using(line(here, { inode: 1n }))).toEqual([]);
    expect(await using(line('fe:1f'))).toEqual([]);
    expect(await using('')).toEqual([]);
    expect(await using('what is this\n\u0000')).toEqual([]);
  });

  test('a disk whose files have other numbers than the list (btrfs) is known by its mount', async () => {
    const mount = (device: string, point: string): string =>
      `36 35 ${device} / ${point} rw,noatime - btrfs /dev/x rw\n`;
    const escaped = game.replaceAll(' ', '\\040');
    const locks = line('00:2a');
    expect(await using(locks, mount('0:42', '/') + mount('0:42', escaped))).toEqual(['saves/A']);
    expect(await using(locks, mount('0:42', '/'))).toEqual(['saves/A']);
    expect(await using(locks, mount('0:42', '/') + mount('0:43', escaped))).toEqual([]);
    expect(await using(locks, mount('0:43', escaped) + mount('0:42', escaped))).toEqual(['saves/A']);
    expect(await using(locks, mount('0:42', `${escaped}x`))).toEqual([]);
  });
});

describe('on Windows', () => {
  const using = (errno: string | undefined): Promise<string[]> =>
    worldsInUse(game, WORLDS, {
      platform: 'win32',
      tryRead: async (path) => {
        if (errno !== undefined && path.includes(join('saves', 'B')))
          throw Object.assign(new Error(errno), { code: errno });
        readFileSync(path);
      },
    });

  test.each(['EBUSY', 'EPERM', 'EACCES'])('%s means in use', async (errno) => {
    expect(await using(errno)).toEqual(['saves/B']);
  });

  test('no lock file, or one that can be read, is free', async () => {
    expect(await using(undefined)).toEqual([]);
    expect(await using('EIO')).toEqual([]);
  });
});

test('macOS tells nothing', async () => {
  expect(await worldsInUse(game, WORLDS, { platform: 'darwin' })).toEqual([]);
});

describeWindows('a file that nobody else may open', () => {
  test('is in use', async () => {
    const folder = tempFolder();
    const program = join(folder, 'in-use.mjs');
    const entry = join(import.meta.dirname, '../../helpers/windows-in-use.ts');
    await bundleProgram({ name: 'in-use', entry, outfile: program });
    const { code, output } = await runWindowsNode(
      [program, game, ...WORLDS].map((one, i) => (i < 2 ? windowsPath(one) : one)),
    );
    expect({ code, output: output.trim() }).toEqual({ code: 0, output: '[] ["saves/B"] []' });
  });
});
