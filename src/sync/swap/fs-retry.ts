/** Moving, removing and making, with patience for those who hold a file for a moment (disk/busy.ts). */
import { dirname } from 'node:path';
import { errnoOf, ioError, SyncError } from '../../base/errors.js';
import { isBusy, whileBusy } from '../../disk/busy.js';
import type { FsOps } from './fs-ops.js';

export async function renameWithRetry(fs: FsOps, from: string, to: string): Promise<void> {
  await withRetry(fs, `cannot move to ${to}:`, from, () => fs.rename(from, to));
}

/** Removes one file or link; succeeds when it is gone already. A read-only mark on Windows is taken off. */
export async function rmWithRetry(fs: FsOps, path: string): Promise<void> {
  await withRetry(fs, 'cannot remove', path, async () => {
    try {
      await fs.unlink(path);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'ENOENT') return;
      if (fs.platform === 'win32' && errno === 'EPERM') await fs.chmod(path, 0o666);
      throw error;
    }
  });
}

/** Makes a folder and its missing parents, at most up to `root`, which must exist. */
export async function makeDirs(fs: FsOps, path: string, root: string): Promise<void> {
  if (path === root) return;
  const entry = await fs.lstat(path);
  if (entry?.type === 'dir') return;
  await makeDirs(fs, dirname(path), root);
  try {
    await fs.mkdir(path);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw ioError(error, 'cannot make the folder', path);
    if ((await fs.lstat(path))?.type !== 'dir') throw ioError(error, 'cannot make the folder', path);
  }
}

async function withRetry(fs: FsOps, what: string, path: string, work: () => Promise<void>): Promise<void> {
  try {
    await whileBusy(work, { platform: fs.platform, sleep: (ms) => fs.sleep(ms) });
  } catch (error) {
    throw isBusy(errnoOf(error), fs.platform) ? heldError(error, what, path) : ioError(error, what, path);
  }
}

function heldError(cause: unknown, what: string, path: string): SyncError {
  const message = `${what} ${path}: another program holds it (${errnoOf(cause)}); close the game and try again`;
  return new SyncError('in-use', message, { cause, retryable: true, details: { errno: errnoOf(cause), path } });
}
