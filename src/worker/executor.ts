/**
 * Where the heavy work is done. `inline` runs it on the calling thread, `pool` (pool.ts) on threads; both run the
 * same pure functions, and one test suite compares them.
 */
import { Semaphore } from '../base/concurrency.js';
import { throwIfAborted } from '../base/errors.js';
import type { BlobId } from '../base/ids.js';
import type { PageHistory } from '../chunker/page-cutter.js';
import type { Codec, SealedBlob } from '../repo/codec.js';
import { sealBlob } from '../repo/codec.js';
import { asyncAccess } from './file-access.js';
import type { FileResult, FileTools } from './file-task.js';
import { saveFile } from './file-task.js';
import type { PartWork } from './part-work.js';
import { inlinePartWork } from './part-work.js';
import type { ChunkSink } from './split.js';

export type { PageHistory, SentBlob } from '../chunker/page-cutter.js';
export { isRegionFile } from '../chunker/pages.js';

/** Where the blobs of a file go. */
export interface FileSink {
  /** Whether this file has to bring the blob, of so many plain bytes. */
  claim(id: BlobId, plainLength: number): boolean | Promise<boolean>;
  /** Takes a claimed blob, whose bytes are lent until it resolves; it does when there is room for more. */
  emit(blob: SealedBlob, plainLength: number): Promise<void>;
}

export interface SaveOptions {
  readonly signal?: AbortSignal | undefined;
  /** As it was when the file was looked at: small files go in batches. Without it a file counts as large. */
  readonly size?: number;
  /** A file that is changed in place is cut by its pages then: not as restic cuts it. */
  readonly pages?: PageHistory | undefined;
  /** Whether to look at the path again when the file was read; the result has it then. */
  readonly lookAfter?: boolean;
}

export interface Executor extends PartWork {
  /** How many files are worth having asked for at once. */
  readonly parallel: number;
  /** Throws 'io' (details.errno tells why) when the file cannot be read, 'aborted', or what the sink throws. */
  saveFile(path: string, sink: FileSink, options?: SaveOptions): Promise<FileResult>;
  close(): Promise<void>;
}

/** One is worked on while the other waits for the disk. */
const INLINE_FILES = 2;

export function inlineExecutor(tools: FileTools): Executor {
  const slots = new Semaphore(INLINE_FILES);
  return {
    parallel: INLINE_FILES,
    saveFile: async (path, sink, { signal, pages, lookAfter = false } = {}) => {
      const release = await slots.acquire();
      try {
        const chunks = sealingSink(tools.codec, sink, signal);
        return await saveFile(tools, asyncAccess, { path, pages, lookAfter }, chunks, { signal });
      } finally {
        release();
      }
    },
    ...inlinePartWork(tools.codec),
    close: async () => undefined,
  };
}

/** Seals on this thread. */
export function sealingSink(codec: Codec, sink: FileSink, signal: AbortSignal | undefined): ChunkSink {
  return {
    claim: async (chunks) => {
      const wanted: boolean[] = [];
      for (const { id, plain } of chunks) {
        throwIfAborted(signal);
        wanted.push(await sink.claim(id, plain.length));
      }
      return wanted;
    },
    store: async ({ id, plain }) => {
      throwIfAborted(signal);
      await sink.emit(sealBlob(codec, 'data', id, plain), plain.length);
    },
  };
}
