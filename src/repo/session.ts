/**
 * One write to a repository, from lock to snapshot:
 *   lock -> blobs into packs -> packs uploaded -> index files -> snapshot -> unlock
 * The order is what makes a crash harmless: nothing names what is not stored yet.
 */
import type { Bytes } from '../base/bytes.js';
import { toHex } from '../base/bytes.js';
import { Semaphore } from '../base/concurrency.js';
import type { IndexId, PackId, SnapshotId, TreeId } from '../base/ids.js';
import { open, seal } from '../crypto/box.js';
import type { FinishedPack } from '../pack/builder.js';
import type { BlobType } from '../pack/header.js';
import type { SealedBlob } from './codec.js';
import { blobId, sealBlob } from './codec.js';
import { saveUnpacked } from './files.js';
import type { IndexPack } from './index-file.js';
import { encodeIndexFile } from './index-file.js';
import { DEFAULT_PACK_SIZE, Packer } from './packer.js';
import type { Repository } from './repository.js';
import type { Snapshot } from './snapshot.js';
import { encodeSnapshot } from './snapshot.js';

/** restic starts a new index file at 50,000 blobs or 10 minutes: what makes a broken upload resumable. */
const INDEX_BLOBS = 50_000;
const INDEX_MS = 10 * 60_000;

export interface WriteStats {
  dataBlobs: number;
  treeBlobs: number;
  /** Plain bytes of new blobs. */
  bytesAdded: number;
  /** Bytes of packs sent. */
  bytesPacked: number;
}

export class WriteSession {
  /** Fires when the caller gave up or the lock was lost. */
  readonly signal: AbortSignal;
  readonly stats: WriteStats = { dataBlobs: 0, treeBlobs: 0, bytesAdded: 0, bytesPacked: 0 };
  readonly #repo: Repository;
  readonly #packer: Packer;
  readonly #slots: Semaphore;
  readonly #uploads = new Set<Promise<void>>();
  readonly #failures: unknown[] = [];
  readonly #onSent: ((bytes: number) => void) | undefined;
  #unindexed: IndexPack[] = [];
  #unindexedBlobs = 0;
  #indexedAt: number = Date.now();

  constructor(
    repo: Repository,
    signal: AbortSignal,
    options: { packSize?: number; connections?: number; onSent?: (bytes: number) => void },
  ) {
    this.#repo = repo;
    this.signal = signal;
    this.#onSent = options.onSent;
    this.#slots = new Semaphore(options.connections ?? 5);
    const { codec } = repo;
    const box = {
      seal: (plain: Bytes) => seal(codec.crypto, codec.key, plain),
      open: (sealed: Bytes) => open(codec.crypto, codec.key, sealed, 'header of a new pack'),
    };
    this.#packer = new Packer(codec.crypto, box, options.packSize ?? DEFAULT_PACK_SIZE, (pack) => this.#upload(pack));
  }

  /** True for the one caller that has to bring this blob. */
  claim(type: BlobType, id: TreeId): boolean {
    return this.#repo.index.claim(type, id);
  }

  release(type: BlobType, id: TreeId): void {
    this.#repo.index.release(type, id);
  }

  /** Takes a claimed blob; resolves when there is room for more. */
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

  /** Flushes, then stores the snapshot that makes it all reachable. */
  async commit(snapshot: Snapshot): Promise<SnapshotId> {
    await this.flush();
    return saveUnpacked(this.#repo.backend, this.#repo.codec, 'snapshots', encodeSnapshot(snapshot), this.signal);
  }

  /** Waits for what is under way, whatever becomes of it: nothing of this session runs on after its end. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#uploads);
  }

  async #upload(pack: FinishedPack): Promise<void> {
    const free = await this.#slots.acquire();
    const task = this.#store(pack)
      .catch((error: unknown) => {
        this.#failures.push(error);
      })
      .finally(() => {
        free();
        this.#uploads.delete(task);
      });
    this.#uploads.add(task);
    this.#check();
  }

  async #store(pack: FinishedPack): Promise<void> {
    const id = toHex(this.#repo.codec.crypto.sha256(pack.bytes)) as PackId;
    await this.#repo.backend.write('data', id, pack.bytes, { signal: this.signal });
    this.stats.bytesPacked += pack.bytes.length;
    this.#onSent?.(pack.bytes.length);
    this.#repo.index.addPack(id, pack.blobs);
    this.#unindexed.push({ id, blobs: [...pack.blobs] });
    this.#unindexedBlobs += pack.blobs.length;
    if (this.#unindexedBlobs >= INDEX_BLOBS || Date.now() - this.#indexedAt > INDEX_MS) await this.#saveIndex();
  }

  async #saveIndex(): Promise<void> {
    if (this.#unindexed.length === 0) return;
    const packs = this.#unindexed;
    this.#unindexed = [];
    this.#unindexedBlobs = 0;
    this.#indexedAt = Date.now();
    const { backend, codec } = this.#repo;
    await saveUnpacked<IndexId>(backend, codec, 'index', encodeIndexFile(packs), this.signal);
  }

  #check(): void {
    if (this.#failures.length > 0) throw this.#failures[0];
    this.signal.throwIfAborted();
  }
}
