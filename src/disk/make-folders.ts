/**
 * A folder and those above it. Node's own recursive mkdir never ends where the system says ENOENT although the folder
 * above is there, as in /proc (node 20 and 24): it makes that one again and again.
 */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from '../base/errors.js';
import { toFsPath } from '../base/raw-string.js';

/**
 * `mode`: of those that are made; by default as the system has it. Folders that are there already stay as they are.
 * Throws what the system throws.
 */
export async function makeFolders(path: string, mode?: number): Promise<void> {
  try {
    await makeOne(path, mode);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolders(dirname(path), mode);
    // Not looked at first: whoever makes a neighbour of this folder may have made the one above in the meantime.
    await makeOne(path, mode);
  }
}

async function makeOne(path: string, mode: number | undefined): Promise<void> {
  try {
    await mkdir(toFsPath(path), mode);
  } catch (error) {
    if (!(await isFolder(path))) throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  // What cannot be looked at is no folder that could be used; the first error tells more.
  return (await stat(toFsPath(path)).catch(() => undefined))?.isDirectory() === true;
}
