/** A file of somebody else's is replaced as a whole, after a copy of it was put beside it. */
import { randomBytes } from 'node:crypto';
import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Bytes } from '../base/bytes.js';
import { errnoOf, ioError, SyncError } from '../base/errors.js';
import { whileBusy } from '../disk/busy.js';
import { syncFolder } from '../disk/sync-folder.js';

/**
 * Durable when it returns the path of the copy. A link is followed, the mode is kept. Throws 'in-use' if the file is no
 * longer as it was read.
 */
export async function replaceFile(path: string, before: Bytes, after: Bytes): Promise<string> {
  try {
    const target = await realpath(path);
    const { mode } = await stat(target);
    const backup = await writeBackup(target, before, mode);
    const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.tmp`);
    try {
      await createFile(temporary, after, mode);
      // As late as possible: what another program wrote meanwhile must not be lost.
      if (!(await readFile(target)).equals(before)) {
        throw new SyncError(
          'in-use',
          `${path} was changed by another program meanwhile; close the launcher, try again`,
        );
      }
      await whileBusy(() => rename(temporary, target));
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {
        // The first error is the one to tell.
      });
      await rm(backup, { force: true }).catch(() => {
        // A copy too many harms nobody.
      });
      throw error;
    }
    await syncFolder(dirname(target));
    return backup;
  } catch (error) {
    throw ioError(error, 'cannot write', path);
  }
}

async function writeBackup(path: string, bytes: Bytes, mode: number): Promise<string> {
  const stem = `${path}.before-instance-sync`;
  for (let n = 1; ; n++) {
    const backup = n === 1 ? stem : `${stem}-${n}`;
    try {
      await createFile(backup, bytes, mode);
      return backup;
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST' || n === 1000) throw error;
    }
  }
}

async function createFile(path: string, bytes: Bytes, mode: number): Promise<void> {
  const handle = await open(path, 'wx', mode);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
