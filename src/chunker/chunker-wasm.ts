/**
 * The chunker on the WebAssembly kernel (assembly/rabin.ts). Bytes go through the kernel's memory a block at a time,
 * with the 64 bytes before the block kept in front of it; bytes that the minimum size skips are not even copied.
 */
import type { Bytes } from '../base/bytes.js';
import { startKernel } from '../kernel/loader.js';
import { RABIN_WASM } from '../kernel/rabin-wasm.js';
import type { Chunker } from './chunker.js';
import { MAX_CHUNK, MIN_CHUNK } from './limits.js';
import type { Polynomial } from './polynomial.js';
import type { RabinTables } from './tables.js';
import { rabinTables, WINDOW_SIZE } from './tables.js';

const SKIP = MIN_CHUNK - WINDOW_SIZE;
/** Four stretches of 16 KiB stay in the first-level cache together; larger blocks waste more after a cut. */
const BLOCK_SIZE = 64 * 1024;

/** undefined where WebAssembly does not work. */
export function createWasmChunker(polynomial: Polynomial): Chunker | undefined {
  const kernel = startKernel(RABIN_WASM);
  if (kernel === undefined) return undefined;
  const { memory } = kernel;
  const scan = kernel.call('scan');
  const block = kernel.call('blockAddress')();
  writeTables(memory, kernel.call('outAddress')(), rabinTables(polynomial));
  let count = 0;

  function reset(): void {
    count = 0;
  }

  function next(data: Bytes, from: number, to: number): number {
    const skipped = Math.max(0, Math.min(to - from, SKIP - count));
    count += skipped;
    for (let at = from + skipped; at < to; ) {
      const length = Math.min(BLOCK_SIZE, to - at, MAX_CHUNK - count);
      memory.set(data.subarray(at, at + length), block);
      // The first byte at which the chunk is long enough; from there on the window is full.
      const first = Math.max(0, MIN_CHUNK - 1 - count);
      const cut = first < length ? scan(first, length) : 0;
      if (cut > 0 || count + length === MAX_CHUNK) {
        count = 0;
        return at + (cut > 0 ? cut : length);
      }
      memory.copyWithin(block - WINDOW_SIZE, block - WINDOW_SIZE + length, block + length);
      count += length;
      at += length;
    }
    return -1;
  }

  return { next, reset };
}

/** As the kernel reads them: 256 u64 little-endian of each table, one after the other. */
function writeTables(memory: Bytes, address: number, tables: RabinTables): void {
  const view = new DataView(memory.buffer);
  const halves = [tables.outLow, tables.outHigh, tables.modLow, tables.modHigh];
  for (const [i, half] of halves.entries()) {
    const start = address + (i >> 1) * 2048 + (i & 1) * 4;
    for (const [byte, value] of half.entries()) view.setInt32(start + 8 * byte, value, true);
  }
}
