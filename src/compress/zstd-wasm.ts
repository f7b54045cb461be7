/**
 * zstd of zstd-codec (libzstd compiled by emscripten, one file with its WebAssembly inside), for Node before 22.15.
 *
 * Its memory is 16 MiB and cannot grow: 11 MiB are left for a call. Up to 3 MiB are compressed at once (150 MB/s, the
 * size in the header); longer data goes through the streaming functions (70 MB/s) and the size is put in afterwards.
 */
import type { Binding, Codec, Settings } from 'zstd-codec/lib/zstd-codec-binding-wasm.js';
import type { Bytes } from '../base/bytes.js';
import { equalBytes } from '../base/bytes.js';
import { isSyncError, SyncError } from '../base/errors.js';
import { keptMemory } from '../base/kept-memory.js';
import { broken, inspectFrame, tooLong, tooShort, withContentSize } from './frame.js';
import { DEFAULT_LEVEL, QUICK_LEVEL } from './level.js';
import type { Zstd } from './zstd.js';
import { compressBound } from './zstd-kept.js';
import type { Vectors } from './zstd-vectors.js';
import { makeVectors } from './zstd-vectors.js';

const MIB = 1024 * 1024;
/** Measured: 3 MiB at level 5 take 8.9 MB of the 11.5 there are; level 9 aborts. */
const MAX_LEVEL = 5;
const MAX_AT_ONCE = 3 * MIB;
/** Packed and unpacked bytes together. */
const MAX_UNPACK_AT_ONCE = 8 * MIB;
const MAX_WINDOW = 8 * MIB;
const COMPRESS_SLICE = 128 * 1024;
/** A bomb is noticed after the slice that goes too far: at most 1 KiB / 4 blocks of 128 KiB are thrown away for it. */
const UNPACK_SLICE = 1024;

const scratch = keptMemory(compressBound(8 * MIB));

/** Compiles the module anew; 'internal' if it cannot be. */
export async function loadWasmZstd(): Promise<Zstd> {
  const binding = await loadBinding();
  const parts = { binding, codec: new binding.ZstdCodec(), vectors: makeVectors(binding) };
  const pack = (data: Bytes, level = DEFAULT_LEVEL): Bytes =>
    guarded(() => {
      const effort = Math.min(Math.max(QUICK_LEVEL, level), MAX_LEVEL);
      return data.length > 0 && data.length <= MAX_AT_ONCE
        ? compressAtOnce(parts, data, effort)
        : compressStream(parts, data, effort);
    });
  const unpack = (data: Bytes, maxSize: number, what: string): Bytes =>
    guarded(() => decompress(parts, data, maxSize, what));
  return {
    name: 'zstd-codec',
    compress: (data, level) => pack(data, level).slice(),
    compressBriefly: pack,
    decompress: (data, maxSize, what) => unpack(data, maxSize, what).slice(),
    decompressInto: (data, out, what) => {
      const found = unpack(data, out.length, what);
      if (found.length !== out.length) throw tooShort(what, found.length, out.length);
      out.set(found);
    },
    unpacksTo: (frame, plain) => {
      // What was compressed lies where the unpacked bytes will: it is taken out first.
      const kept = scratch(frame.length).subarray(0, frame.length);
      kept.set(frame);
      try {
        return equalBytes(unpack(kept, plain.length, 'new frame'), plain);
      } catch (error) {
        if (isSyncError(error, 'damaged')) return false;
        throw error;
      }
    },
  };
}

/** An abort of the module is thrown as a string. */
function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isSyncError(error)) throw error;
    throw new SyncError('internal', `zstd-codec stopped: ${String(error)}`, { cause: error });
  }
}

async function loadBinding(): Promise<Binding> {
  const { default: factory } = await import('zstd-codec/lib/zstd-codec-binding-wasm.js');
  return new Promise<Binding>((resolve, reject) => {
    const fail = (reason: unknown) => reject(new SyncError('internal', `zstd-codec does not start: ${String(reason)}`));
    const settings: Settings = {
      print: () => undefined,
      printErr: () => undefined,
      quit: (status) => fail(`exit ${status}`),
      onAbort: fail,
      onRuntimeInitialized: () => {
        // The module has become the binding. Its own `then` would make the promise wait for itself for ever.
        if (isBinding(settings)) resolve(partsOf(settings));
        else fail('its functions are missing');
      },
    };
    try {
      withDirname(() => factory(settings));
    } catch (error) {
      fail(error);
    }
  });
}

/** The module reads `__dirname`, for files it does not need here; a bundle in ESM form has none. */
function withDirname(work: () => void): void {
  if ('__dirname' in globalThis || typeof __dirname === 'string') {
    work();
    return;
  }
  Object.defineProperty(globalThis, '__dirname', { value: '', configurable: true });
  try {
    work();
  } finally {
    Reflect.deleteProperty(globalThis, '__dirname');
  }
}

function isBinding(module: object): module is Binding {
  const wanted = ['ZstdCodec', 'VectorU8', 'ZstdCompressStreamBinding', 'ZstdDecompressStreamBinding'];
  return wanted.every((name) => typeof Reflect.get(module, name) === 'function');
}

function partsOf(module: Binding): Binding {
  const { ZstdCodec, VectorU8, ZstdCompressStreamBinding, ZstdDecompressStreamBinding } = module;
  const { cloneToVector, toTypedArrayView } = module;
  return {
    ZstdCodec,
    VectorU8,
    ZstdCompressStreamBinding,
    ZstdDecompressStreamBinding,
    cloneToVector,
    toTypedArrayView,
  };
}

interface Parts {
  readonly binding: Binding;
  readonly codec: Codec;
  readonly vectors: Vectors;
}

/** A view into the codec's memory, as the one of `decompress` may be. */
function compressAtOnce({ codec, vectors }: Parts, data: Bytes, level: number): Bytes {
  const room = codec.compressBound(data.length);
  const found = vectors.use(data, room, (input, output) => codec.compress(output, input, level));
  if (found === undefined) throw new SyncError('internal', `zstd-codec: compressing ${data.length} bytes failed`);
  return found;
}

function compressStream({ binding, vectors }: Parts, data: Bytes, level: number): Bytes {
  vectors.release();
  const stream = new binding.ZstdCompressStreamBinding();
  try {
    const out = new GrowingBytes(Math.ceil(data.length / 2) + 64, Number.MAX_SAFE_INTEGER);
    const sink = (bytes: Bytes) => out.push(bytes);
    let good = stream.begin(level);
    for (let at = 0; good && at < data.length; at += COMPRESS_SLICE) {
      good = stream.transform(data.subarray(at, at + COMPRESS_SLICE), sink);
    }
    if (!good || !stream.end(sink)) {
      throw new SyncError('internal', `zstd-codec: compressing ${data.length} bytes as a stream failed`);
    }
    return withContentSize(out.bytes(), data.length);
  } finally {
    stream.delete();
  }
}

function decompress(parts: Parts, data: Bytes, maxSize: number, what: string): Bytes {
  const { contentSize, windowSize } = inspectFrame(data, maxSize, what);
  const atOnce = contentSize !== undefined && contentSize > 0 && contentSize + data.length <= MAX_UNPACK_AT_ONCE;
  if (atOnce) return decompressAtOnce(parts, data, contentSize, what);
  if (windowSize > MAX_WINDOW) {
    const needs = `${Math.ceil(windowSize / MIB)} MiB of memory`;
    throw new SyncError(
      'unsupported',
      `${what}: unpacking needs ${needs}, which Node before 22.15 cannot give; use a newer one`,
    );
  }
  const out = decompressStream(parts, data, contentSize, maxSize, what);
  if (contentSize !== undefined && out.length !== contentSize)
    throw broken(what, 'the unpacked size is not the stated one');
  return out;
}

function decompressAtOnce({ codec, vectors }: Parts, data: Bytes, contentSize: number, what: string): Bytes {
  const found = vectors.use(data, contentSize, (input, output) => codec.decompress(output, input));
  if (found?.length !== contentSize) throw broken(what, 'the compressed data cannot be unpacked');
  return found;
}

function decompressStream(
  { binding, vectors }: Parts,
  data: Bytes,
  contentSize: number | undefined,
  maxSize: number,
  what: string,
): Bytes {
  vectors.release();
  const stream = new binding.ZstdDecompressStreamBinding();
  try {
    const out = new GrowingBytes(contentSize ?? Math.min(maxSize, 4 * data.length), maxSize);
    const sink = (bytes: Bytes) => out.push(bytes);
    let good = stream.begin();
    for (let at = 0; good && at < data.length && !out.overflowed; at += UNPACK_SLICE) {
      good = stream.transform(data.subarray(at, at + UNPACK_SLICE), sink);
    }
    good &&= stream.end(sink);
    if (out.overflowed) throw tooLong(what, undefined, maxSize);
    if (!good) throw broken(what, 'the compressed data cannot be unpacked');
    return out.bytes();
  } finally {
    stream.delete();
  }
}

/** Bytes of unknown number, doubling, never more than `limit`; what comes beyond it is dropped and noted. */
class GrowingBytes {
  readonly #limit: number;
  #bytes: Bytes;
  #length = 0;
  overflowed = false;

  constructor(size: number, limit: number) {
    this.#bytes = new Uint8Array(size);
    this.#limit = limit;
  }

  push(more: Bytes): void {
    const length = this.#length + more.length;
    if (this.overflowed || length > this.#limit) {
      this.overflowed = true;
      return;
    }
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.min(this.#limit, Math.max(length, 2 * this.#bytes.length)));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(more, this.#length);
    this.#length = length;
  }

  bytes(): Bytes {
    return this.#bytes.subarray(0, this.#length);
  }
}
