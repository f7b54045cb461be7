/**
 * The repositories on the disk, in the layout that rest-server has too:
 *
 *   {root}/{folder…}/config
 *   {root}/{folder…}/{keys|locks|snapshots|index}/{id}
 *   {root}/{folder…}/data/{first two digits}/{id}
 *
 * A file gets its name only when it is whole, hashed and on the disk, and only if the name is free. Until then it is
 * a part in the same folder. Only names of 64 hex digits are ever listed.
 */
import type { Dirent } from 'node:fs';
import { type FileHandle, open, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FileInfo, FileType } from '../backend/backend.js';
import { forEachLimit } from '../base/concurrency.js';
import { errnoOf, SyncError } from '../base/errors.js';
import { isId } from '../base/ids.js';
import { whileBusy } from '../disk/busy.js';
import { makeFolders } from '../disk/make-folders.js';
import { syncFolder } from '../disk/sync-folder.js';
import { isPart, partOf, receive, removeAbandoned } from './part.js';
import { publish } from './publish.js';
import type { Quota } from './quota.js';
import { LISTED_TYPES, type ListedType } from './routes.js';

export interface FileAddress {
  readonly folder: readonly string[];
  readonly type: FileType;
  /** '' for the config. */
  readonly name: string;
}

export interface OpenFile {
  readonly handle: FileHandle;
  /** Bytes. */
  readonly size: number;
}

export interface Upload {
  readonly body: AsyncIterable<Uint8Array>;
  /** Bytes announced, if they were. */
  readonly length: number | undefined;
}

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const STATS_AT_ONCE = 16;

export class Storage {
  readonly #root: string;
  readonly #quota: Quota;

  constructor(root: string, quota: Quota) {
    this.#root = root;
    this.#quota = quota;
  }

  /** Makes the folders of a repository; those that are there stay as they are. */
  async create(folder: readonly string[]): Promise<void> {
    const base = join(this.#root, ...folder);
    for (const type of LISTED_TYPES) await makeFolders(join(base, type), FOLDER_MODE);
    const data = join(base, 'data');
    for (let i = 0; i < 256; i++) {
      await makeFolders(join(data, i.toString(16).padStart(2, '0')), FOLDER_MODE);
    }
    for (const path of [data, base, dirname(base)]) await syncFolder(path);
  }

  /** Undefined if the type's folder is missing. Sizes are 0 unless asked for, since each costs a system call. */
  async list(folder: readonly string[], type: ListedType, withSizes: boolean): Promise<FileInfo[] | undefined> {
    const top = join(this.#root, ...folder, type);
    const entries = await unlessMissing(readdir(top, { withFileTypes: true }));
    if (entries === undefined) return undefined;
    const found: { path: string; name: string; size: number }[] = [];
    if (type === 'data') {
      const shards = entries.filter((entry) => !entry.isFile()).map((entry) => entry.name);
      for (const shard of shards.sort()) {
        const inside = await unlessMissing(readdir(join(top, shard), { withFileTypes: true }));
        if (inside !== undefined) await this.#collect(join(top, shard), inside, found);
      }
    } else {
      await this.#collect(top, entries, found);
    }
    if (!withSizes) return found;
    const gone = new Set<string>();
    await forEachLimit(found, STATS_AT_ONCE, async (file) => {
      const info = await unlessMissing(stat(file.path));
      if (info === undefined) gone.add(file.path);
      else file.size = info.size;
    });
    return gone.size === 0 ? found : found.filter((file) => !gone.has(file.path));
  }

  /** Undefined if there is no such file. The caller closes the handle. */
  async open(address: FileAddress): Promise<OpenFile | undefined> {
    const handle = await unlessMissing(open(this.#path(address), 'r'));
    if (handle === undefined) return undefined;
    try {
      const info = await handle.stat();
      if (!info.isFile()) throw new SyncError('io', `${this.#path(address)} is not a file`);
      return { handle, size: info.size };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Bytes, or undefined if there is no such file. */
  async size(address: FileAddress): Promise<number | undefined> {
    return (await unlessMissing(stat(this.#path(address))))?.size;
  }

  /**
   * Stores a new file. Throws 'exists' if the name is taken (also by an upload at the same time that was faster),
   * 'damaged' if the bytes do not hash to the name, 'no-space', 'not-found' for a config without a repository.
   */
  async write(address: FileAddress, upload: Upload): Promise<void> {
    const path = this.#path(address);
    if ((await unlessMissing(stat(path))) !== undefined) throw new SyncError('exists', `${path} is there already`);
    let reserved = upload.length ?? 0;
    this.#quota.reserve(reserved);
    const grow = (size: number): void => {
      if (size <= reserved) return;
      this.#quota.reserve(size - reserved);
      reserved = size;
    };
    const part = partOf(path);
    try {
      const handle = await this.#openPart(part, address.type);
      const id = await receive(handle, upload.body, grow);
      if (address.type !== 'config' && id !== address.name) {
        throw new SyncError('damaged', `${path}: the bytes received hash to ${id}`);
      }
      await publish(part, path, address.type !== 'config');
      reserved = 0;
    } finally {
      await whileBusy(() => rm(part, { force: true }));
      this.#quota.release(reserved);
    }
  }

  /** Removes a file; it may be missing. */
  async remove(address: FileAddress): Promise<void> {
    const path = this.#path(address);
    const info = await unlessMissing(stat(path));
    if (info === undefined) return;
    await whileBusy(() => rm(path, { force: true }));
    this.#quota.release(info.size);
  }

  #path({ folder, type, name }: FileAddress): string {
    const base = join(this.#root, ...folder);
    if (type === 'config') return join(base, 'config');
    return type === 'data' ? join(base, type, name.slice(0, 2), name) : join(base, type, name);
  }

  /** A folder that is missing is made, except for a config: a repository begins with `create`. */
  async #openPart(part: string, type: FileType): Promise<FileHandle> {
    try {
      return await open(part, 'wx', FILE_MODE);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      if (type === 'config') throw new SyncError('not-found', `${dirname(part)} is not there`, { cause: error });
    }
    await makeFolders(dirname(part), FOLDER_MODE);
    return open(part, 'wx', FILE_MODE);
  }

  async #collect(path: string, entries: Dirent[], into: { path: string; name: string; size: number }[]): Promise<void> {
    const names = entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
    for (const name of names.sort()) {
      if (isId(name)) into.push({ path: join(path, name), name, size: 0 });
      else if (isPart(name)) await removeAbandoned(join(path, name));
    }
  }
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
