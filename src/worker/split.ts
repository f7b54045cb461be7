/**
 * Bytes into blobs: split, hash, and for each blob that is new: compress, seal. Runs unchanged on the main thread and on
 * a worker; what differs is the sink.
 *
 *   for each buffer full: chunks -> id = SHA-256 of each -> sink.claim(all of them) -> sink.store(those that are new)
 *
 * Claims come a buffer full at a time: between threads each of them is a round trip. The buffer is reused, so memory is
 * bounded by tasks, not by files.
 */
import type { Bytes } from '../base/bytes.js';
import { discard } from '../base/bytes.js';
import { throwIfAborted } from '../base/errors.js';
import type { BlobId } from '../base/ids.js';
import type { Chunker } from '../chunker/chunker.js';
import { createChunker, MAX_CHUNK } from '../chunker/chunker.js';
import type { PageCutter } from '../chunker/page-cutter.js';
import { parsePolynomial } from '../chunker/polynomial.js';
import type { Codec } from '../repo/codec.js';
import { blobId } from '../repo/codec.js';

export interface Chunk {
  readonly id: BlobId;
  /** A view into memory that is reused: valid until `store` has resolved. */
  readonly plain: Bytes;
  /** The same bytes, copied before they were hashed: what is sealed is held against them (codec.ts, sealBlobInto). */
  readonly witness: Bytes;
  /** Which file of the task it is of. */
  readonly file: number;
}

export interface ChunkSink {
  /** For each of the chunks, whether this task has to bring it. */
  claim(chunks: readonly Chunk[]): Promise<readonly boolean[]>;
  /** Seals a claimed chunk and takes it; resolves when there is room for more. */
  store(chunk: Chunk): Promise<void>;
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

/** Reads into the buffer until it is full or there is no more, from `position` of the file; returns the bytes read. */
export type ReadInto = (buffer: Bytes, position: number) => number | Promise<number>;

export interface SplitOptions {
  readonly file?: number;
  readonly signal?: AbortSignal | undefined;
  /** Another way to cut, chosen by the first bytes; undefined for the repository's own. */
  readonly choosePages?: ((start: Bytes) => PageCutter | undefined) | undefined;
}

/** For small files, and for small pushes: memory that is asked for and not used makes the garbage collector run. */
const FIRST_BUFFER = 1024 * 1024;
const FULL_BUFFER = MAX_CHUNK + 1024 * 1024;
/** Few chunks are longer (1 in 30): what lies behind is not written to before one is, and until then not there. */
export const USUAL_LENGTH: number = 4 * 1024 * 1024;

/** What a task needs; made anew it would cost more than a small file. */
export interface Splitter {
  buffer: Bytes;
  /** A copy of what was read into the buffer, byte for byte in the same places. */
  witness: Bytes;
  readonly chunker: Chunker;
}

/** As many as there were tasks at once; they go with the tools. */
const idleSplitters = new WeakMap<FileTools, Splitter[]>();

/** For files of a repository; `polynomial` as its config has it. */
export function fileTools(codec: Codec, polynomial: string): FileTools {
  const parsed = parsePolynomial(polynomial);
  return { codec, newChunker: () => createChunker(parsed) };
}

/** All that `read` gives, cut where the repository's files are cut. */
export async function saveSplit(
  tools: FileTools,
  read: ReadInto,
  sink: ChunkSink,
  options: SplitOptions = {},
): Promise<StreamResult> {
  const content: BlobId[] = [];
  const size = await findChunks(tools, read, options, async (chunks, splitter, ids) => {
    const found = chunks.map((plain, i) => newChunk(tools, splitter, plain, options.file ?? 0, ids?.[i]));
    for (const id of await saveChunks(found, sink, options.signal)) content.push(id);
  });
  return { content, size };
}

/**
 * Gives `use` the chunks of all that `read` gives, in their order, some at a time: views into memory that is used again
 * when it has resolved. Returns the bytes read.
 */
export function findChunks(
  tools: FileTools,
  read: ReadInto,
  { choosePages }: Pick<SplitOptions, 'choosePages'>,
  use: (chunks: readonly Bytes[], splitter: Splitter, ids?: readonly BlobId[]) => Promise<void>,
): Promise<number> {
  return withSplitter(tools, async (splitter) => {
    let pages: PageCutter | undefined;
    // In the buffer: the present chunk is at its start, the chunker has seen all before scanned, bytes end at filled.
    let scanned = 0;
    let filled = 0;
    let position = 0;
    for (let isEnd = false; !isEnd; ) {
      if (filled === splitter.buffer.length) growBuffer(splitter, FULL_BUFFER);
      const { buffer, witness } = splitter;
      const most = filled < USUAL_LENGTH ? Math.min(USUAL_LENGTH, buffer.length) : buffer.length;
      const length = await read(buffer.subarray(filled, most), position);
      witness.set(buffer.subarray(filled, filled + length), filled);
      if (position === 0) pages = choosePages?.(buffer.subarray(0, length));
      position += length;
      filled += length;
      isEnd = filled < most;
      const found =
        pages === undefined
          ? cut(splitter.chunker, buffer, scanned, filled, isEnd)
          : cutPages(pages, buffer.subarray(0, filled), isEnd);
      const { end } = found;
      await use(found.chunks, splitter, found.ids);
      buffer.copyWithin(0, end, filled);
      witness.copyWithin(0, end, filled);
      filled -= end;
      scanned = filled;
    }
    return position;
  });
}

/** Runs `work` with memory that it has for itself. */
export async function withSplitter<T>(tools: FileTools, work: (splitter: Splitter) => Promise<T>): Promise<T> {
  const idle = idleSplitters.get(tools) ?? [];
  idleSplitters.set(tools, idle);
  const splitter = idle.pop() ?? newSplitter(tools);
  try {
    return await work(splitter);
  } finally {
    splitter.chunker.reset();
    idle.push(splitter);
  }
}

function newSplitter(tools: FileTools): Splitter {
  const [buffer, witness] = [new Uint8Array(FIRST_BUFFER), new Uint8Array(FIRST_BUFFER)];
  return { buffer, witness, chunker: tools.newChunker() };
}

/** What is in it stays. */
export function growBuffer(splitter: Splitter, size: number): void {
  if (size <= splitter.buffer.length) return;
  const [buffer, witness] = [new Uint8Array(size), new Uint8Array(size)];
  buffer.set(splitter.buffer);
  witness.set(splitter.witness);
  discard(splitter.buffer);
  discard(splitter.witness);
  splitter.buffer = buffer;
  splitter.witness = witness;
}

interface FoundChunks {
  readonly chunks: readonly Bytes[];
  /** Where the last of them ends. */
  readonly end: number;
  /** Where they had to be hashed to be found. */
  readonly ids?: readonly BlobId[];
}

/** The same for a file that is changed in place; `data` starts with the present chunk. */
export function cutPages(cutter: PageCutter, data: Bytes, isEnd: boolean): Required<FoundChunks> {
  const pieces = cutter.cut(data, isEnd);
  let end = 0;
  const chunks = pieces.map((piece) => {
    const start = end;
    end = piece.end;
    return data.subarray(start, end);
  });
  return { chunks, end, ids: pieces.map(({ id }) => id) };
}

/** The chunks in buffer[0, filled), of which the chunker has seen [0, scanned); they end at `end`. */
function cut(chunker: Chunker, buffer: Bytes, scanned: number, filled: number, isEnd: boolean): FoundChunks {
  const chunks: Bytes[] = [];
  let end = 0;
  let from = scanned;
  for (let next = chunker.next(buffer, from, filled); next !== -1; next = chunker.next(buffer, from, filled)) {
    chunks.push(buffer.subarray(end, next));
    end = next;
    from = next;
  }
  if (!isEnd || end === filled) return { chunks, end };
  chunks.push(buffer.subarray(end, filled));
  return { chunks, end: filled };
}

/** `plain` lies in the splitter's buffer; hashed here unless its id is known. */
export function newChunk(
  { codec }: FileTools,
  { buffer, witness }: Splitter,
  plain: Bytes,
  file: number,
  id: BlobId = blobId(codec.crypto, plain),
): Chunk {
  const at = plain.byteOffset - buffer.byteOffset;
  return { id, plain, witness: witness.subarray(at, at + plain.length), file };
}

/** Each of them is one blob; returns their ids. */
export async function saveChunks(chunks: readonly Chunk[], sink: ChunkSink, signal?: AbortSignal): Promise<BlobId[]> {
  if (chunks.length === 0) return [];
  throwIfAborted(signal);
  await storeWanted(chunks, sink);
  return chunks.map(({ id }) => id);
}

export async function storeWanted(chunks: readonly Chunk[], sink: ChunkSink): Promise<void> {
  const wanted = await sink.claim(chunks);
  for (const [i, chunk] of chunks.entries()) if (wanted[i] === true) await sink.store(chunk);
}
