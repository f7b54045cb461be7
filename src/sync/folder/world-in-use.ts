/**
 * Which worlds a running game holds. The game keeps `session.lock` in the world's folder locked while it plays (since
 * 1.16). Linux lists such locks by file in /proc/locks, those of this container at least; on Windows the lock makes
 * reading fail; macOS tells nobody, so that no world counts as in use there. Nothing is locked or changed here.
 */
import type { BigIntStats } from 'node:fs';
import { open, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { forEachLimit } from '../../base/concurrency.js';
import { errnoOf } from '../../base/errors.js';
import { toFsPath } from '../../base/raw-string.js';

export interface InUseOptions {
  /** Default: the real one; the others are for tests too. */
  readonly platform?: NodeJS.Platform;
  readonly readProcLocks?: () => Promise<string>;
  readonly readMounts?: () => Promise<string>;
  /** Reads from the file, and fails with the system's error where that cannot be done. */
  readonly tryRead?: (path: string) => Promise<void>;
}

const LOCK_FILE = 'session.lock';
const PARALLEL = 8;
/** With which Windows refuses to read what another program has locked. */
const HELD: ReadonlySet<string | undefined> = new Set(['EBUSY', 'EPERM', 'EACCES']);

/** Those of `worlds` ("saves/World") that are in use, in their order. What cannot be found out counts as not in use. */
export async function worldsInUse(
  packFolder: string,
  worlds: readonly string[],
  options: InUseOptions = {},
): Promise<string[]> {
  const platform = options.platform ?? process.platform;
  const files = worlds.map((world) => ({ world, path: join(packFolder, world, LOCK_FILE) }));
  let isHeld: (path: string) => Promise<boolean>;
  if (platform === 'win32') {
    const tryRead = options.tryRead ?? readOneByte;
    isHeld = (path) => isRefused(path, tryRead);
  } else if (platform === 'linux' || platform === 'android') {
    const locks = parseLocks(await (options.readProcLocks ?? readProcLocks)());
    if (locks.size === 0) return [];
    isHeld = (path) => isLocked(path, locks, options.readMounts ?? readMounts);
  } else return [];
  const held = new Set<string>();
  await forEachLimit(files, PARALLEL, async ({ world, path }) => {
    if (await isHeld(path)) held.add(world);
  });
  return worlds.filter((world) => held.has(world));
}

async function isRefused(path: string, tryRead: (path: string) => Promise<void>): Promise<boolean> {
  try {
    await tryRead(path);
    return false;
  } catch (error) {
    return HELD.has(errnoOf(error));
  }
}

async function readOneByte(path: string): Promise<void> {
  const handle = await open(toFsPath(path), 'r');
  try {
    await handle.read(new Uint8Array(1), 0, 1, 0);
  } finally {
    await handle.close();
  }
}

/**
 * Inode -> devices ("8:1") with a lock, of lines such as
 *   1: POSIX  ADVISORY  WRITE 4711 08:01:2531452 0 EOF
 * One with an arrow behind its number only waits for a lock.
 */
function parseLocks(text: string): Map<string, Set<string>> {
  const locks = new Map<string, Set<string>>();
  for (const line of text.split('\n')) {
    const found = /^\d+: (?:POSIX|OFDLCK|FLOCK) .* ([0-9a-f]+):([0-9a-f]+):(\d+) /.exec(line);
    if (found === null) continue;
    const [, major = '', minor = '', inode = ''] = found;
    const devices = locks.get(inode) ?? new Set();
    locks.set(inode, devices.add(`${Number.parseInt(major, 16)}:${Number.parseInt(minor, 16)}`));
  }
  return locks;
}

async function isLocked(
  path: string,
  locks: ReadonlyMap<string, ReadonlySet<string>>,
  mounts: () => Promise<string>,
): Promise<boolean> {
  const stats = await statOrNothing(path);
  const devices = stats && locks.get(String(stats.ino));
  if (stats === undefined || devices === undefined) return false;
  if (devices.has(deviceName(stats.dev))) return true;
  // btrfs gives files other device numbers than the one that the list has; the table of mounts knows that one.
  const mounted = mountOf(await realpath(toFsPath(path), 'utf8').catch(() => path), await mounts());
  return mounted !== undefined && devices.has(mounted);
}

async function statOrNothing(path: string): Promise<BigIntStats | undefined> {
  try {
    return await stat(toFsPath(path), { bigint: true });
  } catch {
    // No world of 1.16 or later, or one that cannot be looked at: the push or pull meets that error itself.
    return undefined;
  }
}

/** "major:minor", as glibc takes a dev_t apart. */
function deviceName(dev: bigint): string {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn & 0xffffffffn);
  return `${major}:${minor}`;
}

/** The device of the mount that holds a path: the last one with the longest mount point. */
function mountOf(path: string, mounts: string): string | undefined {
  let best = { point: '', device: undefined as string | undefined };
  for (const line of mounts.split('\n')) {
    const [, , device, , escaped] = line.split(' ');
    if (device === undefined || escaped === undefined) continue;
    const point = escaped.replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    const covers = path === point || path.startsWith(point === '/' ? '/' : `${point}/`);
    if (covers && point.length >= best.point.length) best = { point, device };
  }
  return best.device;
}

async function readProcLocks(): Promise<string> {
  return readFile('/proc/locks', 'latin1').catch(() => {
    // Without /proc (some containers) nothing is known.
    return '';
  });
}

async function readMounts(): Promise<string> {
  return readFile('/proc/self/mountinfo', 'utf8').catch(() => {
    // As above.
    return '';
  });
}
