/**
 * A repository in memory: for tests, where it is also the oracle that other backends are compared with, and for
 * embedders who keep files elsewhere. `close` keeps the files, so one object can be opened again and again.
 */
import type { Bytes } from '../base/bytes.js';
import { throwIfAborted } from '../base/errors.js';
import type { Backend, ByteRange, CallOptions, FileInfo, FileType } from './backend.js';
import { alreadyExists, checkName, notFound, shorterThanRange } from './file-name.js';

class MemoryBackend implements Backend {
  readonly location = 'memory';
  readonly #files = new Map<FileType, Map<string, Bytes>>();

  async create(options: CallOptions = {}): Promise<void> {
    throwIfAborted(options.signal);
  }

  async list(type: Exclude<FileType, 'config'>, options: CallOptions = {}): Promise<FileInfo[]> {
    throwIfAborted(options.signal);
    return [...this.#folder(type)].map(([name, data]) => ({ name, size: data.length }));
  }

  async stat(type: FileType, name: string, options: CallOptions = {}): Promise<number | undefined> {
    checkName(type, name);
    throwIfAborted(options.signal);
    return this.#folder(type).get(name)?.length;
  }

  async read(type: FileType, name: string, range?: ByteRange, options: CallOptions = {}): Promise<Bytes> {
    checkName(type, name);
    throwIfAborted(options.signal);
    const data = this.#folder(type).get(name);
    if (!data) throw notFound(type, name, this.location);
    if (!range) return data.slice();
    const end = range.offset + range.length;
    if (end > data.length) throw shorterThanRange(type, name, this.location, data.length, end);
    return data.slice(range.offset, end);
  }

  async write(type: FileType, name: string, data: Bytes, options: CallOptions = {}): Promise<void> {
    checkName(type, name);
    throwIfAborted(options.signal);
    const folder = this.#folder(type);
    if (folder.has(name)) throw alreadyExists(type, name, this.location);
    folder.set(name, data.slice());
  }

  async remove(type: FileType, name: string, options: CallOptions = {}): Promise<void> {
    checkName(type, name);
    throwIfAborted(options.signal);
    this.#folder(type).delete(name);
  }

  async close(): Promise<void> {}

  #folder(type: FileType): Map<string, Bytes> {
    const folder = this.#files.get(type) ?? new Map<string, Bytes>();
    this.#files.set(type, folder);
    return folder;
  }
}

/** An empty repository store in this process's memory. */
export function memoryBackend(): Backend {
  return new MemoryBackend();
}
