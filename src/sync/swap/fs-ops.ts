/**
 * The few file-system calls that change a player's folder, behind one small object: what a swap does between two
 * calls can then be cut off at each of them in a test, and platforms can be played. Paths are absolute, in the
 * platform's form; a name with bytes that are not UTF-8 is a raw string (base/raw-string.ts).
 */
import { type BigIntStats, lstatSync } from 'node:fs';
import * as fsp from 'node:fs/promises';
import { type FileStamp, stampOf } from '../../archive/scan.js';
import type { Bytes } from '../../base/bytes.js';
import { isMissing } from '../../base/errors.js';
import { rawFromBytes, toFsPath } from '../../base/raw-string.js';
import { sleep } from '../../base/sleep.js';
import { syncFolder } from '../../disk/sync-folder.js';

export interface Entry extends FileStamp {
  readonly type: 'file' | 'dir' | 'symlink' | 'other';
  readonly mode: number;
  /** Number of the file system: a rename works only within one. */
  readonly dev: bigint;
}

export interface FsOps {
  readonly platform: NodeJS.Platform;
  /** Never follows a link. Undefined if nothing is there, also when a parent is missing or is a file. */
  lstat(path: string): Promise<Entry | undefined>;
  /** Names, in no order; empty if the folder is missing. */
  readdir(path: string): Promise<string[]>;
  /** The whole file, or undefined if it is missing. */
  readFile(path: string): Promise<Bytes | undefined>;
  /** Makes a file that must not exist yet, with its final mode from the start, and makes its bytes durable. */
  createFile(path: string, data: Bytes, mode: number): Promise<void>;
  /** One level; the parent must exist. */
  mkdir(path: string): Promise<void>;
  rmdir(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  chmod(path: string, mode: number): Promise<void>;
  /** Removes a folder of ours with all that is in it; never follows links. */
  removeTree(path: string): Promise<void>;
  /** Makes the names in a folder durable where the platform can (not on Windows). */
  syncDir(path: string): Promise<void>;
  /** Bytes that this user may still write. */
  freeSpace(path: string): Promise<number>;
  sleep(ms: number): Promise<void>;
}

/** Whether it is the same content under another name: a rename keeps size and mtime, and nothing else for certain. */
export function sameContent(a: FileStamp, b: FileStamp): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs;
}

/** The stamp alone. */
export function stampFrom({ size, mtimeNs, ctimeNs, inode }: FileStamp): FileStamp {
  return { size, mtimeNs, ctimeNs, inode };
}

/** The real file system. */
export const nodeFs: FsOps = {
  platform: process.platform,
  // Directly: a swap looks at each file three times, shortly after it was written. Through the thread pool that took
  // 0.3 s for 3,400 files where this takes 0.06 (node 24).
  lstat: (path) => missingIsUndefined(async () => lookAt(toFsPath(path))),
  readFile: (path) => missingIsUndefined(() => fsp.readFile(toFsPath(path))),
  readdir: async (path) => (await missingIsUndefined(() => readNames(path))) ?? [],
  createFile: createDurable,
  mkdir: async (path) => {
    await fsp.mkdir(toFsPath(path));
  },
  rmdir: (path) => fsp.rmdir(toFsPath(path)),
  rename: (from, to) => fsp.rename(toFsPath(from), toFsPath(to)),
  unlink: (path) => fsp.unlink(toFsPath(path)),
  chmod: (path, mode) => fsp.chmod(toFsPath(path), mode),
  removeTree: (path) =>
    fsp.rm(toFsPath(path), { recursive: true, force: true, maxRetries: process.platform === 'win32' ? 6 : 0 }),
  syncDir: (path) => syncFolder(toFsPath(path)),
  freeSpace: async (path) => {
    const { bavail, bsize } = await fsp.statfs(toFsPath(path));
    return bavail * bsize;
  },
  sleep,
};

function lookAt(name: string | Buffer): Entry | undefined {
  const stats = lstatSync(name, { bigint: true, throwIfNoEntry: false });
  return stats && toEntry(stats);
}

function toEntry(stats: BigIntStats): Entry {
  const type = stats.isFile() ? 'file' : stats.isDirectory() ? 'dir' : stats.isSymbolicLink() ? 'symlink' : 'other';
  return { type, ...stampOf(stats), mode: Number(stats.mode), dev: stats.dev };
}

async function missingIsUndefined<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function readNames(path: string): Promise<string[]> {
  if (process.platform === 'win32') return await fsp.readdir(path);
  return (await fsp.readdir(toFsPath(path), { encoding: 'buffer' })).map(rawFromBytes);
}

async function createDurable(path: string, data: Bytes, mode: number): Promise<void> {
  const handle = await fsp.open(toFsPath(path), 'wx', mode);
  try {
    await handle.writeFile(data);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
