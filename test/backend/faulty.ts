/** A backend whose calls fail as a test says: `script` is asked before (and may act after) each call. */
import type { Backend, ByteRange, CallOptions, FileInfo, FileType } from '../../src/backend/backend.js';
import type { Bytes } from '../../src/base/bytes.js';

export type Method = 'create' | 'list' | 'stat' | 'read' | 'write' | 'remove';
/** `count` is the number of this call among those of the same method: 1, 2, … */
export type Fault = <T>(method: Method, count: number, run: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

export class FaultyBackend implements Backend {
  readonly location = 'faulty';
  readonly calls: string[] = [];
  readonly #inner: Backend;
  readonly #fault: Fault;

  constructor(inner: Backend, fault: Fault) {
    this.#inner = inner;
    this.#fault = fault;
  }

  create(options?: CallOptions): Promise<void> {
    return this.#call('create', options, () => this.#inner.create(options));
  }
  list(type: Exclude<FileType, 'config'>, options?: CallOptions): Promise<FileInfo[]> {
    return this.#call('list', options, () => this.#inner.list(type, options));
  }
  stat(type: FileType, name: string, options?: CallOptions): Promise<number | undefined> {
    return this.#call('stat', options, () => this.#inner.stat(type, name, options));
  }
  read(type: FileType, name: string, range?: ByteRange, options?: CallOptions): Promise<Bytes> {
    return this.#call('read', options, () => this.#inner.read(type, name, range, options));
  }
  write(type: FileType, name: string, data: Bytes, options?: CallOptions): Promise<void> {
    return this.#call('write', options, () => this.#inner.write(type, name, data, options));
  }
  remove(type: FileType, name: string, options?: CallOptions): Promise<void> {
    return this.#call('remove', options, () => this.#inner.remove(type, name, options));
  }
  close(): Promise<void> {
    return this.#inner.close();
  }

  #call<T>(method: Method, options: CallOptions | undefined, run: () => Promise<T>): Promise<T> {
    this.calls.push(method);
    const count = this.calls.filter((name) => name === method).length;
    return this.#fault(method, count, run, options?.signal);
  }
}
