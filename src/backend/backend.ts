/**
 * The one interface between a repository and where its files lie. Names are the 64 hex digits of the file's SHA-256,
 * except that `config` has no name (pass ''). Files are written once and never changed.
 */
import type { Bytes } from '../base/bytes.js';

export type FileType = 'config' | 'keys' | 'locks' | 'snapshots' | 'index' | 'data';

export const LISTED_TYPES: readonly Exclude<FileType, 'config'>[] = ['keys', 'locks', 'snapshots', 'index', 'data'];

export interface FileInfo {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface ReadOptions extends CallOptions {
  /**
   * Memory of the caller, at least as long as the range that is asked for: what is read may be a view of it, so that it
   * can be used again and again. It is given away when the call throws. Of no effect without a range.
   */
  readonly into?: Bytes | undefined;
}

export interface Backend {
  /** For messages: the address without any password. */
  readonly location: string;

  /** Makes the folders of a new repository; succeeds when they are there already. */
  create(options?: CallOptions): Promise<void>;

  /** All files of a type, in no order; empty if there is none. Names that are not 64 hex digits are left out. */
  list(type: Exclude<FileType, 'config'>, options?: CallOptions): Promise<FileInfo[]>;

  /** Size of a file, or undefined if it does not exist. */
  stat(type: FileType, name: string, options?: CallOptions): Promise<number | undefined>;

  /**
   * The whole file, or exactly the range asked for. Throws 'not-found'; 'damaged' if the file is shorter than the
   * range. Does not check the hash: the caller knows whether it has the whole file.
   */
  read(type: FileType, name: string, range?: ByteRange, options?: ReadOptions): Promise<Bytes>;

  /** Stores a new file, durably, all or nothing. Throws 'exists' if one of that name is there. */
  write(type: FileType, name: string, data: Bytes, options?: CallOptions): Promise<void>;

  /** Puts another `config` in the place of the one there, in one step. Absent where there is no such step. */
  replaceConfig?(data: Bytes, options?: CallOptions): Promise<void>;

  /** Removes a file; succeeds when it is not there. Throws 'forbidden' where the server is append-only. */
  remove(type: FileType, name: string, options?: CallOptions): Promise<void>;

  /** Frees connections. The backend cannot be used afterwards. */
  close(): Promise<void>;
}
