/**
 * Reads files and streams into the store of a backup, few at once, and tells of each chunk. Small backups are read on
 * this thread; others are worth the start of threads.
 */
import { availableParallelism } from 'node:os';
import type { Bytes } from '../base/bytes.js';
import { Semaphore } from '../base/concurrency.js';
import { isSyncError, throwIfAborted } from '../base/errors.js';
import { sizeInPack } from '../repo/codec.js';
import type { Repository } from '../repo/repository.js';
import type { Executor, FileSink } from '../worker/executor.js';
import { inlineExecutor, sealingSink } from '../worker/executor.js';
import type { FileResult, FileTools, StreamResult } from '../worker/file-task.js';
import { fileTools } from '../worker/split.js';
import { saveStream } from '../worker/stream-task.js';
import type { BackupReport } from './backup-report.js';
import { NOTHING_ADDED } from './backup-report.js';
import type { AddedSizes, BackupOptions } from './backup-types.js';
import type { BlobStore } from './blob-store.js';

/** What is read before threads are started. A file costs as much as so many bytes even if it is empty. */
const INLINE_BYTES = 8 * 1024 * 1024;
const FILE_COST = 32 * 1024;
/** Files asked for at once unless the caller says otherwise: a few batches of small ones for each thread. */
const MAX_PARALLEL = 512;
const PARALLEL_PER_CORE = 128;

export type Read<R> = R & { readonly added: AddedSizes };

export class FileReader {
  readonly #repo: Repository;
  readonly #store: BlobStore;
  readonly #report: BackupReport;
  readonly #createExecutor: BackupOptions['createExecutor'];
  readonly #slots: Semaphore;
  readonly #tools: FileTools;
  readonly #inline: Executor;
  #pool: Promise<Executor> | undefined;
  #asked = 0;

  constructor(
    repo: Repository,
    store: BlobStore,
    report: BackupReport,
    options: Pick<BackupOptions, 'createExecutor' | 'readConcurrency'>,
  ) {
    this.#repo = repo;
    this.#store = store;
    this.#report = report;
    this.#createExecutor = options.createExecutor;
    const parallel = options.readConcurrency ?? Math.min(PARALLEL_PER_CORE * availableParallelism(), MAX_PARALLEL);
    this.#slots = new Semaphore(Math.max(1, parallel));
    this.#tools = fileTools(repo.codec, repo.config.chunkerPolynomial);
    this.#inline = inlineExecutor(this.#tools);
  }

  /** Waits until one more file may be read. The caller releases it when it was. */
  slot(): Promise<() => void> {
    return this.#slots.acquire();
  }

  /** Returns the error if it is this file's alone, 'io'; throws all others. */
  async readFile(path: string, size: number): Promise<Read<FileResult> | Error> {
    const { signal } = this.#store;
    try {
      const executor = await this.#executorFor(size);
      return await this.#read((sink) => executor.saveFile(path, sink, { signal, size }));
    } catch (error) {
      // A local repository fails with 'io' too, which is no matter of one file; its session has ended then.
      throwIfAborted(signal);
      if (isSyncError(error, 'io')) return error;
      throw error;
    }
  }

  readStream(stream: AsyncIterable<Bytes>): Promise<Read<StreamResult>> {
    return this.#read((sink) =>
      saveStream(this.#tools, stream, sealingSink(this.#repo.codec, sink, this.#store.signal), this.#store.signal),
    );
  }

  /** Ends the threads. What is read on this thread goes on to its next chunk, if the store has ended. */
  async close(): Promise<void> {
    await (await this.#pool)?.close();
  }

  async #read<R extends StreamResult>(work: (sink: FileSink) => Promise<R>): Promise<Read<R>> {
    let added = NOTHING_ADDED;
    const result = await work({
      claim: (id, plainLength) => {
        throwIfAborted(this.#store.signal);
        this.#report.tell({ type: 'bytes', bytes: plainLength });
        return this.#store.claim('data', id);
      },
      emit: async (blob, plainLength) => {
        const { dataBlobs, dataSize, dataSizeInRepo } = added;
        added = {
          ...added,
          dataBlobs: dataBlobs + 1,
          dataSize: dataSize + plainLength,
          dataSizeInRepo: dataSizeInRepo + sizeInPack(blob),
        };
        await this.#store.add(blob, plainLength);
      },
    });
    return { ...result, added };
  }

  async #executorFor(size: number): Promise<Executor> {
    this.#asked += size + FILE_COST;
    if (this.#createExecutor === undefined || this.#asked < INLINE_BYTES) return this.#inline;
    this.#pool ??= this.#createExecutor(this.#repo, Number.MAX_SAFE_INTEGER);
    return this.#pool;
  }
}
