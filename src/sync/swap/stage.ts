/**
 * The staging area of a pull, on the file system of the game folder, and what is checked before anything is put there:
 *   .cloud-sync/staging/<id>/new/…
 * New files are complete, verified and durable here before the swap (swap.ts) moves them to their places.
 */
import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SyncError } from '../../base/errors.js';
import { toFsPath } from '../../base/raw-string.js';
import type { Instance } from '../folder/instance.js';
import type { Scope } from '../scope/scope.js';
import { type FsOps, nodeFs } from './fs-ops.js';
import { makeDirs } from './fs-retry.js';
import { checkGamePath, checkWayTo } from './game-path.js';
import { deviceOf } from './swap-check.js';

export {
  applySwap,
  type RecoveredSwap,
  recoverSwap,
  recoverSwapWithDetails,
  type SwapOptions,
  type SwapResult,
} from './swap.js';
export type { SwapPlan } from './swap-check.js';

export interface Staging {
  readonly id: string;
  /** Absolute: `.cloud-sync/staging/<id>/new`, empty. */
  readonly folder: string;
  /** For a pull that ends without a swap. The swap removes its stage itself. */
  remove(): Promise<void>;
}

/** The instance lock must be held. Throws 'unsafe-path' if `.cloud-sync` is a link. */
export async function makeStaging(instance: Instance, fs: FsOps = nodeFs): Promise<Staging> {
  const { cloudFolder } = instance;
  await deviceOf(fs, cloudFolder);
  const id = randomBytes(6).toString('hex');
  const whole = join(cloudFolder, 'staging', id);
  const folder = join(whole, 'new');
  await makeDirs(fs, folder, cloudFolder);
  return { id, folder, remove: () => fs.removeTree(whole) };
}

/**
 * Checks before a download that files could be put at these paths: safe names, no link on the way ('unsafe-path'),
 * no folder on another disk ('io' with errno EXDEV). Looks at folders only, not at the files themselves. `leaving`:
 * files and links that will be removed first, so that a folder can take their place.
 */
export async function checkTargets(
  instance: Instance,
  paths: Iterable<string>,
  leaving: Iterable<string> = [],
  fs: FsOps = nodeFs,
): Promise<void> {
  const all = [...paths];
  for (const path of all) checkGamePath(path, fs.platform);
  await checkWayTo(fs, instance.packFolder, all, await deviceOf(fs, instance.cloudFolder), new Set(leaving));
}

/**
 * Throws 'unsafe-path' if a folder at the top of the game folder that the scope covers (saves, config) is a link to
 * another folder, or a link to nothing: players share such folders between instances, and following would synchronise
 * one folder twice, while storing the link would look like the loss of all that is behind it.
 */
export async function checkScopeRoots(instance: Instance, scope: Scope, fs: FsOps = nodeFs): Promise<void> {
  for (const name of await fs.readdir(instance.packFolder)) {
    if (!scope.mayContain(name)) continue;
    const path = join(instance.packFolder, name);
    if ((await fs.lstat(path))?.type !== 'symlink' || (await leadsToFile(path))) continue;
    const todo = `replace the link by the folder, or add ${JSON.stringify(name)} to "exclude" in .cloud-sync/scope.json`;
    throw new SyncError('unsafe-path', `${path} is a link, which is not synchronised; ${todo}`, {
      details: { path: name },
    });
  }
}

/** Throws 'no-space' unless `bytes` and 5 % more are free. Some file systems tell no number (0): then nothing is known. */
export async function checkFreeSpace(instance: Instance, bytes: number, fs: FsOps = nodeFs): Promise<void> {
  const needed = Math.ceil(bytes * 1.05);
  const free = await fs.freeSpace(instance.cloudFolder);
  if (free === 0 || free >= needed) return;
  const message = `the disk of ${instance.packFolder} has ${free} bytes free, ${needed} are needed; make room first`;
  throw new SyncError('no-space', message, { details: { free, needed } });
}

async function leadsToFile(path: string): Promise<boolean> {
  try {
    return !(await stat(toFsPath(path))).isDirectory();
  } catch {
    // It leads to nothing, or nowhere that can be looked at.
    return false;
  }
}
