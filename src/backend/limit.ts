/**
 * At most so many calls at once on one backend. Writes can take all places but one, so that a list or a lock refresh
 * never waits behind a queue of packs that take minutes each.
 */
import type { Bytes } from '../base/bytes.js';
import { Semaphore } from '../base/concurrency.js';
import { acquireSlot } from './abort.js';
import type { Backend, ByteRange, CallOptions, FileInfo, FileType, ReadOptions } from './backend.js';

class LimitBackend implements Backend {
  readonly location: string;
  readonly #inner: Backend;
  readonly #slots: Semaphore;
  readonly #writeSlots: Semaphore;

  constructor(inner: Backend, connections: number) {
    this.location = inner.location;
    this.#inner = inner;
    this.#slots = new Semaphore(connections);
    this.#writeSlots = new Semaphore(Math.max(1, connections - 1));
  }

  create(options?: CallOptions): Promise<void> {
    return this.#run(options, () => this.#inner.create(options));
  }

  list(type: Exclude<FileType, 'config'>, options?: CallOptions): Promise<FileInfo[]> {
    return this.#run(options, () => this.#inner.list(type, options));
  }

  stat(type: FileType, name: string, options?: CallOptions): Promise<number | undefined> {
    return this.#run(options, () => this.#inner.stat(type, name, options));
  }

  read(type: FileType, name: string, range?: ByteRange, options?: ReadOptions): Promise<Bytes> {
    return this.#run(options, () => this.#inner.read(type, name, range, options));
  }

  async write(type: FileType, name: string, data: Bytes, options?: CallOptions): Promise<void> {
    const release = await acquireSlot(this.#writeSlots, options?.signal);
    try {
      await this.#run(options, () => this.#inner.write(type, name, data, options));
    } finally {
      release();
    }
  }

  remove(type: FileType, name: string, options?: CallOptions): Promise<void> {
    return this.#run(options, () => this.#inner.remove(type, name, options));
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  async #run<T>(options: CallOptions | undefined, work: () => Promise<T>): Promise<T> {
    const release = await acquireSlot(this.#slots, options?.signal);
    try {
      return await work();
    } finally {
      release();
    }
  }
}

/** `connections` is what restic calls `-o rest.connections`; 5 by default. */
export function limitBackend(inner: Backend, connections = 5): Backend {
  return new LimitBackend(inner, connections);
}
