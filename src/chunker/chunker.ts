/**
 * Where a stream of bytes is cut into chunks: after the first byte, at least 512 KiB into the chunk, at which the low 20
 * bits of the Rabin fingerprint of the last 64 bytes are zero; at 8 MiB at the latest. A cut forgets everything before
 * it, so the cuts depend on the content and the polynomial alone, and are those of every restic.
 */

import type { Bytes } from '../base/bytes.js';
import { createPlainChunker } from './chunker-plain.js';
import { createWasmChunker } from './chunker-wasm.js';
import type { Polynomial } from './polynomial.js';

export { MAX_CHUNK, MIN_CHUNK } from './limits.js';
export { createPlainChunker, createWasmChunker };

export interface Chunker {
  /**
   * Looks at data[from..to) as the continuation of the present chunk; returns the index just after the cut, or -1 if the
   * chunk goes on. State resets after a cut: the next call starts a chunk.
   */
  next(data: Bytes, from: number, to: number): number;
  /** Starts a new chunk, for the next file. */
  reset(): void;
}

/** The WebAssembly kernel where it works, else its twin in TypeScript. Each has its own state: one per file and thread. */
export function createChunker(polynomial: Polynomial): Chunker {
  return createWasmChunker(polynomial) ?? createPlainChunker(polynomial);
}
