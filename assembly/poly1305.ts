/**
 * Poly1305 (RFC 8439, section 2.5) over blocks in memory. (AssemblyScript.)
 *
 * Numbers modulo 2^130 - 5 are five limbs of 26 bits in u64: a product of limbs has 52 bits (55 with the factor 5), so
 * five of them add up without a carry. Two blocks are taken at once, h = (h + m1)·r² + m2·r, with one carry for both.
 *
 * Memory: key (32) | tag (16) | state | data. The host writes key and data; nothing is allocated here.
 */

const KEY: usize = 1024;
const TAG: usize = KEY + 32;
const STATE: usize = TAG + 16;
/** State: r, then r², then h, five u64 each. */
const R: usize = STATE;
const R2: usize = STATE + 40;
const H: usize = STATE + 80;
const DATA: usize = 2048;
const M26: u64 = 0x3ffffff;

export function keyAddress(): usize {
  return KEY;
}

export function tagAddress(): usize {
  return TAG;
}

export function dataAddress(): usize {
  return DATA;
}

// @ts-ignore: decorator
@inline
function get(at: usize, limb: usize): u64 {
  return load<u64>(at + (limb << 3));
}

// @ts-ignore: decorator
@inline
function put(at: usize, l0: u64, l1: u64, l2: u64, l3: u64, l4: u64): void {
  store<u64>(at, l0);
  store<u64>(at + 8, l1);
  store<u64>(at + 16, l2);
  store<u64>(at + 24, l3);
  store<u64>(at + 32, l4);
}

/** Takes the key from its address: clamps r, squares it, clears h. */
export function init(): void {
  const low = load<u64>(KEY) & 0x0ffffffc0fffffff;
  const high = load<u64>(KEY + 8) & 0x0ffffffc0ffffffc;
  const r0 = low & M26;
  const r1 = (low >> 26) & M26;
  const r2 = ((low >> 52) | (high << 12)) & M26;
  const r3 = (high >> 14) & M26;
  const r4 = high >> 40;
  put(R, r0, r1, r2, r3, r4);
  put(H, r0, r1, r2, r3, r4);
  multiplyByR();
  put(R2, get(H, 0), get(H, 1), get(H, 2), get(H, 3), get(H, 4));
  put(H, 0, 0, 0, 0, 0);
}

/** h = h·r, carried. */
function multiplyByR(): void {
  const r0 = get(R, 0);
  const r1 = get(R, 1);
  const r2 = get(R, 2);
  const r3 = get(R, 3);
  const r4 = get(R, 4);
  const h0 = get(H, 0);
  const h1 = get(H, 1);
  const h2 = get(H, 2);
  const h3 = get(H, 3);
  const h4 = get(H, 4);
  let d0 = h0 * r0 + 5 * (h1 * r4 + h2 * r3 + h3 * r2 + h4 * r1);
  let d1 = h0 * r1 + h1 * r0 + 5 * (h2 * r4 + h3 * r3 + h4 * r2);
  let d2 = h0 * r2 + h1 * r1 + h2 * r0 + 5 * (h3 * r4 + h4 * r3);
  let d3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + 5 * (h4 * r4);
  let d4 = h0 * r4 + h1 * r3 + h2 * r2 + h3 * r1 + h4 * r0;
  d1 += d0 >> 26;
  d0 &= M26;
  d2 += d1 >> 26;
  d1 &= M26;
  d3 += d2 >> 26;
  d2 &= M26;
  d4 += d3 >> 26;
  d3 &= M26;
  d0 += (d4 >> 26) * 5;
  d4 &= M26;
  d1 += d0 >> 26;
  d0 &= M26;
  put(H, d0, d1, d2, d3, d4);
}

/** Adds one block of 16 bytes, whose 2^128 bit is `bit` (1 for a whole block, 0 for a padded one), and multiplies. */
function block(at: usize, bit: u64): void {
  const low = load<u64>(at);
  const high = load<u64>(at + 8);
  put(
    H,
    get(H, 0) + (low & M26),
    get(H, 1) + ((low >> 26) & M26),
    get(H, 2) + (((low >> 52) | (high << 12)) & M26),
    get(H, 3) + ((high >> 14) & M26),
    get(H, 4) + ((high >> 40) | (bit << 24)),
  );
  multiplyByR();
}

/** Takes `length` bytes from the data address; all but the last call give a multiple of 16. */
export function update(length: usize): void {
  let at = DATA;
  const pairs = at + (length & ~31);
  if (at < pairs) at = updatePairs(at, pairs);
  const end = DATA + length;
  for (; at + 16 <= end; at += 16) block(at, 1);
  if (at == end) return;
  // The last, short block: a byte 1 after the message, then zeros.
  store<u8>(end, 1);
  memory.fill(end + 1, 0, 16);
  block(at, 0);
}

function updatePairs(from: usize, to: usize): usize {
  const r0 = get(R, 0);
  const r1 = get(R, 1);
  const r2 = get(R, 2);
  const r3 = get(R, 3);
  const r4 = get(R, 4);
  const s0 = get(R2, 0);
  const s1 = get(R2, 1);
  const s2 = get(R2, 2);
  const s3 = get(R2, 3);
  const s4 = get(R2, 4);
  const r1x5 = r1 * 5;
  const r2x5 = r2 * 5;
  const r3x5 = r3 * 5;
  const r4x5 = r4 * 5;
  const s1x5 = s1 * 5;
  const s2x5 = s2 * 5;
  const s3x5 = s3 * 5;
  const s4x5 = s4 * 5;
  let h0 = get(H, 0);
  let h1 = get(H, 1);
  let h2 = get(H, 2);
  let h3 = get(H, 3);
  let h4 = get(H, 4);
  let at = from;
  for (; at < to; at += 32) {
    const low = load<u64>(at);
    const high = load<u64>(at, 8);
    h0 += low & M26;
    h1 += (low >> 26) & M26;
    h2 += ((low >> 52) | (high << 12)) & M26;
    h3 += (high >> 14) & M26;
    h4 += (high >> 40) | (1 << 24);
    const low2 = load<u64>(at, 16);
    const high2 = load<u64>(at, 24);
    const m0 = low2 & M26;
    const m1 = (low2 >> 26) & M26;
    const m2 = ((low2 >> 52) | (high2 << 12)) & M26;
    const m3 = (high2 >> 14) & M26;
    const m4 = (high2 >> 40) | (1 << 24);
    let d0 = h0 * s0 + h1 * s4x5 + h2 * s3x5 + h3 * s2x5 + h4 * s1x5;
    d0 += m0 * r0 + m1 * r4x5 + m2 * r3x5 + m3 * r2x5 + m4 * r1x5;
    let d1 = h0 * s1 + h1 * s0 + h2 * s4x5 + h3 * s3x5 + h4 * s2x5;
    d1 += m0 * r1 + m1 * r0 + m2 * r4x5 + m3 * r3x5 + m4 * r2x5;
    let d2 = h0 * s2 + h1 * s1 + h2 * s0 + h3 * s4x5 + h4 * s3x5;
    d2 += m0 * r2 + m1 * r1 + m2 * r0 + m3 * r4x5 + m4 * r3x5;
    let d3 = h0 * s3 + h1 * s2 + h2 * s1 + h3 * s0 + h4 * s4x5;
    d3 += m0 * r3 + m1 * r2 + m2 * r1 + m3 * r0 + m4 * r4x5;
    let d4 = h0 * s4 + h1 * s3 + h2 * s2 + h3 * s1 + h4 * s0;
    d4 += m0 * r4 + m1 * r3 + m2 * r2 + m3 * r1 + m4 * r0;
    // Two short carry chains side by side instead of one long one.
    d1 += d0 >> 26;
    h0 = d0 & M26;
    d4 += d3 >> 26;
    h3 = d3 & M26;
    d2 += d1 >> 26;
    h1 = d1 & M26;
    h0 += (d4 >> 26) * 5;
    h4 = d4 & M26;
    h3 += d2 >> 26;
    h2 = d2 & M26;
    h1 += h0 >> 26;
    h0 &= M26;
    h4 += h3 >> 26;
    h3 &= M26;
  }
  put(H, h0, h1, h2, h3, h4);
  return at;
}

/** Writes the tag, (h mod 2^130 - 5) + s mod 2^128, to its address, and clears key and state. */
export function finish(): void {
  let h0 = get(H, 0);
  let h1 = get(H, 1);
  let h2 = get(H, 2);
  let h3 = get(H, 3);
  let h4 = get(H, 4);
  // Two rounds of carries leave every limb below 2^26.
  for (let round = 0; round < 2; round++) {
    h1 += h0 >> 26;
    h0 &= M26;
    h2 += h1 >> 26;
    h1 &= M26;
    h3 += h2 >> 26;
    h2 &= M26;
    h4 += h3 >> 26;
    h3 &= M26;
    h0 += (h4 >> 26) * 5;
    h4 &= M26;
  }
  h1 += h0 >> 26;
  h0 &= M26;
  // g = h + 5 - 2^130; its sign says which of h and g is the remainder, without a branch on secrets.
  let g0 = h0 + 5;
  let g1 = h1 + (g0 >> 26);
  let g2 = h2 + (g1 >> 26);
  let g3 = h3 + (g2 >> 26);
  const g4 = h4 + (g3 >> 26) - (1 << 26);
  g0 &= M26;
  g1 &= M26;
  g2 &= M26;
  g3 &= M26;
  const keep = 0 - (g4 >> 63);
  h0 = (h0 & keep) | (g0 & ~keep);
  h1 = (h1 & keep) | (g1 & ~keep);
  h2 = (h2 & keep) | (g2 & ~keep);
  h3 = (h3 & keep) | (g3 & ~keep);
  h4 = (h4 & keep) | (g4 & ~keep);
  const low = h0 | (h1 << 26) | (h2 << 52);
  const high = (h2 >> 12) | (h3 << 14) | (h4 << 40);
  const sum = low + load<u64>(KEY + 16);
  store<u64>(TAG, sum);
  store<u64>(TAG + 8, high + load<u64>(KEY + 24) + u64(sum < low));
  memory.fill(KEY, 0, 32);
  memory.fill(STATE, 0, 120);
}
