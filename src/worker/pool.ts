/**
 * The executor on threads. A job goes to the thread with the fewest; its questions are answered here, where the
 * index is. A thread that dies fails its jobs, it never leaves them hanging.
 */
import { Worker } from 'node:worker_threads';
import type { Bytes } from '../base/bytes.js';
import { SyncError, throwIfAborted } from '../base/errors.js';
import type { PackPart } from '../repo/loader.js';
import type { Executor } from './executor.js';
import type { FileResult, FileSink } from './file-task.js';
import type { FromWorker, ToWorker, WorkerSetup } from './messages.js';
import { fromPlainError, ownBuffer, toPlainError } from './messages.js';

export interface PoolOptions {
  readonly threads: number;
  /** The bundled text of thread.ts: a file beside the bundle would be one file too many. */
  readonly source: string;
  readonly setup: WorkerSetup;
}

type Result = FromWorker & { kind: 'saved' | 'opened' };

interface Job {
  /** Absent where the worker has nothing to ask. */
  readonly sink?: FileSink;
  done(result: Result): void;
  failed(error: unknown): void;
}

/** Two files a thread, so that one is worked on while the other waits for an answer or the disk. */
const JOBS_PER_THREAD = 2;

class Thread {
  readonly #worker: Worker;
  readonly #jobs = new Map<number, Job>();
  #dead: SyncError | undefined;

  constructor(options: PoolOptions) {
    const { source, setup } = options;
    // Without the options of this process: one like --input-type=module would turn the source into something else.
    this.#worker = new Worker(source, { eval: true, workerData: setup, execArgv: [], name: 'instance-sync' });
    this.#worker.on('message', (message: FromWorker) => this.#receive(message));
    this.#worker.on('messageerror', (error) => this.#die(error));
    this.#worker.on('error', (error) => this.#die(error));
    this.#worker.on('exit', (code) => this.#die(new Error(`exit code ${code}`)));
    // An idle pool must not keep the process alive; a job under way does. After the listeners, which would undo it.
    this.#worker.unref();
  }

  get load(): number {
    return this.#jobs.size;
  }

  start(message: ToWorker, job: Job, transfer: readonly ArrayBuffer[] = []): void {
    if (this.#dead) {
      job.failed(this.#dead);
      return;
    }
    this.#worker.postMessage(message, transfer);
    this.#jobs.set(message.job, job);
    this.#worker.ref();
  }

  async stop(): Promise<void> {
    this.#end(new SyncError('internal', 'a worker thread was stopped while it had work'));
    await this.#worker.terminate();
  }

  #receive(message: FromWorker): void {
    const job = this.#jobs.get(message.job);
    if (!job) return;
    if (message.kind === 'claim') {
      this.#answer(message.job, async () => (await job.sink?.claim(message.id, message.plainLength)) ?? false);
    } else if (message.kind === 'blob') {
      this.#answer(message.job, async () => {
        await job.sink?.emit(message.blob, message.plainLength);
        return true;
      });
    } else {
      this.#finish(message.job);
      if (message.kind === 'failed') job.failed(fromPlainError(message.error));
      else job.done(message);
    }
  }

  /** Gives the worker the sink's word; the sink's error ends the job here, with the error as it was thrown. */
  #answer(id: number, ask: () => Promise<boolean>): void {
    ask().then(
      (yes) => this.#worker.postMessage({ kind: 'answer', job: id, yes } satisfies ToWorker),
      (error: unknown) => {
        const job = this.#jobs.get(id);
        this.#finish(id);
        this.#worker.postMessage({ kind: 'stop', job: id, error: toPlainError(error) } satisfies ToWorker);
        job?.failed(error);
      },
    );
  }

  #finish(id: number): void {
    this.#jobs.delete(id);
    if (this.#jobs.size === 0) this.#worker.unref();
  }

  #die(cause: Error): void {
    this.#end(new SyncError('internal', `a worker thread ended unexpectedly: ${cause.message}`, { cause }));
  }

  #end(error: SyncError): void {
    this.#dead ??= error;
    const jobs = [...this.#jobs.values()];
    this.#jobs.clear();
    for (const job of jobs) job.failed(this.#dead);
  }
}

export function poolExecutor(options: PoolOptions): Executor {
  const threads = Array.from({ length: options.threads }, () => new Thread(options));
  let nextJob = 0;
  const idlest = (): Thread => threads.reduce((best, one) => (one.load < best.load ? one : best));

  const saveFile = async (path: string, sink: FileSink, signal?: AbortSignal): Promise<FileResult> => {
    throwIfAborted(signal);
    const result = await new Promise<Result>((done, failed) => {
      const job = { sink: abortable(sink, signal), done, failed };
      idlest().start({ kind: 'save', job: nextJob++, path }, job);
    });
    if (result.kind !== 'saved') throw wrongAnswer();
    return result.result;
  };

  const openPart = async (part: PackPart, bytes: Bytes): Promise<(Bytes | SyncError)[]> => {
    const result = await new Promise<Result>((done, failed) => {
      idlest().start({ kind: 'open', job: nextJob++, part, bytes }, { done, failed }, ownBuffer(bytes));
    });
    if (result.kind !== 'opened') throw wrongAnswer();
    return result.blobs.map((one) => (one instanceof Uint8Array ? one : fromPlainError(one)));
  };

  const close = async (): Promise<void> => {
    await Promise.all(threads.map((thread) => thread.stop()));
  };

  return { parallel: options.threads * JOBS_PER_THREAD, saveFile, openPart, close };
}

function wrongAnswer(): SyncError {
  return new SyncError('internal', 'a worker thread answered another question than was asked');
}

/** The signal is looked at whenever the worker asks: at every chunk. */
function abortable(sink: FileSink, signal: AbortSignal | undefined): FileSink {
  return {
    claim: (id, plainLength) => {
      throwIfAborted(signal);
      return sink.claim(id, plainLength);
    },
    emit: (blob, plainLength) => {
      throwIfAborted(signal);
      return sink.emit(blob, plainLength);
    },
  };
}
