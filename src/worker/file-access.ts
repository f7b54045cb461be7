/**
 * How a task reaches files. On the main thread each call goes through the system's thread pool, so that nothing else
 * waits; a worker blocks in it: it has nothing else to do, and a small file is several such calls.
 */
import type { BigIntStats } from 'node:fs';
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { lstat, open } from 'node:fs/promises';
import type { Bytes } from '../base/bytes.js';
import { errnoOf, isMissing } from '../base/errors.js';
import { toFsPath } from '../base/raw-string.js';
import type { FileStats } from './file-task.js';

export interface OpenedFile {
  readonly stats: FileStats;
  readonly isFile: boolean;
  /** Returns how many bytes came; 0 at the end. */
  read(buffer: Bytes, position: number): number | Promise<number>;
  close(): void | Promise<void>;
}

/** Throws what the system throws. */
export interface FileAccess {
  /** What stands at the path, a link itself and not where it leads; undefined if nothing does. */
  look(path: string): FileStats | undefined | Promise<FileStats | undefined>;
  open(path: string): OpenedFile | Promise<OpenedFile>;
}

/** Whoever put a link or a pipe in the place of a file after the scan gets neither followed nor waited for. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
/** Reading leaves no trace in the time of last access, where the system lets us (root and owners on Linux). */
const NO_TRACE = constants.O_NOATIME ?? 0;

export const asyncAccess: FileAccess = {
  look: (path) =>
    lstat(toFsPath(path), { bigint: true }).then(statsAlone, (error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    }),
  open: async (path) => {
    const name = toFsPath(path);
    const file: FileHandle = await open(name, FLAGS | NO_TRACE).catch((error: unknown) => {
      if (isForOthers(error)) return open(name, FLAGS);
      throw error;
    });
    try {
      return {
        ...statsOf(await file.stat({ bigint: true })),
        read: async (buffer, position) => (await file.read(buffer, 0, buffer.length, position)).bytesRead,
        close: () => file.close(),
      };
    } catch (error) {
      await file.close();
      throw error;
    }
  },
};

/** For threads that have nothing else to do. */
export const blockingAccess: FileAccess = {
  look: (path) => {
    const stats = lstatSync(toFsPath(path), { bigint: true, throwIfNoEntry: false });
    return stats && statsAlone(stats);
  },
  open: (path) => {
    const file = openBlocking(toFsPath(path));
    try {
      return {
        ...statsOf(fstatSync(file, { bigint: true })),
        read: (buffer, position) => readSync(file, buffer, 0, buffer.length, position),
        close: () => closeSync(file),
      };
    } catch (error) {
      closeSync(file);
      throw error;
    }
  },
};

function openBlocking(name: string | Buffer): number {
  try {
    return openSync(name, FLAGS | NO_TRACE);
  } catch (error) {
    if (isForOthers(error)) return openSync(name, FLAGS);
    throw error;
  }
}

/** Only the owner and root may read without a trace. */
function isForOthers(error: unknown): boolean {
  return NO_TRACE !== 0 && errnoOf(error) === 'EPERM';
}

function statsOf(stats: BigIntStats): Pick<OpenedFile, 'stats' | 'isFile'> {
  return { stats: statsAlone(stats), isFile: stats.isFile() };
}

function statsAlone(stats: BigIntStats): FileStats {
  const { mode, uid, gid, ino, dev, rdev, nlink, size, mtimeNs, atimeNs, ctimeNs } = stats;
  return { mode, uid, gid, ino, dev, rdev, nlink, size, mtimeNs, atimeNs, ctimeNs };
}
