/**
 * zstd contexts of node:zlib that are kept from call to call and write into memory of the caller. The documented
 * functions make a new context and new memory each time, which costs more than the work itself (node 24, 4 KiB of a
 * region file: 27 us to compress and 16 us to unpack, kept 4.9 and 1.0; 1 MiB: unpacking 2.4 GB/s, kept 9.9).
 *
 * This is what node's own zstdCompressSync does inside, and is not documented: `probeKept` tries it all out first, and
 * every call checks that what came out is whole. Where anything is amiss the documented functions do the work.
 */
import type { Bytes } from '../base/bytes.js';
import { equalBytes } from '../base/bytes.js';

export interface KeptZstd {
  /** Compresses into `out` (see compressBound) as one frame; its length, or undefined if that did not work. */
  compress(data: Bytes, out: Bytes, level: number): number | undefined;
  /** Unpacks a frame whose content is exactly as long as `out`; false if that did not work. */
  decompress(frame: Bytes, out: Bytes): boolean;
  /** Whether the frame unpacks to exactly these bytes; a piece at a time, for which memory is kept. */
  unpacksTo(frame: Bytes, plain: Bytes): boolean;
}

/** What node:zlib's streams are made by. */
export interface StreamFactory {
  createZstdCompress(options: { readonly params: Readonly<Record<number, number>> }): object;
  createZstdDecompress(): object;
}

/** Input taken and output made, in bytes. */
interface Progress {
  readonly taken: number;
  readonly made: number;
}

interface Context {
  /** undefined after an error, and for ever from then on. */
  run(data: Bytes, from: number, out: Bytes): Progress | undefined;
}

interface Handle {
  writeSync(flush: number, data: Bytes, from: number, length: number, out: Bytes, at: number, room: number): void;
}

/** ZSTD_c_compressionLevel of zstd.h. */
const COMPRESSION_LEVEL = 100;
/** ZSTD_e_end of zstd.h: all the input is there, the frame ends with it and says its size. */
const END = 2;
/** What the counters say before each call; an error leaves them as they were. */
const UNTOUCHED = 0xffffffff;
/** One block of zstd; it stays in the processor's cache while it is compared. */
const PIECE = 128 * 1024;

/** Memory in which every frame of `length` bytes has room, and some is left (a full output may be an unfinished one). */
export function compressBound(length: number): number {
  return length + (length >> 8) + 128;
}

/** undefined where node's streams are not made as this file needs them. */
export function probeKept(zlib: StreamFactory): KeptZstd | undefined {
  try {
    const kept = keptZstd(zlib);
    return works(kept) ? kept : undefined;
  } catch {
    // Another runtime's zlib: the documented functions take over.
    return undefined;
  }
}

function keptZstd(zlib: StreamFactory): KeptZstd {
  const compressors = new Map<number, Context>();
  let decompressor: Context | undefined;
  let piece: Bytes | undefined;

  function compress(data: Bytes, out: Bytes, level: number): number | undefined {
    const context =
      compressors.get(level) ?? contextOf(zlib.createZstdCompress({ params: { [COMPRESSION_LEVEL]: level } }));
    compressors.set(level, context);
    const progress = context.run(data, 0, out);
    if (progress?.taken === data.length && progress.made < out.length) return progress.made;
    compressors.delete(level);
    return undefined;
  }

  /** A context that stopped anywhere but at the end of a frame is not used again. */
  function withDecompressor(work: (context: Context) => boolean): boolean {
    const context = decompressor ?? contextOf(zlib.createZstdDecompress());
    decompressor = undefined;
    const good = work(context);
    if (good) decompressor = context;
    return good;
  }

  return {
    compress,
    decompress: (frame, out) =>
      withDecompressor((context) => {
        const progress = context.run(frame, 0, out);
        return progress?.taken === frame.length && progress.made === out.length;
      }),
    unpacksTo: (frame, plain) =>
      withDecompressor((context) => {
        piece ??= new Uint8Array(PIECE);
        return givesPieces(context, frame, plain, piece);
      }),
  };
}

function givesPieces(context: Context, frame: Bytes, plain: Bytes, piece: Bytes): boolean {
  let taken = 0;
  let made = 0;
  for (;;) {
    const progress = context.run(frame, taken, piece);
    if (progress === undefined) return false;
    taken += progress.taken;
    const end = made + progress.made;
    if (end > plain.length || !equalBytes(piece.subarray(0, progress.made), plain.subarray(made, end))) return false;
    made = end;
    if (taken === frame.length && made === plain.length) return true;
    if (progress.taken === 0 && progress.made === 0) return false;
  }
}

/** Throws a TypeError if the stream has not the inside that is needed. */
function contextOf(stream: object): Context {
  const handle: unknown = Reflect.get(stream, '_handle');
  const left: unknown = Reflect.get(stream, '_writeState');
  if (!isHandle(handle) || !(left instanceof Uint32Array) || left.length !== 2)
    throw new TypeError('an unknown stream');
  // The stream tells of an error again, later, to whoever listens: it is not to end the process.
  if ('on' in stream && typeof stream.on === 'function') stream.on('error', () => undefined);
  return {
    run: (data, from, out) => {
      left.fill(UNTOUCHED);
      const length = data.length - from;
      handle.writeSync(END, data, from, length, out, 0, out.length);
      const [roomLeft = UNTOUCHED, inputLeft = UNTOUCHED] = left;
      if (roomLeft > out.length || inputLeft > length) return undefined;
      return { taken: length - inputLeft, made: out.length - roomLeft };
    },
  };
}

function isHandle(value: unknown): value is Handle {
  return typeof value === 'object' && value !== null && 'writeSync' in value && typeof value.writeSync === 'function';
}

/** Two frames on end in each direction, of which the second would tell that the first has left something behind. */
function works(kept: KeptZstd): boolean {
  const sample = new Uint8Array(600).map((_, i) => (i * i) >> 5);
  for (const data of [sample, sample.subarray(0, 100), new Uint8Array(2 * PIECE), sample]) {
    const room = new Uint8Array(compressBound(data.length));
    const length = kept.compress(data, room, 1);
    if (length === undefined) return false;
    const frame = room.subarray(0, length);
    const back = new Uint8Array(data.length);
    if (!kept.decompress(frame, back) || !equalBytes(back, data) || !kept.unpacksTo(frame, data)) return false;
  }
  const broken = new Uint8Array(40).fill(255);
  return !kept.decompress(broken, new Uint8Array(40)) && !kept.unpacksTo(broken, sample);
}
