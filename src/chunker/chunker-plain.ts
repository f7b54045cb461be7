/**
 * The chunker in TypeScript: the fallback where WebAssembly is switched off, and the kernel's oracle.
 * The 53-bit fingerprint is held as two 32-bit halves (21 and 32 bits; 29 and 32 in between).
 */
import type { Bytes } from '../base/bytes.js';
import type { Chunker } from './chunker.js';
import { MAX_CHUNK, MIN_CHUNK, SPLIT_MASK } from './limits.js';
import type { Polynomial } from './polynomial.js';
import type { RabinTables } from './tables.js';
import { rabinTables, WINDOW_SIZE } from './tables.js';

/** A fingerprint depends on 64 bytes only: those before the last 64 of the shortest chunk need no look. */
const SKIP = MIN_CHUNK - WINDOW_SIZE;

export function createPlainChunker(polynomial: Polynomial): Chunker {
  const tables = rabinTables(polynomial);
  const window = new Uint8Array(WINDOW_SIZE);
  /** Low and high half between two calls. */
  const digest = new Int32Array(2);
  let count = 0;

  function reset(): void {
    window.fill(0);
    digest.fill(0);
    count = 0;
  }

  function next(data: Bytes, from: number, to: number): number {
    const skipped = Math.max(0, Math.min(to - from, SKIP - count));
    count += skipped;
    const start = from + skipped;
    const end = Math.min(to, start + MAX_CHUNK - count);
    const cut = roll(tables, window, digest, data, start, end, count);
    if (cut >= 0 || count + end - start === MAX_CHUNK) {
      reset();
      return cut >= 0 ? cut : end;
    }
    count += end - start;
    return -1;
  }

  return { next, reset };
}

/**
 * Slides over data[from..to), of which the first is byte number `count` of the chunk; returns the first cut or -1.
 * All that changes is local: as captured variables the halves would be heap numbers (23 instead of 290 MB/s).
 */
function roll(
  { outLow, outHigh, modLow, modHigh }: RabinTables,
  window: Bytes,
  digest: Int32Array,
  data: Bytes,
  from: number,
  to: number,
  count: number,
): number {
  let low = digest[0] ?? 0;
  let high = digest[1] ?? 0;
  // A chunk's window starts to fill at byte SKIP, in slot 0.
  let slot = (count - SKIP) & (WINDOW_SIZE - 1);
  const longEnough = from + MIN_CHUNK - 1 - count;
  for (let at = from; at < to; at++) {
    const byte = data[at] ?? 0;
    const leaving = window[slot] ?? 0;
    window[slot] = byte;
    slot = (slot + 1) & (WINDOW_SIZE - 1);
    low ^= outLow[leaving] ?? 0;
    high ^= outHigh[leaving] ?? 0;
    const top = high >>> 13;
    high = ((high << 8) | (low >>> 24)) ^ (modHigh[top] ?? 0);
    low = ((low << 8) | byte) ^ (modLow[top] ?? 0);
    if ((low & SPLIT_MASK) === 0 && at >= longEnough) return at + 1;
  }
  digest[0] = low;
  digest[1] = high;
  return -1;
}
