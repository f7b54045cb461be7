/**
 * Keeps copies of snapshots and index files, and of the packs that the caller chooses (those with trees), in a folder
 * which restic can share. Files never change, so a copy that hashes to its name is as good as the original; a list is
 * always asked of the server, and what it no longer names leaves the cache.
 */
import type { Bytes } from '../base/bytes.js';
import { ioError, SyncError } from '../base/errors.js';
import { isId } from '../base/ids.js';
import { orAbort } from './abort.js';
import type { Backend, ByteRange, CallOptions, FileInfo, FileType, ReadOptions } from './backend.js';
import type { CachedType } from './cache-folder.js';
import { CacheFolder } from './cache-folder.js';
import { checkName, shorterThanRange } from './file-name.js';

export interface CacheOptions {
  /** The cache folder of all repositories (restic's --cache-dir); made if it is not there. */
  readonly folder: string;
  /** The `id` in the repository's config: 64 hex digits. */
  readonly repositoryId: string;
  /** Which packs to keep: they are fetched whole at the first read of a part. None by default. */
  readonly cacheData?: ((name: string) => boolean) | undefined;
  /** Told once if the cache cannot be read or written; the operations themselves go on without it. */
  readonly onProblem?: ((error: SyncError) => void) | undefined;
}

class CacheBackend implements Backend {
  readonly location: string;
  readonly #inner: Backend;
  readonly #options: CacheOptions;
  readonly #cache: CacheFolder;
  /** Whole files on their way, so that ten blobs of one pack fetch it once. */
  readonly #fetching = new Map<string, Promise<Bytes>>();
  #complained = false;
  readonly replaceConfig?: NonNullable<Backend['replaceConfig']>;

  constructor(inner: Backend, options: CacheOptions) {
    if (!isId(options.repositoryId))
      throw new SyncError('internal', 'a cache needs the repository id of 64 hex digits');
    this.location = inner.location;
    this.#inner = inner;
    if (inner.replaceConfig !== undefined) this.replaceConfig = inner.replaceConfig.bind(inner);
    this.#options = options;
    this.#cache = new CacheFolder(options.folder, options.repositoryId);
  }

  create(options?: CallOptions): Promise<void> {
    return this.#inner.create(options);
  }

  async list(type: Exclude<FileType, 'config'>, options?: CallOptions): Promise<FileInfo[]> {
    const found = await this.#inner.list(type, options);
    if (type === 'snapshots' || type === 'index' || type === 'data') {
      const names = new Set(found.map(({ name }) => name));
      await this.#attempt((cache) => cache.keepOnly(type, names));
    }
    return found;
  }

  stat(type: FileType, name: string, options?: CallOptions): Promise<number | undefined> {
    return this.#inner.stat(type, name, options);
  }

  async read(type: FileType, name: string, range?: ByteRange, options?: ReadOptions): Promise<Bytes> {
    checkName(type, name);
    if (!this.#isCached(type, name)) return this.#inner.read(type, name, range, options);
    const cached = await this.#attempt((cache) => cache.read(type, name, range));
    if (cached) return cached;
    const data = await this.#fetch(type, name, { signal: options?.signal });
    if (!range) return data.slice();
    const end = range.offset + range.length;
    if (end > data.length) throw shorterThanRange(type, name, this.location, data.length, end);
    return data.slice(range.offset, end);
  }

  async write(type: FileType, name: string, data: Bytes, options?: CallOptions): Promise<void> {
    await this.#inner.write(type, name, data, options);
    if (this.#isCached(type, name)) await this.#attempt((cache) => cache.store(type, name, data));
  }

  async remove(type: FileType, name: string, options?: CallOptions): Promise<void> {
    await this.#inner.remove(type, name, options);
    if (this.#isCached(type, name)) await this.#attempt((cache) => cache.drop(type, name));
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #isCached(type: FileType, name: string): type is CachedType {
    return type === 'snapshots' || type === 'index' || (type === 'data' && this.#options.cacheData?.(name) === true);
  }

  /** The whole file from the server. Callers share one transfer; if the one that made it fails, each does its own. */
  async #fetch(type: CachedType, name: string, options?: CallOptions): Promise<Bytes> {
    const key = `${type}/${name}`;
    const running = this.#fetching.get(key);
    if (running) {
      const shared = await orAbort(
        running.catch(() => undefined),
        options?.signal,
      );
      return shared ?? this.#inner.read(type, name, undefined, options);
    }
    const transfer = this.#fetchAndStore(type, name, options).finally(() => this.#fetching.delete(key));
    this.#fetching.set(key, transfer);
    return transfer;
  }

  async #fetchAndStore(type: CachedType, name: string, options?: CallOptions): Promise<Bytes> {
    const data = await this.#inner.read(type, name, undefined, options);
    await this.#attempt((cache) => cache.store(type, name, data));
    return data;
  }

  /** A cache that is read-only, full or broken costs time, never the operation. */
  async #attempt<T>(use: (cache: CacheFolder) => Promise<T>): Promise<T | undefined> {
    try {
      return (await this.#cache.usable()) ? await use(this.#cache) : undefined;
    } catch (error) {
      if (!this.#complained) this.#options.onProblem?.(ioError(error, 'using the cache in', this.#options.folder));
      this.#complained = true;
      return undefined;
    }
  }
}

/** Wraps a backend with a cache on the local disk. It belongs outermost: around retry and limit. */
export function cacheBackend(inner: Backend, options: CacheOptions): Backend {
  return new CacheBackend(inner, options);
}
