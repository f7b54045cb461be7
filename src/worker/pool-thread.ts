/** One worker thread as the main thread sees it: jobs are started on it and hear its messages; its death ends them. */
import { Worker } from 'node:worker_threads';
import { SyncError } from '../base/errors.js';
import type { FromWorker, ToWorker, WorkerSetup } from './messages.js';
import { fromPlainError, toPlainError } from './messages.js';

export interface ThreadOptions {
  /** The bundled text of thread.ts: a file beside the bundle would be one file too many. */
  readonly source: string;
  readonly setup: WorkerSetup;
}

export interface Answer {
  readonly message: ToWorker;
  readonly transfer?: readonly ArrayBuffer[];
}

/** What the worker says of the job; 'failed' goes to `failed`. */
export interface Job {
  /** A question's answer, which is sent; undefined for the job's result, which ends it. Its error ends the job too. */
  hear(message: FromWorker): Promise<Answer> | undefined;
  failed(error: unknown): void;
}

export class PoolThread {
  readonly #worker: Worker;
  readonly #jobs = new Map<number, Job>();
  #dead: SyncError | undefined;

  constructor({ source, setup }: ThreadOptions) {
    // Without the options of this process: one like --input-type=module would turn the source into something else.
    this.#worker = new Worker(source, {
      eval: true,
      workerData: setup,
      execArgv: [],
      name: 'instance-sync',
    });
    this.#worker.on('message', (message: FromWorker) => this.#receive(message));
    this.#worker.on('messageerror', (error) => this.#die(error));
    this.#worker.on('error', (error) => this.#die(error));
    this.#worker.on('exit', (code) => this.#die(new Error(`exit code ${code}`)));
    // An idle pool must not keep the process alive; a job under way does. After the listeners, which would undo it.
    this.#worker.unref();
  }

  /** How many jobs it has. */
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
    if (message.kind === 'failed') {
      this.#finish(message.job);
      job.failed(fromPlainError(message.error));
      return;
    }
    const answer = job.hear(message);
    if (answer === undefined) this.#finish(message.job);
    else this.#send(message.job, job, answer);
  }

  /** An error ends the job here, as it was thrown. */
  #send(id: number, job: Job, answer: Promise<Answer>): void {
    answer.then(
      ({ message, transfer = [] }) => this.#worker.postMessage(message, transfer),
      (error: unknown) => {
        this.#finish(id);
        this.#worker.postMessage({ kind: 'stop', job: id, error: toPlainError(error) } satisfies ToWorker);
        job.failed(error);
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

export function wrongAnswer(): SyncError {
  return new SyncError('internal', 'a worker thread answered another question than was asked');
}
