/**
 * The work on one file: read, split, hash, and for each blob that is new: compress, seal. Runs unchanged on the
 * main thread and on a worker; what differs is the sink.
 *
 *   for each chunk: id = SHA-256 -> sink.claim(id) -> new? -> seal -> sink.emit
 *
 * One chunk is held at a time, in a buffer that is reused: memory is bounded by tasks, not by files.
 */
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import type { Bytes } from '../base/bytes.js';
import { ioError, SyncError, throwIfAborted } from '../base/errors.js';
import type { BlobId } from '../base/ids.js';
import { toFsPath } from '../base/raw-string.js';
import type { Chunker } from '../chunker/chunker.js';
import { MAX_CHUNK, MIN_CHUNK } from '../chunker/chunker.js';
import type { Codec, SealedBlob } from '../repo/codec.js';
import { blobId, sealBlob } from '../repo/codec.js';

export interface FileSink {
  /** Whether this task has to bring the blob. */
  claim(id: BlobId): boolean | Promise<boolean>;
  /** Takes a claimed blob; resolves when there is room for more. */
  emit(blob: SealedBlob, plainLength: number): Promise<void>;
}

export interface FileResult {
  readonly content: readonly BlobId[];
  /** Bytes read: what the file had at the time, whatever its metadata said before. */
  readonly size: number;
}

export interface FileTools {
  readonly codec: Codec;
  readonly newChunker: () => Chunker;
}

const READ_AHEAD = 1024 * 1024;
const BUFFER_SIZE = MAX_CHUNK + READ_AHEAD;
/** Whoever put a link or a pipe in the place of a file after the scan gets neither followed nor waited for. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** What a large file needs; made anew it would cost more than the file. */
interface Splitter {
  readonly buffer: Bytes;
  readonly chunker: Chunker;
}

/** As many as there were tasks at once; they go with the tools. */
const idleSplitters = new WeakMap<FileTools, Splitter[]>();

/** Throws 'io' (details.errno tells why) when the file cannot be read, 'aborted', or what the sink throws. */
export async function saveFile(
  tools: FileTools,
  path: string,
  sink: FileSink,
  signal?: AbortSignal,
): Promise<FileResult> {
  throwIfAborted(signal);
  const file = await attempt(path, () => open(toFsPath(path), FLAGS));
  try {
    const stats = await attempt(path, () => file.stat());
    if (!stats.isFile())
      throw new SyncError('io', `cannot read ${path}: it is no ordinary file`, { details: { path } });
    const { size } = stats;
    if (size < MIN_CHUNK) return await saveSmall(tools, file, path, size, sink, signal);
    return await saveLarge(tools, file, path, sink, signal);
  } finally {
    await file.close();
  }
}

/** Below the smallest chunk a file is one blob. One that grew meanwhile takes the long way. */
async function saveSmall(
  tools: FileTools,
  file: FileHandle,
  path: string,
  size: number,
  sink: FileSink,
  signal?: AbortSignal,
): Promise<FileResult> {
  const buffer = new Uint8Array(size + 1);
  const length = await fill(file, path, buffer, 0);
  if (length === buffer.length) return saveLarge(tools, file, path, sink, signal);
  if (length === 0) return { content: [], size: 0 };
  const id = await saveChunk(tools.codec, buffer.subarray(0, length), sink, signal);
  return { content: [id], size: length };
}

async function saveLarge(
  tools: FileTools,
  file: FileHandle,
  path: string,
  sink: FileSink,
  signal?: AbortSignal,
): Promise<FileResult> {
  const splitter = takeSplitter(tools);
  const { buffer, chunker } = splitter;
  const content: BlobId[] = [];
  // In the buffer: the present chunk begins at start, the chunker has seen all before scanned, bytes end at filled.
  let start = 0;
  let scanned = 0;
  let filled = 0;
  // In the file: the end of what is filled.
  let position = 0;
  try {
    for (;;) {
      const cut = chunker.next(buffer, scanned, filled);
      if (cut !== -1) {
        content.push(await saveChunk(tools.codec, buffer.subarray(start, cut), sink, signal));
        start = cut;
        scanned = cut;
        continue;
      }
      scanned = filled;
      if (filled === buffer.length) {
        buffer.copyWithin(0, start, filled);
        scanned -= start;
        filled -= start;
        start = 0;
      }
      const read = await fill(
        file,
        path,
        buffer.subarray(filled, Math.min(buffer.length, filled + READ_AHEAD)),
        position,
      );
      if (read === 0) break;
      filled += read;
      position += read;
    }
    if (filled > start) content.push(await saveChunk(tools.codec, buffer.subarray(start, filled), sink, signal));
    return { content, size: position };
  } finally {
    chunker.reset();
    idleSplitters.get(tools)?.push(splitter);
  }
}

function takeSplitter(tools: FileTools): Splitter {
  const idle = idleSplitters.get(tools) ?? [];
  idleSplitters.set(tools, idle);
  return idle.pop() ?? { buffer: new Uint8Array(BUFFER_SIZE), chunker: tools.newChunker() };
}

async function saveChunk(codec: Codec, plain: Bytes, sink: FileSink, signal?: AbortSignal): Promise<BlobId> {
  throwIfAborted(signal);
  const id = blobId(codec.crypto, plain);
  const wanted = sink.claim(id);
  if (typeof wanted === 'boolean' ? wanted : await wanted) {
    await sink.emit(sealBlob(codec, 'data', id, plain), plain.length);
  }
  return id;
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
