/** Making a rename or a new file durable: fsync of the folder that holds its name, where the system has that. */
import { open } from 'node:fs/promises';
import { errnoOf } from '../base/errors.js';

const UNSUPPORTED: ReadonlySet<string | undefined> = new Set([
  'EPERM',
  'EACCES',
  'EISDIR',
  'EINVAL',
  'ENOTSUP',
  'ENOSYS',
]);

/**
 * For `.catch`: drops the error of an fsync or chmod which the file system does not have. Windows answers EPERM (or
 * EISDIR) when a directory is opened or synced, network shares EINVAL or ENOTSUP; there is nothing else to call, and
 * NTFS journals the rename itself.
 */
export function ignoreIfUnsupported(error: unknown): void {
  if (!UNSUPPORTED.has(errnoOf(error))) throw error;
}

export async function syncFolder(path: string | Buffer): Promise<void> {
  try {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    ignoreIfUnsupported(error);
  }
}
