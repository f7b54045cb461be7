/**
 * A very large file on several threads: one of them finds the cuts, which takes a tenth of the time, and the others save
 * the chunks between them, each a stretch of some megabytes, which they read again.
 */
import type { Bytes } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';
import { pageLayoutOf } from '../chunker/pages.js';
import type { FileAccess } from './file-access.js';
import type { FileResult, FileStats, FileTools } from './file-task.js';
import { fill, withFile } from './file-task.js';
import type { ChunkSink } from './split.js';
import { findChunks, growBuffer, newChunk, saveChunks, withSplitter } from './split.js';

/** What tells the kind of a file. */
const START_SIZE = 8192;

/** Chunks that follow each other. */
export interface Stretch {
  /** Where the first one begins, in bytes from the start of the file. */
  readonly from: number;
  readonly lengths: readonly number[];
}

export interface StretchToSave extends Stretch {
  readonly path: string;
  /** Of the file when it was cut: what has another identity, size or time now is not it any more. */
  readonly stats: FileStats;
}

/**
 * `tell` gets the stretches in their order, and the file's metadata; it resolves when more are wanted. undefined for a
 * file that is to be cut by its pages, of which little is new as a rule. Throws 'io'.
 */
export async function cutFile(
  tools: FileTools,
  access: FileAccess,
  { path, byPages }: { readonly path: string; readonly byPages: boolean },
  tell: (stretch: Stretch, stats: FileStats) => Promise<void>,
): Promise<{ readonly size: number; readonly stats: FileStats } | undefined> {
  return withFile(access, path, async (opened) => {
    const read = (buffer: Bytes, position: number): Promise<number> => fill(opened, path, buffer, position);
    if (byPages) {
      const start = new Uint8Array(START_SIZE);
      const length = await fill(opened, path, start, 0);
      if (pageLayoutOf(path, start.subarray(0, length), Number(opened.stats.size)) !== undefined) return undefined;
    }
    let from = 0;
    const size = await findChunks(tools, read, {}, async (chunks) => {
      if (chunks.length === 0) return;
      await tell({ from, lengths: chunks.map(({ length }) => length) }, opened.stats);
      for (const { length } of chunks) from += length;
    });
    return { size, stats: opened.stats };
  });
}

/** Throws 'conflict' if the file is not what it was when it was cut, 'io' if it cannot be read. */
export async function saveStretch(
  tools: FileTools,
  access: FileAccess,
  { path, stats, from, lengths }: StretchToSave,
  sink: ChunkSink,
): Promise<FileResult> {
  return withFile(access, path, (opened) =>
    withSplitter(tools, async (splitter) => {
      const size = lengths.reduce((sum, length) => sum + length, 0);
      growBuffer(splitter, size);
      const bytes = splitter.buffer.subarray(0, size);
      if (!isSame(stats, opened.stats) || (await fill(opened, path, bytes, from)) < size) throw changed(path);
      splitter.witness.set(bytes);
      let at = 0;
      const chunks = lengths.map((length) => {
        at += length;
        return newChunk(tools, splitter, bytes.subarray(at - length, at), 0);
      });
      return { content: await saveChunks(chunks, sink), size, stats };
    }),
  );
}

function isSame(a: FileStats, b: FileStats): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs;
}

function changed(path: string): SyncError {
  return new SyncError('conflict', `${path} has changed while it was read`, { details: { path } });
}
