/**
 * From a path that a repository or a plan names to a place in the game folder, with no way out: every name is checked,
 * and no link is followed on the way, whoever made it.
 */
import { join } from 'node:path';
import { SyncError } from '../../base/errors.js';
import { isNeverInScope } from '../scope/scope-rules.js';
import type { FsOps } from './fs-ops.js';
import { checkPortableName } from './windows-names.js';

/** Throws 'unsafe-path' if a relative path with '/' is not one below the game folder, or leads into `.cloud-sync`. */
export function checkGamePath(path: string, platform: NodeJS.Platform): void {
  const wrong = whatIsWrong(path, platform) ?? (isNeverInScope(path) ? 'is never synchronised' : undefined);
  if (wrong !== undefined) throw unsafe(path, wrong);
}

/** The place on this computer. Checks the path first. */
export function placeOf(packFolder: string, path: string, platform: NodeJS.Platform): string {
  checkGamePath(path, platform);
  return join(packFolder, ...path.split('/'));
}

/** As placeOf, for a place in a folder of ours, where no name is out of bounds. */
export function placeInside(folder: string, path: string, platform: NodeJS.Platform): string {
  const wrong = whatIsWrong(path, platform);
  if (wrong !== undefined) throw unsafe(path, wrong);
  return join(folder, ...path.split('/'));
}

/** The folders above a path, outermost first: 'a/b/c' gives 'a', 'a/b'. */
export function foldersAbove(path: string): string[] {
  const folders: string[] = [];
  for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) folders.push(path.slice(0, end));
  return folders;
}

/**
 * Checks that everything that exists on the way to these paths is a folder of the game folder's own file system.
 * A link throws 'unsafe-path' (following one could synchronise a folder twice, or write outside); a mount throws 'io'
 * with errno EXDEV, because files could not be swapped by renaming. Folders that are missing, or are files in the
 * set `leaving` (which a plan removes), end the way. `dev`: the file system of `.cloud-sync`. Returns the folders on
 * the way that exist.
 */
export async function checkWayTo(
  fs: FsOps,
  packFolder: string,
  paths: Iterable<string>,
  dev: bigint,
  leaving: ReadonlySet<string> = new Set(),
): Promise<ReadonlySet<string>> {
  const existing = new Set<string>();
  const missing = new Set<string>();
  for (const path of paths) {
    for (const folder of foldersAbove(path)) {
      if (existing.has(folder)) continue;
      if (missing.has(folder)) break;
      const found = await checkFolder(fs, packFolder, folder, dev, leaving);
      (found ? existing : missing).add(folder);
    }
  }
  return existing;
}

async function checkFolder(
  fs: FsOps,
  packFolder: string,
  folder: string,
  dev: bigint,
  leaving: ReadonlySet<string>,
): Promise<boolean> {
  const place = placeOf(packFolder, folder, fs.platform);
  const entry = await fs.lstat(place);
  if (entry === undefined || (entry.type !== 'dir' && leaving.has(folder))) return false;
  if (entry.type === 'symlink') {
    throw unsafe(folder, 'is a link to another folder, which is never followed; put the real folder there');
  }
  if (entry.type !== 'dir') throw unsafe(folder, 'is not a folder');
  if (entry.dev === dev) return true;
  const message = `${place} lies on another disk than the game folder, so files in it cannot be swapped safely`;
  throw new SyncError('io', `${message}; move it into the game folder`, { details: { errno: 'EXDEV', path: folder } });
}

function whatIsWrong(path: string, platform: NodeJS.Platform): string | undefined {
  if (path === '' || path.startsWith('/')) return 'is not relative to the game folder';
  if (path.includes('\0')) return 'has a zero byte';
  for (const name of path.split('/')) {
    if (name === '' || name === '.' || name === '..') return `has the name "${name}"`;
    const unportable = platform === 'win32' ? checkPortableName(name) : undefined;
    if (unportable !== undefined) return `${unportable}, which Windows does not allow`;
  }
  return undefined;
}

function unsafe(path: string, wrong: string): SyncError {
  return new SyncError('unsafe-path', `${JSON.stringify(path)} ${wrong}`, { details: { path } });
}
