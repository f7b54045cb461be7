/**
 * The last step of an upload: a finished part gets its name, once. A hard link is the one call that makes a name and
 * fails if it is taken, on NTFS too. Where there are no hard links (FAT, some network shares) names are given one at a
 * time in this process; a second process could then at worst replace a file by one of the same hash, so of the same bytes.
 */
import { constants } from 'node:fs';
import { copyFile, link, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Semaphore } from '../base/concurrency.js';
import { errnoOf, SyncError } from '../base/errors.js';
import { whileBusy } from '../disk/busy.js';
import { syncFolder } from '../disk/sync-folder.js';

/** Failures of link() that are about the disk or the name, and not about links. */
const NOT_ABOUT_LINKS: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ENOSPC', 'EDQUOT', 'EIO', 'EROFS']);

const oneAtATime = new Semaphore(1);

export interface PublishCalls {
  readonly link: (from: string, to: string) => Promise<void>;
}

/**
 * Gives the finished file `part` the name `path`, durably. Throws 'exists' if the name is taken. `named` says that the
 * name is the hash of the bytes. `part` may still be there afterwards; the caller removes it.
 */
export async function publish(
  part: string,
  path: string,
  named: boolean,
  calls: PublishCalls = { link },
): Promise<void> {
  try {
    await calls.link(part, path);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'EEXIST') throw taken(path, error);
    if (NOT_ABOUT_LINKS.has(errno)) throw error;
    await oneAtATime.run(() => publishWithoutLinks(part, path, named));
  }
  await syncFolder(dirname(path));
}

async function publishWithoutLinks(part: string, path: string, named: boolean): Promise<void> {
  if (named) {
    if (await exists(path)) throw taken(path, undefined);
    await whileBusy(() => rename(part, path));
    return;
  }
  try {
    await copyFile(part, path, constants.COPYFILE_EXCL);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') throw taken(path, error);
    await rm(path, { force: true });
    throw error;
  }
  await syncFile(path);
}

async function syncFile(path: string, flags = 'r+'): Promise<void> {
  const handle = await open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function taken(path: string, cause: unknown): SyncError {
  return new SyncError('exists', `${path} is there already`, { cause });
}
