/**
 * Bytes into blobs: split, hash, and for each blob that is new: compress, seal. Runs unchanged on the main thread and on
 * a worker; what differs is the sink.
 *
 *   for each chunk: id = SHA-256 -> sink.claim(id) -> new? -> seal -> sink.emit
 *
 * One chunk is held at a time, in a buffer that is reused: memory is bounded by tasks, not by files.
 */
import type { Bytes } from '../base/bytes.js';
import { throwIfAborted } from '../base/errors.js';
import type { BlobId } from '../base/ids.js';
import type { Chunker } from '../chunker/chunker.js';
import { createChunker, MAX_CHUNK } from '../chunker/chunker.js';
import { parsePolynomial } from '../chunker/polynomial.js';
import type { Codec, SealedBlob } from '../repo/codec.js';
import { blobId, sealBlob } from '../repo/codec.js';

export interface FileSink {
  /** Whether this task has to bring the blob, of so many plain bytes. */
  claim(id: BlobId, plainLength: number): boolean | Promise<boolean>;
  /** Takes a claimed blob; resolves when there is room for more. */
  emit(blob: SealedBlob, plainLength: number): Promise<void>;
}

export interface StreamResult {
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
/** What a large file needs; made anew it would cost more than the file. */
interface Splitter {
  readonly buffer: Bytes;
  readonly chunker: Chunker;
}

/** As many as there were tasks at once; they go with the tools. */
const idleSplitters = new WeakMap<FileTools, Splitter[]>();

/** Reads into the buffer until it is full or there is no more, from `position` of the file; returns the bytes read. */
export type ReadInto = (buffer: Bytes, position: number) => Promise<number>;

/** For files of a repository; `polynomial` as its config has it. */
export function fileTools(codec: Codec, polynomial: string): FileTools {
  const parsed = parsePolynomial(polynomial);
  return { codec, newChunker: () => createChunker(parsed) };
}

/** All that `read` gives, cut where the repository's files are cut. */
export async function saveSplit(
  tools: FileTools,
  read: ReadInto,
  sink: FileSink,
  signal?: AbortSignal,
): Promise<StreamResult> {
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
      const length = await read(buffer.subarray(filled, Math.min(buffer.length, filled + READ_AHEAD)), position);
      if (length === 0) break;
      filled += length;
      position += length;
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

/** Bytes that are one blob. */
export async function saveChunk(codec: Codec, plain: Bytes, sink: FileSink, signal?: AbortSignal): Promise<BlobId> {
  throwIfAborted(signal);
  const id = blobId(codec.crypto, plain);
  const wanted = sink.claim(id, plain.length);
  if (typeof wanted === 'boolean' ? wanted : await wanted) {
    await sink.emit(sealBlob(codec, 'data', id, plain), plain.length);
  }
  return id;
}
