/**
 * A folder and those above it. Node's own recursive mkdir never ends where the system says ENOENT although the folder
 * above is there, as in /proc (node 20 and 24): it makes that one again and again.
 */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from '../base/errors.js';

/** Folders that are there already stay as they are. Throws what the system throws. */
export async function makeFolders(
  path: string,
  mode: number,
  toName: (path: string) => string | Buffer,
): Promise<void> {
  try {
    await mkdir(toName(path), { mode });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' && dirname(path) !== path && !(await isThere(toName(dirname(path))))) {
      await makeFolders(dirname(path), mode, toName);
      await makeFolders(path, mode, toName);
    } else if (!(await isFolder(toName(path)))) {
      throw error;
    }
  }
}

async function isThere(name: string | Buffer): Promise<boolean> {
  return (await stat(name).catch(() => undefined)) !== undefined;
}

async function isFolder(name: string | Buffer): Promise<boolean> {
  // What cannot be looked at is no folder that could be used; the first error tells more.
  return (await stat(name).catch(() => undefined))?.isDirectory() === true;
}
