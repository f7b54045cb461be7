/**
 * The limit on the bytes of all files under the server's path. An upload reserves what it announces before it is read,
 * so that uploads at the same time cannot pass the limit together. Folders count nothing: their size is a matter of
 * the file system.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, SyncError, throwIfAborted } from '../base/errors.js';

export interface Quota {
  /** Bytes stored and reserved. */
  readonly used: number;
  /** Throws 'no-space' if the bytes do not fit, and then reserves nothing. */
  reserve(bytes: number): void;
  release(bytes: number): void;
}

export const unlimited: Quota = { used: 0, reserve: () => undefined, release: () => undefined };

/** `max` and `used` are bytes. */
export function createQuota(max: number, used: number): Quota {
  let total = used;
  return {
    get used(): number {
      return total;
    },
    reserve(bytes: number): void {
      if (total + bytes > max) {
        const message = `the repositories use ${total} of the ${max} bytes allowed; ${bytes} more do not fit`;
        throw new SyncError('no-space', message, { details: { used: total, max, wanted: bytes } });
      }
      total += bytes;
    },
    release(bytes: number): void {
      total = Math.max(0, total - bytes);
    },
  };
}

/** Sum of the sizes of all files below `path`. What vanishes meanwhile counts nothing. */
export async function countBytes(path: string, signal?: AbortSignal): Promise<number> {
  let total = 0;
  const folders = [path];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    throwIfAborted(signal);
    const entries = await unlessGone(readdir(folder, { withFileTypes: true }));
    for (const entry of entries ?? []) {
      const child = join(folder, entry.name);
      if (entry.isDirectory()) folders.push(child);
      else if (entry.isFile()) total += (await unlessGone(stat(child)))?.size ?? 0;
    }
  }
  return total;
}

async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
