/** One look at what lies at a path, and at the names in a folder; shared by the backup and by its estimate. */
import type { BigIntStats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { compareBytes } from '../base/bytes.js';
import { errnoOf, ioError } from '../base/errors.js';
import { rawFromBytes, toFsPath } from '../base/raw-string.js';
import type { BackupFilter } from './backup-types.js';

/** undefined for what is gone again or left out by the filter. Throws 'io'. */
export async function lookAt(path: string, filter: BackupFilter | undefined): Promise<BigIntStats | undefined> {
  try {
    const stats = await lstat(toFsPath(path), { bigint: true });
    const isKept = filter === undefined || (await filter(path, { stats, isDirectory: stats.isDirectory() }));
    return isKept ? stats : undefined;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw ioError(error, 'cannot look at', path);
  }
}

/** Names in order of their bytes, that of a tree. Throws 'io'. */
export async function listNames(folder: string): Promise<string[]> {
  try {
    const names = await readdir(toFsPath(folder), { encoding: 'buffer' });
    return names.sort(compareBytes).map(rawFromBytes);
  } catch (error) {
    throw ioError(error, 'cannot read folder', folder);
  }
}

/** Absolute path of a name in a folder. */
export function pathIn(folder: string, name: string, platform: NodeJS.Platform): string {
  const separator = platform === 'win32' ? '\\' : '/';
  return folder.endsWith(separator) ? folder + name : folder + separator + name;
}
