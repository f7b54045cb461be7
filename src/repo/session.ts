/**
 * One write to a repository, from lock to snapshot:
 *   lock -> blobs into packs -> packs uploaded -> index files -> snapshot -> unlock
 * The order is what makes a crash harmless: nothing names what is not stored yet. Packs may be filled before the lock is
 * held (lock-ahead.ts); nothing is sent before.
 */
import type { Bytes } from '../base/bytes.js';
import { toHex } from '../base/bytes.js';
import { Semaphore } from '../base/concurrency.js';
import { SyncError, throwIfAborted } from '../base/errors.js';
import type { BlobId, IndexId, PackId, SnapshotId, TreeId } from '../base/ids.js';
import { open, seal } from '../crypto/box.js';
import type { FinishedPack } from '../pack/builder.js';
import type { BlobType } from '../pack/header.js';
import type { SealedBlob } from './codec.js';
import { blobId, sealBlob } from './codec.js';
import { saveUnpacked } from './files.js';
import type { IndexPack } from './index-file.js';
import { encodeIndexFile } from './index-file.js';
import type { HeldLock } from './lock.js';
import { DEFAULT_PACK_SIZE, Packer } from './packer.js';
import type { Repository } from './repository.js';
import type { Snapshot } from './snapshot.js';
import { encodeSnapshot } from './snapshot.js';

/** restic starts a new index file at 50,000 blobs or 10 minutes: what makes a broken upload resumable. */
const INDEX_BLOBS = 50_000;
const INDEX_MS = 10 * 60_000;
const CONNECTIONS = 5;

export interface WriteStats {
  dataBlobs: number;
  treeBlobs: number;
  /** Plain bytes of new blobs. */
  bytesAdded: number;
  /** Bytes of packs sent. */
  bytesPacked: number;
}

export interface SessionOptions {
  readonly signal?: AbortSignal | undefined;
  /** Bytes at which a pack is closed; 16 MiB by default. */
  readonly packSize?: number;
  /** Packs sent at once; each is held in memory. 5 by default. */
  readonly connections?: number;
  /** Blobs at which an index file is written; 50,000 by default. */
  readonly indexBlobs?: number;
  readonly onSent?: (bytes: number) => void;
}

export class WriteSession {
  /** Fires when the caller gave up, the lock was lost, or anything of this session failed. */
  readonly signal: AbortSignal;
  readonly stats: WriteStats = { dataBlobs: 0, treeBlobs: 0, bytesAdded: 0, bytesPacked: 0 };
  /** The index files that this session has stored. */
  readonly indexFiles: IndexId[] = [];
  readonly #repo: Repository;
  readonly #lock: Promise<HeldLock>;
  readonly #packer: Packer;
  readonly #slots: Semaphore;
  readonly #indexBlobs: number;
  readonly #uploads = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  readonly #onSent: ((bytes: number) => void) | undefined;
  #failure: { readonly error: unknown } | undefined;
  #unindexed: IndexPack[] = [];
  #unindexedBlobs = 0;
  #indexedAt: number = Date.now();

  /** `lock` may be still on its way; its failure is that of the session. */
  constructor(repo: Repository, lock: Promise<HeldLock>, options: SessionOptions) {
    this.#repo = repo;
    this.#lock = lock;
    this.#watch(lock);
    this.#onSent = options.onSent;
    this.#slots = new Semaphore(options.connections ?? CONNECTIONS);
    this.#indexBlobs = options.indexBlobs ?? INDEX_BLOBS;
    this.signal = AbortSignal.any(options.signal ? [this.#stop.signal, options.signal] : [this.#stop.signal]);
    const { codec } = repo;
    const box = {
      seal: (plain: Bytes) => seal(codec.crypto, codec.key, plain),
      open: (sealed: Bytes) => open(codec.crypto, codec.key, sealed, 'header of a new pack'),
    };
    this.#packer = new Packer(codec.crypto, box, options.packSize ?? DEFAULT_PACK_SIZE, (pack) => this.#upload(pack));
  }

  #watch(lock: Promise<HeldLock>): void {
    lock.then(
      ({ lost }) => {
        if (lost.aborted) this.fail(lost.reason);
        else lost.addEventListener('abort', () => this.fail(lost.reason), { once: true });
      },
      (error: unknown) => this.fail(error),
    );
  }

  /** To be awaited before anything is written down elsewhere that rests on what the index said. Throws as `commit`. */
  async underLock(): Promise<HeldLock> {
    const lock = await this.#lock;
    this.#check();
    return lock;
  }

  /** True for the one caller that has to bring this blob. */
  claim(type: BlobType, id: BlobId): boolean {
    return this.#repo.index.claim(type, id);
  }

  /** Gives a claim back. A claimed blob that is neither added nor given back forbids the commit. */
  release(type: BlobType, id: BlobId): void {
    this.#repo.index.release(type, id);
  }

  /** Takes a claimed blob, of which it copies the bytes before it returns; resolves when there is room for more. */
  async add(blob: SealedBlob, plainLength: number): Promise<void> {
    this.#check();
    if (blob.type === 'data') this.stats.dataBlobs += 1;
    else this.stats.treeBlobs += 1;
    this.stats.bytesAdded += plainLength;
    await this.#packer.add(blob);
  }

  /** Stores a tree unless it is there already, and returns its id. */
  async saveTree(plain: Bytes): Promise<TreeId> {
    const { codec } = this.#repo;
    const id = blobId(codec.crypto, plain);
    if (this.claim('tree', id)) await this.add(sealBlob(codec, 'tree', id, plain), plain.length);
    return id;
  }

  /** Returns when every pack and index file is stored. */
  async flush(): Promise<void> {
    this.#check();
    await this.#packer.flush();
    await Promise.all(this.#uploads);
    this.#check();
    await this.#saveIndex();
  }

  /**
   * Flushes, then stores the snapshot that makes it all reachable. `onId` gets its id before it is sent: who writes that
   * down knows after a crash whether it was.
   */
  async commit(snapshot: Snapshot, onId?: (id: SnapshotId) => Promise<void>): Promise<SnapshotId> {
    await this.flush();
    const { backend, codec, index } = this.#repo;
    if (index.claimCount > 0) {
      throw new SyncError('internal', `${index.claimCount} blobs were promised and not stored; no snapshot was made`);
    }
    await (await this.underLock()).ensureFresh();
    return saveUnpacked(backend, codec, 'snapshots', encodeSnapshot(snapshot), this.signal, onId);
  }

  /** Ends the session: what is under way is cut off. Returns the first thing that went wrong, the reason of the rest. */
  fail(error: unknown): unknown {
    this.#failure ??= { error };
    this.#stop.abort(this.#failure.error);
    return this.#failure.error;
  }

  /**
   * Waits for what is under way, whatever becomes of it: nothing of this session runs on after its end. What was
   * promised, or lies in a pack that no index file names, is forgotten: it must not count as stored later.
   */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#uploads);
    const { index } = this.#repo;
    for (const { id, blobs } of this.#unindexed) index.removePack(id, blobs);
    index.releaseAll();
  }

  async #upload(pack: FinishedPack): Promise<void> {
    const free = await this.#slots.acquire();
    const task = this.#store(pack)
      .catch((error: unknown) => {
        this.fail(error);
      })
      .finally(() => {
        free();
        this.#uploads.delete(task);
      });
    this.#uploads.add(task);
    this.#check();
  }

  async #store(pack: FinishedPack): Promise<void> {
    await this.underLock();
    const id = toHex(this.#repo.codec.crypto.sha256(pack.bytes)) as PackId;
    await this.#repo.backend.write('data', id, pack.bytes, { signal: this.signal });
    // Only now: after a failure a connection may still be reading from it.
    this.#packer.reuse(pack);
    this.stats.bytesPacked += pack.bytes.length;
    this.#onSent?.(pack.bytes.length);
    this.#repo.index.addPack(id, pack.blobs);
    this.#unindexed.push({ id, blobs: [...pack.blobs] });
    this.#unindexedBlobs += pack.blobs.length;
    if (this.#unindexedBlobs >= this.#indexBlobs || Date.now() - this.#indexedAt > INDEX_MS) await this.#saveIndex();
  }

  async #saveIndex(): Promise<void> {
    if (this.#unindexed.length === 0) return;
    const packs = this.#unindexed;
    this.#unindexed = [];
    this.#unindexedBlobs = 0;
    this.#indexedAt = Date.now();
    const { backend, codec } = this.#repo;
    try {
      await (await this.underLock()).ensureFresh();
      this.indexFiles.push(await saveUnpacked<IndexId>(backend, codec, 'index', encodeIndexFile(packs), this.signal));
    } catch (error) {
      this.#unindexed.push(...packs);
      throw error;
    }
  }

  #check(): void {
    if (this.#failure) throw this.#failure.error;
    throwIfAborted(this.signal);
  }
}
