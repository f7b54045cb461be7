/**
 * Poly1305 (RFC 8439, section 2.5) over blocks in memory. (AssemblyScript.)
 *
 * Numbers modulo 2^130 - 5 are five limbs of 26 bits: a product of limbs has 52 bits (56 with the factor 5 and what is
 * not carried yet), so five of them add up without a carry. Long data go through two lanes of a vector, the even blocks
 * in one and the odd ones in the other: each is multiplied by r², and in the end the odd lane by r instead.
 *
 * Memory: key (32) | tag (16) | state | vectors | data. The host writes key and data; nothing is allocated here.
 */

const KEY: usize = 1024;
const TAG: usize = KEY + 32;
const STATE: usize = TAG + 16;
/** State: r, then r², then h, five u64 each. */
const R: usize = STATE;
const R2: usize = STATE + 40;
const H: usize = STATE + 80;
/** What the lanes are multiplied by: five limbs, then four of them times 5; each a vector whose first two u32 count. */
const FACTORS: usize = 1280;
/** The limbs of h in two lanes, five vectors of two u64. */
const LANES: usize = FACTORS + 144;
const DATA: usize = 2048;
/** Below this the lanes cost more than they gain. A multiple of 32. */
const SHORT: usize = 128;
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
  const pairs = length & ~31;
  if (pairs >= SHORT) {
    takeInLanes(at, at + pairs);
    at += pairs;
  }
  const end = DATA + length;
  for (; at + 16 <= end; at += 16) block(at, 1);
  if (at == end) return;
  // The last, short block: a byte 1 after the message, then zeros.
  store<u8>(end, 1);
  memory.fill(end + 1, 0, 16);
  block(at, 0);
}

/** Pairs of blocks at [from, to), at least two. */
function takeInLanes(from: usize, to: usize): void {
  for (let limb: usize = 0; limb < 5; limb++) {
    store<u64>(LANES + (limb << 4), get(H, limb));
    store<u64>(LANES + (limb << 4), 0, 8);
  }
  setFactor(0, R2);
  setFactor(1, R2);
  laneSteps(from, to - 32);
  // The last blocks: what is in the odd lane is one block shorter.
  setFactor(1, R);
  laneSteps(to - 32, to);
  // Their sum is h; carried once around, its limbs are small enough for the next step.
  let over: u64 = 0;
  for (let limb: usize = 0; limb < 5; limb++) {
    const value = load<u64>(LANES + (limb << 4)) + load<u64>(LANES + (limb << 4), 8) + over;
    store<u64>(H + (limb << 3), value & M26);
    over = value >> 26;
  }
  store<u64>(H, get(H, 0) + over * 5);
}

function setFactor(lane: usize, from: usize): void {
  for (let limb: usize = 0; limb < 5; limb++) {
    const value = <u32>get(from, limb);
    const at = FACTORS + (limb << 4) + (lane << 2);
    store<u32>(at, value);
    if (limb > 0) store<u32>(at, value * 5, 64);
  }
}

/** Limbs are in u64 lanes between steps, and in the first two u32 of a vector where they are multiplied. */
// @ts-ignore: decorator
@inline
function narrow(limbs: v128): v128 {
  return v128.shuffle<i32>(limbs, limbs, 0, 2, 0, 2);
}

// @ts-ignore: decorator
@inline
function product(a: v128, b: v128): v128 {
  return i64x2.extmul_low_i32x4_u(a, b);
}

// @ts-ignore: decorator
@inline
function add(a: v128, b: v128): v128 {
  return i64x2.add(a, b);
}

// @ts-ignore: decorator
@inline
function carry(limb: v128): v128 {
  return i64x2.shr_u(limb, 26);
}

/** Takes the lanes from LANES, and leaves them there. */
function laneSteps(from: usize, to: usize): void {
  const r0 = v128.load(FACTORS);
  const r1 = v128.load(FACTORS, 16);
  const r2 = v128.load(FACTORS, 32);
  const r3 = v128.load(FACTORS, 48);
  const r4 = v128.load(FACTORS, 64);
  const s1 = v128.load(FACTORS, 80);
  const s2 = v128.load(FACTORS, 96);
  const s3 = v128.load(FACTORS, 112);
  const s4 = v128.load(FACTORS, 128);
  let a0 = v128.load(LANES);
  let a1 = v128.load(LANES, 16);
  let a2 = v128.load(LANES, 32);
  let a3 = v128.load(LANES, 48);
  let a4 = v128.load(LANES, 64);
  const m26 = i64x2.splat(M26);
  const bit = i64x2.splat(1 << 24);
  for (let at = from; at < to; at += 32) {
    const even = v128.load(at);
    const odd = v128.load(at, 16);
    const low = v128.shuffle<i64>(even, odd, 0, 2);
    const high = v128.shuffle<i64>(even, odd, 1, 3);
    const h0 = narrow(add(a0, v128.and(low, m26)));
    const h1 = narrow(add(a1, v128.and(i64x2.shr_u(low, 26), m26)));
    const h2 = narrow(add(a2, v128.and(v128.or(i64x2.shr_u(low, 52), i64x2.shl(high, 12)), m26)));
    const h3 = narrow(add(a3, v128.and(i64x2.shr_u(high, 14), m26)));
    const h4 = narrow(add(a4, v128.or(i64x2.shr_u(high, 40), bit)));
    const d0 = add(add(add(product(h0, r0), product(h1, s4)), add(product(h2, s3), product(h3, s2))), product(h4, s1));
    let d1 = add(add(add(product(h0, r1), product(h1, r0)), add(product(h2, s4), product(h3, s3))), product(h4, s2));
    let d2 = add(add(add(product(h0, r2), product(h1, r1)), add(product(h2, r0), product(h3, s4))), product(h4, s3));
    const d3 = add(add(add(product(h0, r3), product(h1, r2)), add(product(h2, r1), product(h3, r0))), product(h4, s4));
    let d4 = add(add(add(product(h0, r4), product(h1, r3)), add(product(h2, r2), product(h3, r1))), product(h4, r0));
    // Two short carry chains side by side instead of one long one.
    d1 = add(d1, carry(d0));
    d4 = add(d4, carry(d3));
    d2 = add(d2, carry(d1));
    const over = carry(d4);
    a0 = add(v128.and(d0, m26), add(over, i64x2.shl(over, 2)));
    a3 = add(v128.and(d3, m26), carry(d2));
    a1 = add(v128.and(d1, m26), carry(a0));
    a0 = v128.and(a0, m26);
    a2 = v128.and(d2, m26);
    a4 = add(v128.and(d4, m26), carry(a3));
    a3 = v128.and(a3, m26);
  }
  v128.store(LANES, a0);
  v128.store(LANES, a1, 16);
  v128.store(LANES, a2, 32);
  v128.store(LANES, a3, 48);
  v128.store(LANES, a4, 64);
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
  memory.fill(STATE, 0, DATA - STATE);
}
