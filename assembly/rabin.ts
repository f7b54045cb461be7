/**
 * The Rabin fingerprint over a buffer: where is the first place to cut? (AssemblyScript; see src/chunker/tables.ts.)
 *
 * One fingerprint is a chain: each step waits for a table load that depends on the step before. But a fingerprint is a
 * function of the last 64 bytes alone, so the buffer is split into four stretches whose chains run side by side, each
 * after a warm-up of the 64 bytes before its stretch.
 *
 * The out table is that of a byte one step later, shifted out and reduced by the host already: so its entry, which does
 * not depend on the step before, is not part of the chain. Constants are given to loads as their offset, where they
 * cost nothing.
 *
 * Memory: tables | 64 bytes before the block | block. The host writes all of it; nothing is allocated here.
 */

const OUT: usize = 1024;
const MOD: usize = OUT + 256 * 8;
const TAIL: usize = MOD + 256 * 8;
const BLOCK: usize = TAIL + 64;
const MASK: u64 = (1 << 20) - 1;
const WINDOW: usize = 64;

/** Address of the out table (256 u64); the mod table follows, then the 64 bytes before the block, then the block. */
export function outAddress(): usize {
  return OUT;
}

export function blockAddress(): usize {
  return BLOCK;
}

// @ts-ignore: decorator
@inline
function append(digest: u64, at: usize): u64 {
  return ((digest << 8) | load<u8>(at)) ^ load<u64>(<usize>(digest >> 45) << 3, MOD);
}

/** Takes the byte at `leaving` out and the one 64 bytes after it in. */
// @ts-ignore: decorator
@inline
function slide(digest: u64, leaving: usize): u64 {
  const out = load<u64>(<usize>load<u8>(leaving) << 3, OUT);
  return ((digest << 8) | load<u8>(leaving, WINDOW)) ^ out ^ load<u64>(<usize>(digest >> 45) << 3, MOD);
}

/** The fingerprint of the 64 bytes before `at`. */
function warm(at: usize): u64 {
  let digest: u64 = 0;
  for (let i = at - WINDOW; i < at; i++) digest = append(digest, i);
  return digest;
}

/** The end of the first place to cut among the bytes at [from, to), 0 if there is none. */
function scanOne(from: usize, to: usize): usize {
  let digest = warm(from);
  for (let at = from; at < to; at++) {
    digest = slide(digest, at - WINDOW);
    if ((digest & MASK) == 0) return at + 1;
  }
  return 0;
}

/**
 * As offsets into the block: looks at the bytes [from, to), each with the 64 bytes that end in it; returns the offset
 * just after the first at which to cut, 0 if there is none.
 */
export function scan(from: usize, to: usize): usize {
  let start = BLOCK + from;
  const end = BLOCK + to;
  const quarter = (end - start) >> 2;
  // Below this the warm-up costs more than the chains gain.
  if (quarter < 256) {
    const found = scanOne(start, end);
    return found == 0 ? 0 : found - BLOCK;
  }
  let a = warm(start);
  let b = warm(start + quarter);
  let c = warm(start + 2 * quarter);
  let d = warm(start + 3 * quarter);
  // A cut in a later stretch counts only if there is none in an earlier one, so only a's ends the loop.
  let foundB: usize = 0;
  let foundC: usize = 0;
  let foundD: usize = 0;
  const stop = start + quarter - WINDOW;
  for (let at = start - WINDOW; at < stop; at++) {
    a = slide(a, at);
    b = slide(b, at + quarter);
    c = slide(c, at + 2 * quarter);
    d = slide(d, at + 3 * quarter);
    if ((a & MASK) == 0) return at + WINDOW + 1 - BLOCK;
    if ((b & MASK) == 0 && foundB == 0) foundB = at + WINDOW + quarter + 1;
    if ((c & MASK) == 0 && foundC == 0) foundC = at + WINDOW + 2 * quarter + 1;
    if ((d & MASK) == 0 && foundD == 0) foundD = at + WINDOW + 3 * quarter + 1;
  }
  if (foundB != 0) return foundB - BLOCK;
  if (foundC != 0) return foundC - BLOCK;
  if (foundD != 0) return foundD - BLOCK;
  // Up to three bytes are left over by the division.
  const left = start + 4 * quarter;
  if (left == end) return 0;
  const found = scanOne(left, end);
  return found == 0 ? 0 : found - BLOCK;
}
