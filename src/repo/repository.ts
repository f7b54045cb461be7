/**
 * An opened repository: its master key, config and index, and the ways to read and write.
 * Snapshots are listed before the index is loaded: the index then holds all that they need.
 */
import type { Backend } from '../backend/backend.js';
import type { Bytes } from '../base/bytes.js';
import { isSyncError, SyncError } from '../base/errors.js';
import type { BlobId, IndexId, KeyId, LockId, PackId, SnapshotId, TreeId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import type { BlobType, PackedBlob } from '../pack/header.js';
import type { Codec } from './codec.js';
import type { RepoConfig } from './config.js';
import type { InitOptions } from './create.js';
import { addKey, createRepository } from './create.js';
import { loadUnpacked, saveUnpacked } from './files.js';
import { BlobIndex } from './index.js';
import type { IndexFile } from './index-file.js';
import { decodeIndexFile } from './index-file.js';
import type { OnIndexFile } from './index-loader.js';
import { IndexLoader } from './index-loader.js';
import { readIndexTable } from './index-scan.js';
import type { IndexTable } from './index-table.js';
import { BlobLoader } from './loader.js';
import type { HeldLock, LockOptions, LockStore } from './lock.js';
import { acquireLock } from './lock.js';
import { underLock } from './lock-ahead.js';
import { decodeLockFile, encodeLockFile } from './lock-file.js';
import { readPackHeader } from './pack-header.js';
import type { SessionOptions } from './session.js';
import { WriteSession } from './session.js';
import type { Snapshot } from './snapshot.js';
import { decodeSnapshot, encodeSnapshot } from './snapshot.js';
import type { TreeNode } from './tree.js';
import { decodeTree } from './tree.js';
import type { MakeCache, OpenOptions } from './unlock.js';
import { unlock } from './unlock.js';

export type { InitOptions } from './create.js';
export type { OpenOptions } from './unlock.js';

export interface LockingOptions {
  readonly lock?: Omit<LockOptions, 'signal'>;
  readonly signal?: AbortSignal | undefined;
  /** The index is loaded, and the work begun, while the lock settles: it may be done twice (lock-ahead.ts). */
  readonly ahead?: boolean;
}

export interface WriteOptions extends SessionOptions, LockingOptions {}

export interface ReadLock {
  /** The caller's; fires as well if the lock cannot be had, or what was read ahead is out of date. */
  readonly signal: AbortSignal;
  /** To be awaited before anything elsewhere is changed by what was read. */
  held(): Promise<void>;
}

export class Repository {
  readonly backend: Backend;
  readonly config: RepoConfig;
  readonly codec: Codec;
  readonly keyId: KeyId;
  readonly index: BlobIndex;
  readonly loader: BlobLoader;
  readonly #indexLoader: IndexLoader;
  #writing = false;

  private constructor(bare: Backend, cache: MakeCache | undefined, config: RepoConfig, codec: Codec, keyId: KeyId) {
    this.index = new BlobIndex();
    const { index } = this;
    this.backend = cache?.(bare, config.id, (name) => index.isTreePack(name)) ?? bare;
    this.config = config;
    this.codec = codec;
    this.keyId = keyId;
    this.loader = new BlobLoader(this.backend, index, codec);
    this.#indexLoader = new IndexLoader(this, index);
  }

  /** Throws 'no-repository', 'wrong-password', 'unsupported' (a newer version), 'damaged', or what the backend throws. */
  static async open(options: OpenOptions): Promise<Repository> {
    const { backend, crypto, zstd, compression } = options;
    const { key, keyId, config } = await unlock(options);
    return new Repository(
      backend,
      options.cache,
      config,
      { crypto, zstd, key, version: config.version, compression },
      keyId,
    );
  }

  /** Makes a new, empty repository. Throws 'exists'. */
  static async init(options: InitOptions): Promise<Repository> {
    const { config, codec, keyId } = await createRepository(options);
    return new Repository(options.backend, options.cache, config, codec, keyId);
  }

  async listSnapshots(signal?: AbortSignal): Promise<SnapshotId[]> {
    return (await this.backend.list('snapshots', { signal })).map((file) => file.name as SnapshotId);
  }

  async loadSnapshot(id: SnapshotId, signal?: AbortSignal): Promise<Snapshot> {
    return decodeSnapshot(
      await loadUnpacked(this.backend, this.codec, 'snapshots', id, signal),
      `snapshots/${shortId(id)}`,
    );
  }

  /** Brings the index up to date with the index files there are (index-loader.ts). Throws 'damaged', 'not-found'. */
  loadIndex(signal?: AbortSignal, onFile?: OnIndexFile): Promise<void> {
    return this.#indexLoader.load(signal, onFile);
  }

  /** As `loadIndex`, with what was known forgotten first: for those who hold others off, and remove packs. */
  async reloadIndex(signal?: AbortSignal, onFile?: OnIndexFile): Promise<void> {
    this.forgetIndex();
    await this.loadIndex(signal, onFile);
  }

  /** Whether an index file that was loaded is there no more: packs that it named may be gone too. */
  hasLostIndex(signal?: AbortSignal): Promise<boolean> {
    return this.#indexLoader.hasLost(signal);
  }

  /** What is stored counts as unknown, until the index is loaded again. */
  forgetIndex(): void {
    this.#indexLoader.forget();
  }

  async listIndexFiles(signal?: AbortSignal): Promise<IndexId[]> {
    return (await this.backend.list('index', { signal })).map((file) => file.name as IndexId);
  }

  /** One index file as objects, without adding it to the index in memory. Throws 'damaged', 'not-found'. */
  async readIndexFile(id: IndexId, signal?: AbortSignal): Promise<IndexFile> {
    const plain = await loadUnpacked(this.backend, this.codec, 'index', id, signal);
    return decodeIndexFile(plain, `index/${shortId(id)}`);
  }

  /** As `readIndexFile`, into a table that others may share: what is in it is good until `take` returns. */
  async readIndexTable(id: IndexId, table: IndexTable, take: () => void, signal?: AbortSignal): Promise<void> {
    const plain = await loadUnpacked(this.backend, this.codec, 'index', id, signal);
    readIndexTable(plain, `index/${shortId(id)}`, table);
    take();
  }

  /** What a pack holds, by its own header: one request, rarely two. Throws 'damaged', 'not-found'. */
  readPackHeader(id: PackId, size: number, signal?: AbortSignal): Promise<PackedBlob[]> {
    return readPackHeader(this.backend, this.codec, id, size, signal);
  }

  /** Stores a snapshot of which all trees and blobs are stored already. */
  saveSnapshot(snapshot: Snapshot, signal?: AbortSignal): Promise<SnapshotId> {
    return saveUnpacked(this.backend, this.codec, 'snapshots', encodeSnapshot(snapshot), signal);
  }

  /** Throws 'forbidden' where the server is append-only. */
  removeSnapshot(id: SnapshotId, signal?: AbortSignal): Promise<void> {
    return this.backend.remove('snapshots', id, { signal });
  }

  async loadBlob(type: BlobType, id: BlobId, signal?: AbortSignal): Promise<Bytes> {
    return this.loader.load(type, id, signal);
  }

  async loadTree(id: TreeId, signal?: AbortSignal): Promise<TreeNode[]> {
    return decodeTree(await this.loadBlob('tree', id, signal), `tree ${shortId(id)}`);
  }

  /** A further password for the same repository; works on append-only servers. */
  async addKey(password: string, signal?: AbortSignal): Promise<KeyId> {
    return addKey(this.backend, this.codec, password, undefined, signal);
  }

  get locks(): LockStore {
    const { backend, codec } = this;
    return {
      backend,
      load: async (id, signal) =>
        decodeLockFile(await loadUnpacked(backend, codec, 'locks', id, signal), `locks/${shortId(id)}`),
      save: (lock, signal) => saveUnpacked<LockId>(backend, codec, 'locks', encodeLockFile(lock), signal),
    };
  }

  /**
   * Runs `work` under a non-exclusive lock, so that no prune removes what it is about to read; load the index inside,
   * unless it is done ahead. Where no lock can be stored (a user who may only read, a full disk) it goes without. Throws
   * 'locked'.
   */
  async read<T>({ lock, signal, ahead }: LockingOptions, work: (lock: ReadLock) => Promise<T>): Promise<T> {
    const locking = acquireLock(this.locks, { ...lock, signal }).catch((error: unknown) => {
      if (isSyncError(error, 'forbidden', 'no-space')) return undefined;
      throw error;
    });
    return underLock(this, locking, { signal, ahead }, (current) => {
      const stop = new AbortController();
      current.catch((error: unknown) => stop.abort(error));
      const held = async (): Promise<void> => void (await current);
      return work({ signal: AbortSignal.any(signal ? [stop.signal, signal] : [stop.signal]), held });
    });
  }

  /**
   * Runs `work` while nobody else uses the repository: for what removes or replaces files. `work` gets the lock, whose
   * `lost` signal ends it, and opens sessions with `writeUnder`. Throws 'locked'.
   */
  async exclusively<T>(
    { lock: options, signal }: Pick<LockingOptions, 'signal' | 'lock'>,
    work: (lock: HeldLock) => Promise<T>,
  ): Promise<T> {
    this.#refuseReadOnly();
    const locking = acquireLock(this.locks, { ...options, signal, exclusive: true });
    return underLock(this, locking, { signal }, async () => {
      const lock = await locking;
      try {
        return await work(lock);
      } catch (error) {
        // What was cut off because the lock was lost failed for that reason.
        throw lock.lost.aborted ? lock.lost.reason : error;
      }
    });
  }

  /** As `write`, under a lock that the caller holds. */
  async writeUnder<T>(
    lock: HeldLock,
    options: SessionOptions,
    work: (session: WriteSession) => Promise<T>,
  ): Promise<T> {
    this.#refuseReadOnly();
    return this.#alone(() => this.#writeLocked(Promise.resolve(lock), options, work));
  }

  /**
   * Runs `work` with a session that may write, under a non-exclusive lock; one at a time, since what one session has
   * claimed another would take for stored. Whatever `work` adds without a commit is unused data, which `prune` clears.
   * Throws what went wrong first: 'locked', 'unsupported' for a repository that must not be written, …
   */
  async write<T>(options: WriteOptions, work: (session: WriteSession) => Promise<T>): Promise<T> {
    this.#refuseReadOnly();
    return this.#alone(() => {
      const locking = acquireLock(this.locks, { ...options.lock, signal: options.signal });
      return underLock(this, locking, options, (lock) => this.#writeLocked(lock, options, work));
    });
  }

  #refuseReadOnly(): void {
    if (this.config.readOnlyReason !== undefined) throw new SyncError('unsupported', this.config.readOnlyReason);
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.#writing)
      throw new SyncError('usage', 'this process writes to the repository already; wait until it is done');
    this.#writing = true;
    try {
      return await work();
    } finally {
      this.#writing = false;
    }
  }

  async #writeLocked<T>(
    lock: Promise<HeldLock>,
    options: SessionOptions,
    work: (session: WriteSession) => Promise<T>,
  ): Promise<T> {
    const session = new WriteSession(this, lock, options);
    try {
      return await work(session);
    } catch (error) {
      throw session.fail(error);
    } finally {
      await session.settle();
      this.#indexLoader.addOwn(session.indexFiles);
    }
  }
}
