/** A small file of ours is replaced as a whole: temporary name, write, fsync, rename, fsync of the folder. */
import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import type { Bytes } from '../../base/bytes.js';
import { utf8 } from '../../base/bytes.js';
import { ioError } from '../../base/errors.js';
import type { FsOps } from './fs-ops.js';
import { renameWithRetry, rmWithRetry } from './fs-retry.js';

/** How a temporary file looks; one that a crash left behind is swept by name. */
export const TEMPORARY: RegExp = /^\..+\.[0-9a-f]{12}\.tmp$/;

/** The file has `mode` from its first byte on, so a secret is never readable for a moment. */
export async function writeFileAtomic(fs: FsOps, path: string, data: Bytes | string, mode = 0o644): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    await fs.createFile(temporary, typeof data === 'string' ? utf8(data) : data, mode);
    await renameWithRetry(fs, temporary, path);
    await fs.syncDir(dirname(path));
  } catch (error) {
    await rmWithRetry(fs, temporary).catch(() => {
      // The first error is the one to tell; a left-over temporary file is swept later.
    });
    throw ioError(error, 'cannot write', path);
  }
}
