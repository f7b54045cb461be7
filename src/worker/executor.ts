/**
 * Where the heavy work is done. `inline` runs it on the calling thread, `pool` (pool.ts) on threads; both run the
 * same pure functions, and one test suite compares them.
 */
import type { Bytes } from '../base/bytes.js';
import type { SyncError } from '../base/errors.js';
import type { PackPart } from '../repo/loader.js';
import { openPartNow } from '../repo/loader.js';
import type { FileResult, FileSink, FileTools } from './file-task.js';
import { saveFile } from './file-task.js';

export interface Executor {
  /** How many files are worth having under way at once. */
  readonly parallel: number;
  saveFile(path: string, sink: FileSink, signal?: AbortSignal): Promise<FileResult>;
  /** Opens the blobs of one downloaded part. Takes the bytes over. */
  openPart(part: PackPart, bytes: Bytes): Promise<(Bytes | SyncError)[]>;
  close(): Promise<void>;
}

export function inlineExecutor(tools: FileTools): Executor {
  return {
    parallel: 2,
    saveFile: (path, sink, signal) => saveFile(tools, path, sink, signal),
    openPart: async (part, bytes) => openPartNow(tools.codec, part, bytes),
    close: async () => undefined,
  };
}
