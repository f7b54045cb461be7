/**
 * Brings the contents of files: each blob that is needed is read once, verified, and written at every place that wants
 * it. A blob that cannot be had fails the files that need it, and only those; what there is of them stays.
 */
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { chmod, open } from 'node:fs/promises';
import type { Bytes } from '../base/bytes.js';
import { forEachLimit } from '../base/concurrency.js';
import { errnoOf, ioError, SyncError } from '../base/errors.js';
import type { BlobId } from '../base/ids.js';
import { toFsPath } from '../base/raw-string.js';
import type { BlobOpener } from '../repo/loader.js';
import type { Repository } from '../repo/repository.js';
import { isSingle, sizeOf } from './compare-file.js';
import { OpenFiles } from './open-files.js';
import type { FileJob } from './plan-files.js';
import type { RestoreProgress } from './restore-progress.js';
import { lookAt, removeThere } from './target-folder.js';
import { zerosAtStart } from './zeros.js';

export interface WriteOptions {
  readonly progress: RestoreProgress;
  readonly sparse: boolean;
  /** A folder with something in it gives way to a file. */
  readonly removeFolders: boolean;
  readonly opener?: BlobOpener | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface WrittenFiles {
  /** All that were opened, also those that are not whole. */
  readonly touched: ReadonlySet<FileJob>;
  /** Those that are not whole. */
  readonly failed: ReadonlySet<FileJob>;
}

const PARALLEL_EMPTY = 16;
/** As in fetch-files.ts. */
const MAX_OPEN = 64;
const WRITE = constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
const TRUNCATE = constants.O_TRUNC;

/** Throws 'aborted', and what the backend throws if it cannot be reached. */
export async function writeFiles(
  repo: Repository,
  jobs: readonly FileJob[],
  options: WriteOptions,
): Promise<WrittenFiles> {
  const writer = new Writer(jobs, options);
  try {
    await writer.run(repo);
  } finally {
    await writer.close();
  }
  return writer;
}

interface Use {
  readonly job: FileJob;
  readonly offset: number;
}

class Writer implements WrittenFiles {
  readonly touched = new Set<FileJob>();
  readonly failed = new Set<FileJob>();
  /** Those that cannot be written to. */
  readonly #stuck = new Set<FileJob>();
  readonly #options: WriteOptions;
  readonly #files: OpenFiles;
  readonly #jobs: ReadonlyMap<string, FileJob>;
  /** Pieces that are not written yet. */
  readonly #missing = new Map<FileJob, number>();

  constructor(jobs: readonly FileJob[], options: WriteOptions) {
    this.#options = options;
    this.#jobs = new Map(jobs.map((job) => [job.path, job]));
    this.#files = new OpenFiles(MAX_OPEN, (path) => this.#open(path));
  }

  async run(repo: Repository): Promise<void> {
    const { opener, signal } = this.#options;
    const uses = new Map<BlobId, Use[]>();
    for (const job of this.#jobs.values()) this.#addUses(job, uses);
    const whole = [...this.#missing].filter(([, count]) => count === 0);
    await forEachLimit(whole, PARALLEL_EMPTY, ([job]) => this.#finish(job), signal);
    const onBlob = async (id: BlobId, plain: Bytes): Promise<void> => {
      for (const use of uses.get(id) ?? []) await this.#write(use, plain);
      uses.delete(id);
    };
    const onDamaged = (id: BlobId, error: unknown): void => {
      for (const { job } of uses.get(id) ?? []) this.#fail(job, error);
    };
    await repo.loader.loadMany('data', [...uses.keys()], onBlob, { opener, signal, onDamaged });
  }

  close(): Promise<void> {
    return this.#files.closeAll();
  }

  #addUses(job: FileJob, uses: Map<BlobId, Use[]>): void {
    let missing = 0;
    for (const [i, { id, offset, length }] of job.pieces.entries()) {
      if (job.has?.[i]) {
        this.#options.progress.wrote(length);
        continue;
      }
      missing += 1;
      const known = uses.get(id);
      if (known) known.push({ job, offset });
      else uses.set(id, [{ job, offset }]);
    }
    this.#missing.set(job, missing);
  }

  async #write({ job, offset }: Use, plain: Bytes): Promise<void> {
    if (this.#stuck.has(job)) return;
    const skipped = this.#options.sparse && job.has === undefined ? zerosAtStart(plain) : 0;
    try {
      await this.#files.use(job.path, (handle) => writeAll(handle, plain.subarray(skipped), offset + skipped));
    } catch (error) {
      this.#stuck.add(job);
      this.#fail(job, ioError(error, 'cannot write', job.path));
      return;
    }
    this.#options.progress.wrote(plain.length);
    const missing = (this.#missing.get(job) ?? 0) - 1;
    this.#missing.set(job, missing);
    if (missing === 0) await this.#finish(job);
  }

  async #finish(job: FileJob): Promise<void> {
    try {
      await this.#files.use(job.path, async () => undefined);
      await this.#files.finish(job.path);
    } catch (error) {
      this.#fail(job, ioError(error, 'cannot write', job.path));
      return;
    }
    const { action, item } = job;
    this.#options.progress.finished(action, 'file', item.path, item.node.size ?? 0);
  }

  /** Only the first reason is told. */
  #fail(job: FileJob, error: unknown): void {
    if (this.failed.has(job)) return;
    this.failed.add(job);
    this.#options.progress.failed(job.item.path, error);
  }

  async #open(path: string): Promise<FileHandle> {
    const job = this.#jobs.get(path);
    if (job === undefined || this.touched.has(job)) return open(toFsPath(path), WRITE);
    const handle = await openFirst(job, this.#options.removeFolders);
    try {
      // At full length from the start: what cannot be had later is zeros, as are the holes of a sparse file.
      if (!isWrittenAtOnce(job) || this.#options.sparse) await handle.truncate(sizeOf(job.pieces));
    } catch (error) {
      await handle.close();
      throw error;
    }
    this.touched.add(job);
    return handle;
  }
}

function isWrittenAtOnce({ isFresh, pieces }: FileJob): boolean {
  return isFresh && pieces.length <= 1;
}

async function writeAll(handle: FileHandle, bytes: Bytes, offset: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, offset + done);
    done += bytesWritten;
  }
}

/**
 * A file of one name is written in place, emptied unless pieces of it stay; anything else gives way to a new file, and
 * is never written to.
 */
async function openFirst({ path, has, isFresh }: FileJob, removeFolders: boolean): Promise<FileHandle> {
  // Where another item of the snapshot has taken this place, the system takes both names for one: that fails.
  if (isFresh) return open(toFsPath(path), WRITE | constants.O_CREAT | constants.O_EXCL, 0o600);
  const there = await lookAt(path);
  if (there !== undefined && isSingle(there)) return openExisting(path, has === undefined ? WRITE | TRUNCATE : WRITE);
  if (has !== undefined) throw new SyncError('io', `${path} has become another file since its content was compared`);
  if (there !== undefined) await removeThere(path, there, removeFolders);
  return open(toFsPath(path), WRITE | constants.O_CREAT | constants.O_EXCL, 0o600);
}

/** A read-only file is made writable; it gets its mode when all is written. */
async function openExisting(path: string, flags: number): Promise<FileHandle> {
  try {
    return await open(toFsPath(path), flags);
  } catch (error) {
    if (errnoOf(error) !== 'EACCES' && errnoOf(error) !== 'EPERM') throw error;
    await chmod(toFsPath(path), 0o600);
    return await open(toFsPath(path), flags);
  }
}
