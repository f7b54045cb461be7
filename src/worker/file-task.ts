/**
 * The work on files: open, read, and what split.ts does with the bytes. Small files share a buffer and a claim. Runs
 * unchanged on the main thread and on a worker, which differ in how they reach files (file-access.ts).
 */
import type { Bytes } from '../base/bytes.js';
import { ioError, isSyncError, SyncError, throwIfAborted } from '../base/errors.js';
import { MIN_CHUNK } from '../chunker/chunker.js';
import type { PageCutter, PageHistory } from '../chunker/page-cutter.js';
import { createPageCutter } from '../chunker/page-cutter.js';
import { pageLayoutOf } from '../chunker/pages.js';
import { blobId } from '../repo/codec.js';
import type { FileAccess, OpenedFile } from './file-access.js';
import type { Chunk, ChunkSink, FileTools, SplitOptions, Splitter, StreamResult } from './split.js';
import { cutPages, growBuffer, newChunk, saveSplit, storeWanted, USUAL_LENGTH, withSplitter } from './split.js';

export type { FileTools, StreamResult } from './split.js';

/** The members of BigIntStats that describe a file, as they cross threads. */
export interface FileStats {
  readonly mode: bigint;
  readonly uid: bigint;
  readonly gid: bigint;
  readonly ino: bigint;
  readonly dev: bigint;
  readonly rdev: bigint;
  readonly nlink: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly atimeNs: bigint;
  readonly ctimeNs: bigint;
}

export interface FileResult extends StreamResult {
  /** Of the opened file, before the first byte was read: what was stored is not older than this. */
  readonly stats: FileStats;
  /** What stood at the path after the last byte was read; absent if nothing did, and if nobody asked for it. */
  readonly after?: FileStats;
}

export interface FileToSave {
  readonly path: string;
  /** A file that is changed in place is cut by its pages (chunker/page-cutter.ts) then, others never. */
  readonly pages: PageHistory | undefined;
  /** Whether to look again when it was read, so that the caller can tell if it changed meanwhile. */
  readonly lookAfter: boolean;
}

/** A file below this is read at once; the smallest chunk of content is as long. */
export const SMALL_FILE: number = MIN_CHUNK;

/** Throws 'io' (details.errno tells why) when the file cannot be read, 'aborted', or what the sink throws. */
export async function saveFile(
  tools: FileTools,
  access: FileAccess,
  given: FileToSave,
  sink: ChunkSink,
  options: Pick<SplitOptions, 'file' | 'signal'> = {},
): Promise<FileResult> {
  throwIfAborted(options.signal);
  return withFile(access, given.path, async (opened) => {
    const read = (buffer: Bytes, position: number): Promise<number> => fill(opened, given.path, buffer, position);
    const { stats } = opened;
    const choosePages = (start: Bytes): PageCutter | undefined => pageCutter(tools, given, start, Number(stats.size));
    const saved = await saveSplit(tools, read, sink, { ...options, choosePages });
    return { ...saved, stats, ...(await lookAfter(access, given)) };
  });
}

/**
 * Several files, each below SMALL_FILE when it was looked at, with one claim for all that fit the buffer; one that has
 * grown since goes alone. A file that cannot be read has its error ('io') in its place.
 */
export function saveSmallFiles(
  tools: FileTools,
  access: FileAccess,
  files: readonly FileToSave[],
  sink: ChunkSink,
): Promise<(FileResult | SyncError)[]> {
  return withSplitter(tools, async (splitter) => {
    growBuffer(splitter, USUAL_LENGTH);
    const { witness } = splitter;
    const buffer = splitter.buffer.subarray(0, USUAL_LENGTH);
    const results: (FileResult | SyncError)[] = [];
    let chunks: Chunk[] = [];
    let used = 0;
    for (const [file, given] of files.entries()) {
      if (buffer.length - used <= SMALL_FILE) {
        await storeWanted(chunks, sink);
        chunks = [];
        used = 0;
      }
      const room = buffer.subarray(used, used + SMALL_FILE + 1);
      const read = await unlessUnreadable(() => readSmall(access, given, room));
      if (read instanceof SyncError) {
        results.push(read);
      } else if (read.length === room.length) {
        results.push(await unlessUnreadable(() => saveFile(tools, access, given, sink, { file })));
      } else {
        const bytes = room.subarray(0, read.length);
        witness.set(bytes, used);
        const found = chunksOf(tools, given, splitter, bytes, file);
        chunks.push(...found);
        used += read.length;
        const { length, ...stats } = read;
        results.push({ content: found.map(({ id }) => id), size: length, ...stats });
      }
    }
    if (chunks.length > 0) await storeWanted(chunks, sink);
    return results;
  });
}

function readSmall(
  access: FileAccess,
  given: FileToSave,
  room: Bytes,
): Promise<Pick<FileResult, 'stats' | 'after'> & { readonly length: number }> {
  return withFile(access, given.path, async (opened) => {
    const length = await fill(opened, given.path, room, 0);
    return { length, stats: opened.stats, ...(await lookAfter(access, given)) };
  });
}

async function lookAfter(access: FileAccess, given: FileToSave): Promise<Pick<FileResult, 'after'>> {
  if (!given.lookAfter) return {};
  const after = await attempt(given.path, () => access.look(given.path));
  return after === undefined ? {} : { after };
}

function chunksOf(tools: FileTools, given: FileToSave, splitter: Splitter, bytes: Bytes, file: number): Chunk[] {
  if (bytes.length === 0) return [];
  const cutter = pageCutter(tools, given, bytes, bytes.length);
  if (cutter === undefined) return [newChunk(tools, splitter, bytes, file)];
  const { chunks, ids } = cutPages(cutter, bytes, true);
  return chunks.map((plain, i) => newChunk(tools, splitter, plain, file, ids[i]));
}

/** undefined for a file that is cut by its content. */
function pageCutter(
  { codec }: FileTools,
  { path, pages }: Pick<FileToSave, 'path' | 'pages'>,
  start: Bytes,
  size: number,
): PageCutter | undefined {
  const layout = pages && pageLayoutOf(path, start, size, pages.total);
  return layout && createPageCutter(layout, pages.sent, (plain) => blobId(codec.crypto, plain));
}

async function unlessUnreadable<T>(work: () => Promise<T>): Promise<T | SyncError> {
  try {
    return await work();
  } catch (error) {
    if (isSyncError(error, 'io')) return error;
    throw error;
  }
}

/** The file is closed in the end. Throws 'io'. */
export async function withFile<T>(
  access: FileAccess,
  path: string,
  work: (file: OpenedFile) => Promise<T>,
): Promise<T> {
  const file = await attempt(path, () => access.open(path));
  try {
    if (!file.isFile) throw new SyncError('io', `cannot read ${path}: it is no ordinary file`, { details: { path } });
    return await work(file);
  } finally {
    await file.close();
  }
}

/** Reads until the buffer is full or the file ends; returns the bytes read. Throws 'io'. */
export async function fill(file: OpenedFile, path: string, buffer: Bytes, position: number): Promise<number> {
  let length = 0;
  while (length < buffer.length) {
    const at = length;
    const bytesRead = await attempt(path, () => file.read(buffer.subarray(at), position + at));
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}

async function attempt<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw ioError(error, 'cannot read', path);
  }
}
