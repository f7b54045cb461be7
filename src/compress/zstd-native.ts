/** zstd of node:zlib, found by its functions and not by node's version: Electron, Bun and Deno have it too. */
import type { Bytes } from '../base/bytes.js';
import { errnoOf } from '../base/errors.js';
import { broken, inspectFrame, tooLong } from './frame.js';
import { DEFAULT_LEVEL } from './level.js';
import type { Zstd } from './zstd.js';

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

/** undefined where `zlib` has no zstd. */
export function nativeZstd(zlib: object): Zstd | undefined {
  if (!hasZstd(zlib)) return undefined;
  return {
    name: 'node:zlib',
    compress: (data, level = DEFAULT_LEVEL) => compress(zlib, data, level),
    decompress: (data, maxSize, what) => decompress(zlib, data, maxSize, what),
  };
}

function hasZstd(zlib: object): zlib is ZstdFunctions {
  return (
    'zstdCompressSync' in zlib &&
    typeof zlib.zstdCompressSync === 'function' &&
    'zstdDecompressSync' in zlib &&
    typeof zlib.zstdDecompressSync === 'function'
  );
}

function compress(zlib: ZstdFunctions, data: Bytes, level: number): Bytes {
  // One chunk that holds the worst case: the default of 16 KiB would be filled and joined many times.
  const chunkSize = MIN_CHUNK + data.length + (data.length >> 8);
  return plain(
    zlib.zstdCompressSync(data, { chunkSize, pledgedSrcSize: data.length, params: { [COMPRESSION_LEVEL]: level } }),
  );
}

function decompress(zlib: ZstdFunctions, data: Bytes, maxSize: number, what: string): Bytes {
  const { contentSize } = inspectFrame(data, maxSize, what);
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
