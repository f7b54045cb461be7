/**
 * The executor on threads. A job goes to one that saves nothing, or has the fewest; its questions are answered here, where
 * the index is. A thread that dies fails its jobs, it never leaves them hanging.
 */
import { Semaphore } from '../base/concurrency.js';
import { isSyncError, throwIfAborted } from '../base/errors.js';
import type { Executor, FileSink, SaveOptions } from './executor.js';
import type { FileResult } from './file-task.js';
import { SMALL_FILE } from './file-task.js';
import { pooledPartWork } from './open-job.js';
import type { ThreadOptions } from './pool-thread.js';
import { PoolThread } from './pool-thread.js';
import { saveJob, saveMessage } from './save-job.js';
import type { SaveRequest } from './save-queue.js';
import { SaveQueue } from './save-queue.js';
import { spreadJob } from './spread-file.js';

export interface PoolOptions extends ThreadOptions {
  readonly threads: number;
  /** Files of so many bytes are worked on by all threads; 64 MiB by default. */
  readonly spreadFrom?: number;
}

/** For each thread: enough small files for two batches. */
const FILES_PER_THREAD = 128;
const SPREAD_FROM = 64 * 1024 * 1024;
/** Large, but not worth two readings. */
const UNKNOWN_SIZE = SMALL_FILE;

export function poolExecutor(options: PoolOptions): Executor {
  const threads = Array.from({ length: options.threads }, () => new PoolThread(options));
  const { spreadFrom = SPREAD_FROM } = options;
  const queue = new SaveQueue();
  /** One saving job for each: with two of them none waits for an answer, which took 55 MB more and no less time. */
  const saving = new Set<PoolThread>();
  /** One very large file is enough for all threads; cuts that wait for their stretches must not keep them all. */
  const cutting = new Semaphore(1);
  let nextJob = 0;
  let isPumping = false;
  const idlest = (): PoolThread => threads.reduce((best, one) => (one.load < best.load ? one : best));

  const pump = (): void => {
    isPumping = false;
    for (const thread of threads) {
      const batch = saving.has(thread) ? undefined : queue.take();
      if (batch === undefined) continue;
      const job = nextJob++;
      const ended = (): void => {
        saving.delete(thread);
        pumpSoon();
      };
      saving.add(thread);
      thread.start(saveMessage(job, batch), saveJob(job, batch, ended));
    }
  };
  /** When all that is asked for in this turn is known: a batch is cheaper than its files one by one. */
  const pumpSoon = (): void => {
    if (!isPumping) setImmediate(pump);
    isPumping = true;
  };

  const save = (request: Omit<SaveRequest, 'done' | 'failed'>): Promise<FileResult> =>
    new Promise((done, failed) => {
      queue.add({ ...request, done, failed });
      pumpSoon();
    });

  /** Whole by one thread if it changes meanwhile (its stretches would not be of one version) or is cut by pages. */
  const spread = async (request: Omit<SaveRequest, 'done' | 'failed'>): Promise<FileResult> => {
    const ended = await cutting.acquire();
    const { path, signal } = request;
    const byPages = request.pages !== undefined;
    const job = nextJob++;
    try {
      throwIfAborted(signal);
      return await new Promise<FileResult>((done, failed) => {
        const spreading = spreadJob(job, { ...request, done, failed }, { ahead: 3 * threads.length, save, ended });
        idlest().start({ kind: 'cut', job, path, byPages }, spreading);
      });
    } catch (error) {
      if (isSyncError(error, 'conflict', 'unsupported')) return save(request);
      throw error;
    } finally {
      ended();
    }
  };

  const saveFile = async (path: string, sink: FileSink, given: SaveOptions = {}): Promise<FileResult> => {
    const { signal, size = UNKNOWN_SIZE, pages, lookAfter = false } = given;
    throwIfAborted(signal);
    const request = { path, pages, lookAfter, size, sink, signal };
    return size >= spreadFrom && threads.length > 1 ? spread(request) : save(request);
  };

  const close = async (): Promise<void> => {
    await Promise.all(threads.map((thread) => thread.stop()));
  };

  return { parallel: options.threads * FILES_PER_THREAD, saveFile, close, ...pooledPartWork(idlest, () => nextJob++) };
}
