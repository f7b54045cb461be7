/** The file operations of a repository in a folder: durable writing, reading in full, asking what is there. */
import type { FileHandle } from 'node:fs/promises';
import { link, lstat, open, readdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Bytes } from '../base/bytes.js';
import { errnoOf, isMissing, throwIfAborted } from '../base/errors.js';
import { makeFolders } from '../disk/make-folders.js';
import { ignoreIfUnsupported, syncFolder } from '../disk/sync-folder.js';
import type { ReadOptions } from './backend.js';

/** Permissions of what is made; the umask still applies, and files lose their write bits when they are complete. */
export interface Modes {
  readonly folder: number;
  readonly file: number;
}

export const PRIVATE: Modes = { folder: 0o700, file: 0o600 };
export const SHARED: Modes = { folder: 0o770, file: 0o660 };

export async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false, // asked only to choose between two errors
  );
}

export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Size of a regular file (also through a link), undefined for anything else or if it has just been removed. */
export async function fileSize(path: string): Promise<number | undefined> {
  try {
    const info = await stat(path);
    return info.isFile() ? info.size : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Exactly `length` bytes, in `into` where that is given, or undefined if the file ends before. */
export async function readFully(
  handle: FileHandle,
  offset: number,
  length: number,
  { signal, into }: ReadOptions,
): Promise<Bytes | undefined> {
  const data = into?.subarray(0, length) ?? new Uint8Array(length);
  for (let done = 0; done < length; ) {
    throwIfAborted(signal);
    const { bytesRead } = await handle.read(data, done, length - done, offset + done);
    if (bytesRead === 0) return undefined;
    done += bytesRead;
  }
  return data;
}

export async function writeTemporary(
  path: string,
  data: Bytes,
  modes: Modes,
  signal: AbortSignal | undefined,
): Promise<void> {
  const handle = await openNew(path, modes);
  try {
    await handle.writeFile(data, { signal });
    await handle.sync().catch(ignoreIfUnsupported);
    // As restic: read-only, so that nothing overwrites it by accident; not on Windows, where it could not be removed.
    if (process.platform !== 'win32') await handle.chmod(modes.file & 0o440).catch(ignoreIfUnsupported);
  } finally {
    await handle.close();
  }
}

async function openNew(path: string, modes: Modes): Promise<FileHandle> {
  try {
    return await open(path, 'wx', modes.file);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
  const folder = dirname(path);
  await makeFolders(folder, modes.folder);
  await syncFolder(dirname(folder));
  return open(path, 'wx', modes.file);
}

/** False where the file system has no hard links (FAT, some network shares). */
export async function linkExclusive(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') throw error;
    return false; // the rename that follows reports what is really wrong, if anything is
  }
}
