/**
 * The chunker on the WebAssembly kernel (assembly/rabin.ts). Bytes go through the kernel's memory a block at a time,
 * with the 64 bytes before the block kept in front of it; bytes that the minimum size skips are not even copied, and
 * the kernel starts only for the first byte that is not skipped: most files are smaller.
 */
import type { Bytes } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';
import type { Kernel } from '../kernel/loader.js';
import { startKernel } from '../kernel/loader.js';
import { RABIN_WASM } from '../kernel/rabin-wasm.js';
import type { Chunker } from './chunker.js';
import { MAX_CHUNK, MIN_CHUNK } from './limits.js';
import type { Polynomial } from './polynomial.js';
import { rabinTables, WINDOW_SIZE } from './tables.js';

const SKIP = MIN_CHUNK - WINDOW_SIZE;
/** Four stretches of 16 KiB stay in the first-level cache together; larger blocks waste more after a cut. */
const BLOCK_SIZE = 64 * 1024;

interface Scanner {
  readonly memory: Bytes;
  /** Address of the block in `memory`. */
  readonly block: number;
  /** Offset just after the first cut among the block's bytes [from, to), 0 if there is none. */
  scan(from: number, to: number): number;
}

/** Started to see whether WebAssembly works; goes to the first chunker that needs one. */
let spare: Kernel | undefined;
/** The tables of the latest polynomial (a process knows one or two), as they lie in the kernel's memory. */
let latest: { readonly polynomial: Polynomial; readonly image: Bytes } | undefined;

/** undefined where WebAssembly does not work. */
export function createWasmChunker(polynomial: Polynomial): Chunker | undefined {
  spare ??= startKernel(RABIN_WASM);
  if (spare === undefined) return undefined;
  let scanner: Scanner | undefined;
  let count = 0;

  function reset(): void {
    count = 0;
  }

  function next(data: Bytes, from: number, to: number): number {
    const skipped = Math.max(0, Math.min(to - from, SKIP - count));
    count += skipped;
    if (from + skipped >= to) return -1;
    scanner ??= startScanner(polynomial);
    const { memory, block } = scanner;
    for (let at = from + skipped; at < to; ) {
      const length = Math.min(BLOCK_SIZE, to - at, MAX_CHUNK - count);
      memory.set(data.subarray(at, at + length), block);
      // The first byte at which the chunk is long enough; from there on the window is full.
      const first = Math.max(0, MIN_CHUNK - 1 - count);
      const cut = first < length ? scanner.scan(first, length) : 0;
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

function startScanner(polynomial: Polynomial): Scanner {
  const kernel = spare ?? startKernel(RABIN_WASM);
  spare = undefined;
  if (kernel === undefined) throw new SyncError('internal', 'chunker: no memory for another WebAssembly kernel');
  if (latest?.polynomial !== polynomial) latest = { polynomial, image: tableImage(polynomial) };
  kernel.memory.set(latest.image, kernel.call('outAddress')());
  return { memory: kernel.memory, block: kernel.call('blockAddress')(), scan: kernel.call('scan') };
}

/**
 * As the kernel reads them: 256 u64 little-endian of each table, one after the other. It wants the out table one step
 * later, out[b]·x^8 mod P, which takes that step out of its chain.
 */
function tableImage(polynomial: Polynomial): Bytes {
  const { outLow, outHigh, modLow, modHigh } = rabinTables(polynomial);
  const view = new DataView(new ArrayBuffer(2 * 256 * 8));
  for (let byte = 0; byte < 256; byte++) {
    const low = outLow[byte] ?? 0;
    const high = outHigh[byte] ?? 0;
    const top = high >>> 13;
    view.setInt32(8 * byte, (low << 8) ^ (modLow[top] ?? 0), true);
    view.setInt32(8 * byte + 4, ((high << 8) | (low >>> 24)) ^ (modHigh[top] ?? 0), true);
    view.setInt32(2048 + 8 * byte, modLow[byte] ?? 0, true);
    view.setInt32(2048 + 8 * byte + 4, modHigh[byte] ?? 0, true);
  }
  return new Uint8Array(view.buffer);
}
