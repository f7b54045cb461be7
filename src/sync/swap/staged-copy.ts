/**
 * Copies from the trash into staging: the same bytes, time and mode, durable, and checked to be what was planned. The
 * trash keeps its file, so that a crash half way loses nothing.
 */
import { type FileHandle, mkdir, open, readlink, stat, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { toMs } from '../../archive/scan.js';
import { ioError, SyncError, throwIfAborted } from '../../base/errors.js';
import { toFsPath } from '../../base/raw-string.js';
import type { Entry } from './fs-ops.js';

/** Memory of one copy. */
const PIECE = 1024 * 1024;

export interface CopiedFile {
  /** In the game folder. */
  readonly path: string;
  /** Absolute. */
  readonly from: string;
  readonly old: Entry;
}

/** Makes the folder that a staged file will lie in. */
export async function makeFolder(staged: string): Promise<void> {
  try {
    await mkdir(dirname(staged), { recursive: true });
  } catch (error) {
    throw ioError(error, 'cannot make the folder', dirname(staged));
  }
}

/** `to`: absolute, must not exist. Throws 'damaged' if the file is not what `old` says. */
export async function copyStaged(
  file: CopiedFile,
  to: string,
  packFolder: string,
  signal?: AbortSignal,
): Promise<void> {
  try {
    if (file.old.type === 'symlink') await copyLink(file, to, packFolder);
    else await copyFile(file, to, signal);
  } catch (error) {
    throw ioError(error, 'cannot bring back', file.path);
  }
}

async function copyFile({ path, from, old }: CopiedFile, to: string, signal: AbortSignal | undefined): Promise<void> {
  const source = await open(toFsPath(from), 'r');
  try {
    const target = await open(to, 'wx', 0o600);
    try {
      const copied = await pump(source, target, old.size, signal);
      const { mtimeNs } = await source.stat({ bigint: true });
      if (copied !== old.size || mtimeNs !== old.mtimeNs) {
        throw new SyncError('damaged', `${path} changed in the trash while it was copied; run the command again`);
      }
      const seconds = toMs(old.mtimeNs) / 1000;
      await target.utimes(seconds, seconds);
      if (process.platform !== 'win32') await target.chmod(old.mode & 0o777);
      await target.sync();
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/** Returns how many bytes there were; `size` is what is expected. */
async function pump(
  source: FileHandle,
  target: FileHandle,
  size: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const buffer = new Uint8Array(Math.max(1, Math.min(PIECE, size)));
  for (let done = 0; ; ) {
    throwIfAborted(signal);
    const { bytesRead } = await source.read(buffer, 0, buffer.length, done);
    if (bytesRead === 0) return done;
    for (let written = 0; written < bytesRead; ) {
      written += (await target.write(buffer, written, bytesRead - written, done + written)).bytesWritten;
    }
    done += bytesRead;
  }
}

/** Windows has links to files and links to folders, and must be told which; elsewhere that is passed over. */
async function copyLink({ path, from }: CopiedFile, to: string, packFolder: string): Promise<void> {
  const target = await readlink(toFsPath(from), { encoding: 'buffer' });
  const isFolder =
    process.platform === 'win32' && (await isFolderAt(join(packFolder, dirname(path), target.toString())));
  await symlink(target, to, isFolder ? 'dir' : 'file');
}

async function isFolderAt(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // It leads to nothing, or nowhere that can be looked at: as good as a file.
    return false;
  }
}
