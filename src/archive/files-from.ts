/**
 * Lists of what to back up, as `--files-from` and its kin read them: patterns that are put against the disk, paths one
 * on a line, or paths that each end with a zero byte.
 */
import { lstat, readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Bytes } from '../base/bytes.js';
import { compareBytes } from '../base/bytes.js';
import { isSyncError, SyncError } from '../base/errors.js';
import { rawFromBytes, rawToBytes, toFsPath } from '../base/raw-string.js';
import { compileName } from '../pattern/name-pattern.js';

/** Throws 'usage' for an empty path, and where the last zero byte is missing: the list may be cut. */
export function pathsOfRawList(bytes: Bytes, flag: string): string[] {
  if (bytes.length === 0) return [];
  if (bytes.at(-1) !== 0) throw new SyncError('usage', `--${flag}: trailing zero byte missing`);
  const paths: string[] = [];
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(0, from);
    if (end === from) throw new SyncError('usage', `--${flag}: empty filename in listing`);
    paths.push(rawFromBytes(bytes.subarray(from, end)));
    from = end + 1;
  }
  return paths;
}

/**
 * What the pattern fits, in order of the names' bytes; relative patterns count from `cwd` and give relative paths.
 * Folders that cannot be read count as empty. Rules as in Go's filepath.Glob. Throws 'usage' for a bad pattern.
 */
export async function globPaths(pattern: string, cwd: string): Promise<string[]> {
  try {
    // One part that is not well-formed makes the whole so, whatever is on the disk.
    compileName(pattern);
    return await glob(pattern, cwd);
  } catch (error) {
    if (!isSyncError(error, 'usage')) throw error;
    throw new SyncError('usage', `pattern: ${pattern}: syntax error in pattern`, { cause: error });
  }
}

async function glob(pattern: string, cwd: string): Promise<string[]> {
  if (!hasMeta(pattern)) return (await exists(resolve(cwd, pattern))) ? [pattern] : [];
  const { folder, name } = splitLast(pattern);
  if (folder === pattern) throw new SyncError('usage', 'a pattern that does not end');
  const matches = compileName(name);
  const found: string[] = [];
  for (const inside of hasMeta(folder) ? await glob(folder, cwd) : [folder]) {
    for (const child of await namesIn(resolve(cwd, inside))) if (matches(child)) found.push(join(inside, child));
  }
  return found;
}

function hasMeta(text: string): boolean {
  return (process.platform === 'win32' ? /[*?[]/ : /[*?[\\]/).test(text);
}

/** The last name and the folder before it: "." if there is none, without the slash at its end unless it is the root. */
function splitLast(path: string): { readonly folder: string; readonly name: string } {
  const isWindows = process.platform === 'win32';
  const slash = Math.max(path.lastIndexOf('/'), isWindows ? path.lastIndexOf('\\') : -1);
  const name = path.slice(slash + 1);
  if (slash < 0) return { folder: '.', name };
  const root = isWindows ? /^(?:[A-Za-z]:)?[\\/]$/.test(path.slice(0, slash + 1)) : slash === 0;
  return { folder: path.slice(0, root ? slash + 1 : slash), name };
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(toFsPath(path));
    return true;
  } catch {
    // Not there, or not to be seen: nothing that fits.
    return false;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  const path = toFsPath(folder);
  try {
    if (!(await stat(path)).isDirectory()) return [];
    const names = await readdir(path, { encoding: 'buffer' });
    return names.map((name) => rawFromBytes(name)).sort((a, b) => compareBytes(rawToBytes(a), rawToBytes(b)));
  } catch {
    // As for a pattern of the shell: what cannot be read has nothing that fits.
    return [];
  }
}
