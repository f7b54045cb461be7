/**
 * A backend in memory whose calls are recorded and fail as a test says, and whose files a test can look at and damage.
 */
import type { Backend, ByteRange, CallOptions, FileInfo, FileType } from '../../src/backend/backend.js';
import { memoryBackend } from '../../src/backend/memory.js';
import type { Bytes } from '../../src/base/bytes.js';
import { SyncError } from '../../src/base/errors.js';

export type Listed = Exclude<FileType, 'config'>;
export type Method = 'create' | 'list' | 'stat' | 'read' | 'write' | 'remove';

export interface Call {
  readonly method: Method;
  readonly type?: FileType;
  readonly name?: string;
  readonly range?: ByteRange;
  readonly signal?: AbortSignal | undefined;
}

export class FaultyBackend implements Backend {
  readonly location = 'memory';
  /** All calls, in the order in which they began. */
  readonly calls: Call[] = [];
  /** "write data", "remove locks", … in the order in which they ended well. */
  readonly done: string[] = [];
  /** Asked before each call: may wait, or throw. */
  before: (call: Call) => Promise<void> | void = () => undefined;
  /** Asked after each call that was carried out: what it throws is a lost answer. */
  after: (call: Call) => Promise<void> | void = () => undefined;
  /** Changes what is read. */
  tamper: (call: Call, bytes: Bytes) => Bytes = (_call, bytes) => bytes;
  readonly #inner: Backend = memoryBackend();

  create(options?: CallOptions): Promise<void> {
    return this.#run({ method: 'create', signal: options?.signal }, () => this.#inner.create(options));
  }

  list(type: Listed, options?: CallOptions): Promise<FileInfo[]> {
    return this.#run({ method: 'list', type, signal: options?.signal }, () => this.#inner.list(type, options));
  }

  stat(type: FileType, name: string, options?: CallOptions): Promise<number | undefined> {
    return this.#run({ method: 'stat', type, name, signal: options?.signal }, () =>
      this.#inner.stat(type, name, options),
    );
  }

  async read(type: FileType, name: string, range?: ByteRange, options?: CallOptions): Promise<Bytes> {
    const base = { method: 'read', type, name, signal: options?.signal } as const;
    const call: Call = range === undefined ? base : { ...base, range };
    return this.tamper(call, await this.#run(call, () => this.#inner.read(type, name, range, options)));
  }

  write(type: FileType, name: string, data: Bytes, options?: CallOptions): Promise<void> {
    const call: Call = { method: 'write', type, name, signal: options?.signal };
    return this.#run(call, () => this.#inner.write(type, name, data, options));
  }

  remove(type: FileType, name: string, options?: CallOptions): Promise<void> {
    const call: Call = { method: 'remove', type, name, signal: options?.signal };
    return this.#run(call, () => this.#inner.remove(type, name, options));
  }

  async close(): Promise<void> {}

  /** Names of the files of a type, past all faults. */
  async names(type: Listed): Promise<string[]> {
    return (await this.#inner.list(type)).map((file) => file.name).sort();
  }

  /** The stored bytes, past all faults. */
  bytes(type: FileType, name: string): Promise<Bytes> {
    return this.#inner.read(type, name);
  }

  /** Replaces a stored file: by other bytes, or by nothing. */
  async replace(type: FileType, name: string, bytes: Bytes | undefined): Promise<void> {
    await this.#inner.remove(type, name);
    if (bytes) await this.#inner.write(type, name, bytes);
  }

  count(method: Method, type?: FileType): number {
    return this.calls.filter((call) => call.method === method && (type === undefined || call.type === type)).length;
  }

  async #run<T>(call: Call, work: () => Promise<T>): Promise<T> {
    this.calls.push(call);
    await this.before(call);
    const result = await work();
    this.done.push(`${call.method} ${call.type ?? ''}`);
    await this.after(call);
    return result;
  }
}

/** Never resolves, but rejects as soon as the signal fires. */
export function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(new SyncError('aborted', 'cancelled'));
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}
