/** zstd of node:zlib, found by its functions and not by node's version: Electron, Bun and Deno have it too. */
import type { Bytes } from '../base/bytes.js';
import { equalBytes } from '../base/bytes.js';
import { errnoOf, isSyncError } from '../base/errors.js';
import { keptMemory, uninitialized } from '../base/kept-memory.js';
import { broken, inspectFrame, tooLong, tooShort } from './frame.js';
import { DEFAULT_LEVEL } from './level.js';
import type { Zstd } from './zstd.js';
import type { StreamFactory } from './zstd-kept.js';
import { compressBound, probeKept } from './zstd-kept.js';

interface ZstdOptions {
  readonly chunkSize: number;
  readonly maxOutputLength?: number;
  readonly pledgedSrcSize?: number;
  readonly params?: Readonly<Record<number, number>>;
}

/** What node:zlib has since 22.15, and the types of Node 20 do not know. */
interface ZstdFunctions {
  zstdCompressSync(data: Bytes, options: ZstdOptions): Bytes;
  zstdDecompressSync(data: Bytes, options: ZstdOptions): Bytes;
}

/** ZSTD_c_compressionLevel of zstd.h. */
const COMPRESSION_LEVEL = 100;
const MIN_CHUNK = 64;
/** For content of unknown size; one block. */
const DEFAULT_CHUNK = 128 * 1024;
/** What the largest chunk of a file needs. */
const MAX_KEPT: number = compressBound(8 * 1024 * 1024);

/** undefined where `zlib` has no zstd. */
export function nativeZstd(zlib: object): Zstd | undefined {
  if (!hasZstd(zlib)) return undefined;
  const kept = hasStreams(zlib) ? probeKept(zlib) : undefined;
  const scratch = keptMemory(MAX_KEPT);
  const viaMemory = (data: Bytes, level: number): Bytes | undefined => {
    const room = scratch(compressBound(data.length));
    const length = kept?.compress(data, room, level);
    return length === undefined ? undefined : room.subarray(0, length);
  };
  return {
    name: 'node:zlib',
    compress: (data, level = DEFAULT_LEVEL) => viaMemory(data, level)?.slice() ?? compress(zlib, data, level),
    compressBriefly: (data, level = DEFAULT_LEVEL) => viaMemory(data, level) ?? compress(zlib, data, level),
    decompress: (data, maxSize, what) => {
      const { contentSize } = inspectFrame(data, maxSize, what);
      const out = contentSize === undefined ? undefined : uninitialized(contentSize);
      return out && kept?.decompress(data, out) ? out : decompress(zlib, data, contentSize, maxSize, what);
    },
    decompressInto: (data, out, what) => {
      const { contentSize } = inspectFrame(data, out.length, what);
      if (contentSize === out.length && kept?.decompress(data, out)) return;
      const found = decompress(zlib, data, contentSize, out.length, what);
      if (found.length !== out.length) throw tooShort(what, found.length, out.length);
      out.set(found);
    },
    unpacksTo: (frame, plain) => kept?.unpacksTo(frame, plain) || unpacksTo(zlib, frame, plain),
  };
}

function hasZstd(zlib: object): zlib is ZstdFunctions {
  return hasFunctions(zlib, ['zstdCompressSync', 'zstdDecompressSync']);
}

function hasStreams(zlib: object): zlib is StreamFactory {
  return hasFunctions(zlib, ['createZstdCompress', 'createZstdDecompress']);
}

function hasFunctions(zlib: object, names: readonly string[]): boolean {
  return names.every((name) => typeof Reflect.get(zlib, name) === 'function');
}

function compress(zlib: ZstdFunctions, data: Bytes, level: number): Bytes {
  // One chunk that holds the worst case: the default of 16 KiB would be filled and joined many times.
  const chunkSize = compressBound(data.length);
  return plain(
    zlib.zstdCompressSync(data, { chunkSize, pledgedSrcSize: data.length, params: { [COMPRESSION_LEVEL]: level } }),
  );
}

function unpacksTo(zlib: ZstdFunctions, frame: Bytes, wanted: Bytes): boolean {
  try {
    return equalBytes(decompress(zlib, frame, wanted.length, wanted.length, 'new frame'), wanted);
  } catch (error) {
    if (isSyncError(error, 'damaged')) return false;
    throw error;
  }
}

function decompress(
  zlib: ZstdFunctions,
  data: Bytes,
  contentSize: number | undefined,
  maxSize: number,
  what: string,
): Bytes {
  let out: Bytes;
  try {
    const chunkSize = Math.max(MIN_CHUNK, contentSize ?? Math.min(maxSize, DEFAULT_CHUNK));
    out = plain(zlib.zstdDecompressSync(data, { chunkSize, maxOutputLength: Math.max(1, maxSize) }));
  } catch (error) {
    if (errnoOf(error) === 'ERR_BUFFER_TOO_LARGE') throw tooLong(what, undefined, maxSize);
    throw broken(what, 'the compressed data cannot be unpacked', error);
  }
  if (out.length > maxSize) throw tooLong(what, out.length, maxSize);
  if (contentSize !== undefined && out.length !== contentSize)
    throw broken(what, 'the unpacked size is not the stated one');
  return out;
}

/** A Buffer as a plain array, so that both codecs return the same type. */
function plain(buffer: Bytes): Bytes {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
