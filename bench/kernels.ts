/**
 * A program: how fast the kernels and what stands beside them are, alone, on one thread. Prints one line of JSON, rows
 * of name and MB/s. The data are random, as most of what is stored looks once it is compressed.
 *
 * Each runs on slices of the size it has in the program; the best of some runs over all of them counts: other programs
 * on the machine can only take time away.
 */
import { randomFillSync } from 'node:crypto';
import type { Bytes } from '../src/base/bytes.js';
import { type Chunker, createPlainChunker, createWasmChunker, MIN_CHUNK } from '../src/chunker/chunker.js';
import { parsePolynomial } from '../src/chunker/polynomial.js';
import { DEFAULT_LEVEL, QUICK_LEVEL } from '../src/compress/level.js';
import { loadZstd } from '../src/compress/zstd.js';
import { nativeCrypto } from '../src/crypto/native.js';
import { wasmPoly1305 } from '../src/crypto/poly1305.js';
import { portableCrypto } from '../src/crypto/portable.js';

const RUNS = 5;
/** As long as a chunk is on average. */
const BLOB = 1024 * 1024;
const POLYNOMIAL = parsePolynomial('3da3358b4dc173');

/** MB/s of the best run; `work` returns the bytes it took. */
function best(work: () => number): number {
  let found = 0;
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now();
    found = Math.max(found, work() / (performance.now() - start) / 1000);
  }
  return found;
}

function overBlobs(data: Bytes, work: (blob: Bytes) => unknown): number {
  return best(() => {
    for (let at = 0; at < data.length; at += BLOB) work(data.subarray(at, at + BLOB));
    return data.length;
  });
}

/** Of all bytes, and of those that the shortest chunk lets it look at. */
function chunkerSpeeds(data: Bytes, chunker: Chunker | undefined): readonly [all: number, looked: number] {
  if (chunker === undefined) return [0, 0];
  let looked = 0;
  const all = best(() => {
    looked = 0;
    chunker.reset();
    for (let at = 0; at < data.length; ) {
      const cut = chunker.next(data, at, data.length);
      const end = cut < 0 ? data.length : cut;
      looked += Math.max(0, end - at - MIN_CHUNK);
      at = end;
    }
    return data.length;
  });
  return [all, (all * looked) / data.length];
}

const megabytes = Number(process.argv[2] ?? 256);
const data = new Uint8Array(megabytes * BLOB);
for (let at = 0; at < data.length; at += BLOB) randomFillSync(data, at, BLOB);
// An eighth for what is many times slower.
const few = data.subarray(0, Math.ceil(megabytes / 8) * BLOB);
const [native, key, iv] = [nativeCrypto(), new Uint8Array(32).fill(7), new Uint8Array(16)];
const zstd = await loadZstd();
const tag = wasmPoly1305();
const wasm = chunkerSpeeds(data, createWasmChunker(POLYNOMIAL));
const plain = chunkerSpeeds(few, createPlainChunker(POLYNOMIAL));
const rows: readonly (readonly [name: string, speed: number])[] = [
  ['Rabin, kernel: all bytes', wasm[0]],
  ['Rabin, kernel: bytes looked at', wasm[1]],
  ['Rabin, TypeScript: all bytes', plain[0]],
  ['Rabin, TypeScript: bytes looked at', plain[1]],
  ['Poly1305, kernel', tag === undefined ? 0 : overBlobs(data, (blob) => tag(key, blob))],
  ['Poly1305, JavaScript (noble)', overBlobs(few, (blob) => portableCrypto.poly1305(key, blob))],
  ['SHA-256, node:crypto', overBlobs(data, (blob) => native.sha256(blob))],
  ['AES-256-CTR, node:crypto', overBlobs(data, (blob) => native.aes256Ctr(key, iv, blob))],
  [`${zstd.name}, level ${DEFAULT_LEVEL}`, overBlobs(few, (blob) => zstd.compressBriefly(blob, DEFAULT_LEVEL))],
  [`${zstd.name}, level ${QUICK_LEVEL}`, overBlobs(few, (blob) => zstd.compressBriefly(blob, QUICK_LEVEL))],
];
process.stdout.write(`${JSON.stringify(rows)}\n`);
