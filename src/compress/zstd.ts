/**
 * zstd behind one interface: node:zlib where it has zstd (Node 22.15 and later), zstd-codec elsewhere.
 * Both write one frame with the content size in it and without a checksum (the format has its own hashes), and read
 * any single frame; what is unpacked is bounded by the caller, who knows how long it must be.
 */
import * as zlib from 'node:zlib';
import type { Bytes } from '../base/bytes.js';
import { nativeZstd } from './zstd-native.js';

export interface Zstd {
  readonly name: string;
  /** `level` is zstd's own, 1 to 19; zstd-codec, whose memory is small, cuts it down to 5. */
  compress(data: Bytes, level?: number): Bytes;
  /** As `compress`, in memory of the codec: the bytes are good until its next call. */
  compressBriefly(data: Bytes, level?: number): Bytes;
  /**
   * `what` names the data in errors. Throws 'damaged' for data that is not one whole frame, and for output longer than
   * `maxSize` bytes (a decompression bomb), of which no more than `maxSize` bytes are ever held.
   * zstd-codec throws 'unsupported' for frames that need more than 8 MiB of history; restic writes none.
   */
  decompress(data: Bytes, maxSize: number, what: string): Bytes;
  /** As `decompress`, into `out`; 'damaged' as well if the content is not exactly as long. */
  decompressInto(data: Bytes, out: Bytes, what: string): void;
  /** Whether `frame`, which this codec has made, unpacks to exactly these bytes. */
  unpacksTo(frame: Bytes, plain: Bytes): boolean;
}

let loading: Promise<Zstd> | undefined;

/** The best codec of this runtime; loaded once per thread. */
export function loadZstd(): Promise<Zstd> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Zstd> {
  const native = nativeZstd(zlib);
  if (native !== undefined) return native;
  const { loadWasmZstd } = await import('./zstd-wasm.js');
  return loadWasmZstd();
}
