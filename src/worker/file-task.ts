/**
 * The work on one file: open, read, and what split.ts does with the bytes. Runs unchanged on the main thread and on a
 * worker.
 */
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import type { Bytes } from '../base/bytes.js';
import { errnoOf, ioError, SyncError, throwIfAborted } from '../base/errors.js';
import { toFsPath } from '../base/raw-string.js';
import { MIN_CHUNK } from '../chunker/chunker.js';
import type { FileSink, FileTools, ReadInto, StreamResult } from './split.js';
import { saveChunk, saveSplit } from './split.js';

export type { FileSink, FileTools, StreamResult } from './split.js';

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
}

/** Whoever put a link or a pipe in the place of a file after the scan gets neither followed nor waited for. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
/** Reading leaves no trace in the time of last access, where the system lets us (root and owners on Linux). */
const NO_TRACE = constants.O_NOATIME ?? 0;

/** Throws 'io' (details.errno tells why) when the file cannot be read, 'aborted', or what the sink throws. */
export async function saveFile(
  tools: FileTools,
  path: string,
  sink: FileSink,
  signal?: AbortSignal,
): Promise<FileResult> {
  throwIfAborted(signal);
  const file = await attempt(path, () => openQuietly(path));
  try {
    const stats = await attempt(path, () => file.stat({ bigint: true }));
    if (!stats.isFile())
      throw new SyncError('io', `cannot read ${path}: it is no ordinary file`, { details: { path } });
    const read: ReadInto = (buffer, position) => fill(file, path, buffer, position);
    const size = Number(stats.size);
    const small = size < MIN_CHUNK ? await saveSmall(tools, read, size, sink, signal) : undefined;
    return { ...(small ?? (await saveSplit(tools, read, sink, signal))), stats: plainStats(stats) };
  } finally {
    await file.close();
  }
}

async function openQuietly(path: string): Promise<FileHandle> {
  const name = toFsPath(path);
  if (NO_TRACE === 0) return open(name, FLAGS);
  try {
    return await open(name, FLAGS | NO_TRACE);
  } catch (error) {
    // Only the owner and root may read without a trace.
    if (errnoOf(error) === 'EPERM') return open(name, FLAGS);
    throw error;
  }
}

function plainStats(stats: FileStats): FileStats {
  const { mode, uid, gid, ino, dev, rdev, nlink, size, mtimeNs, atimeNs, ctimeNs } = stats;
  return { mode, uid, gid, ino, dev, rdev, nlink, size, mtimeNs, atimeNs, ctimeNs };
}

/** Below the smallest chunk a file is one blob. undefined for one that grew meanwhile: it takes the long way. */
async function saveSmall(
  tools: FileTools,
  read: ReadInto,
  size: number,
  sink: FileSink,
  signal?: AbortSignal,
): Promise<StreamResult | undefined> {
  const buffer = new Uint8Array(size + 1);
  const length = await read(buffer, 0);
  if (length === buffer.length) return undefined;
  if (length === 0) return { content: [], size: 0 };
  const id = await saveChunk(tools.codec, buffer.subarray(0, length), sink, signal);
  return { content: [id], size: length };
}

/** Reads until the buffer is full or the file ends; returns the bytes read. */
async function fill(file: FileHandle, path: string, buffer: Bytes, position: number): Promise<number> {
  let length = 0;
  while (length < buffer.length) {
    const at = length;
    const { bytesRead } = await attempt(path, () => file.read(buffer, at, buffer.length - at, position + at));
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}

async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw ioError(error, 'cannot read', path);
  }
}
