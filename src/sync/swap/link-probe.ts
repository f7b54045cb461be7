/**
 * Whether this user can make symlinks here. Windows asks for a right that few users have (developer mode gives it),
 * and a layer between may say yes and make none: only trying tells.
 */
import { randomBytes } from 'node:crypto';
import { lstat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Instance } from '../folder/instance.js';
import { nodeFs } from './fs-ops.js';
import { makeDirs, rmWithRetry } from './fs-retry.js';

/** Leaves nothing behind; after a crash, what the next command sweeps. */
export async function canMakeLinks(instance: Instance): Promise<boolean> {
  const folder = join(instance.cloudFolder, 'staging');
  await makeDirs(nodeFs, folder, instance.cloudFolder);
  const path = join(folder, `link-${randomBytes(6).toString('hex')}`);
  try {
    await symlink('nowhere', path);
    return (await lstat(path)).isSymbolicLink();
  } catch {
    // Refused (EPERM), not known here (ENOSYS, ENOTSUP), or silently not made (ENOENT): no, whatever the reason.
    return false;
  } finally {
    await rmWithRetry(nodeFs, path);
  }
}
