/** The caches in a cache folder: one folder a repository, named by the repository's id. */
import type { Stats } from 'node:fs';
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { forEachLimit } from '../../../base/concurrency.js';
import { errnoOf, ioError } from '../../../base/errors.js';

export interface RepositoryCache {
  /** The repository's id, or the name of a cache that a check made for itself. */
  readonly name: string;
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly lastUsed: number;
}

const NAME = /^[0-9a-fA-F]{64}$|^restic-check-cache-\d+$/;
const DAY_MS = 24 * 60 * 60_000;
const CONNECTIONS = 8;
/** As restic. */
export const MAX_AGE_DAYS = 30;

/** Those that were not used for the longest time first; none if the folder is not there. */
export async function listCaches(folder: string): Promise<RepositoryCache[]> {
  const found: RepositoryCache[] = [];
  await forEachLimit(await namesIn(folder), CONNECTIONS, async (name) => {
    if (!NAME.test(name)) return;
    const path = join(folder, name);
    const stats = await lstatIfThere(path);
    if (stats?.isDirectory()) found.push({ name, path, lastUsed: stats.mtimeMs });
  });
  return found.sort((a, b) => a.lastUsed - b.lastUsed || (a.name < b.name ? -1 : 1));
}

/** Whole days since it was used. */
export function ageInDays(cache: RepositoryCache, now: number): number {
  return Math.trunc((now - cache.lastUsed) / DAY_MS);
}

export function isOld(cache: RepositoryCache, maxAgeDays: number, now: number): boolean {
  return now - cache.lastUsed > maxAgeDays * DAY_MS;
}

/** Bytes of all files below it. */
export async function cacheSize(path: string): Promise<number> {
  let bytes = 0;
  const folders = [path];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const here = folder;
    await forEachLimit(await namesIn(here), CONNECTIONS, async (name) => {
      const stats = await lstatIfThere(join(here, name));
      if (stats?.isDirectory()) folders.push(join(here, name));
      else bytes += stats?.size ?? 0;
    });
  }
  return bytes;
}

export async function removeCache(cache: RepositoryCache): Promise<void> {
  try {
    await rm(cache.path, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    throw ioError(error, 'removing the cache', cache.path);
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw ioError(error, 'reading the folder', folder);
  }
}

/** Another program may clean up at the same time. */
async function lstatIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw ioError(error, 'reading', path);
  }
}
