/**
 * ROMix of scrypt (RFC 7914, section 5) for r up to 8, of one lane or of two side by side. (AssemblyScript.)
 *
 * Salsa20/8 is one chain of steps that wait for one another; the instructions of two lanes fill each other's waits. In
 * memory each 64 bytes lie by diagonals, word i at 5·i mod 16, so that a quarter round works on whole vectors.
 *
 * Memory: lanes (2 × 128·r, each right after the other) | as much to work in | tables of both. The host writes the lanes
 * and reads them again.
 */

const LANES: usize = 1024;
const WORK: usize = 3072;
const TABLES: usize = 65536;

export function lanesAddress(): usize {
  return LANES;
}

// @ts-ignore: decorator
@inline
function rotate(words: v128, by: i32): v128 {
  return v128.or(i32x4.shl(words, by), i32x4.shr_u(words, 32 - by));
}

// @ts-ignore: decorator
@inline
function step(to: v128, a: v128, b: v128, by: i32): v128 {
  return v128.xor(to, rotate(i32x4.add(a, b), by));
}

// @ts-ignore: decorator
@inline
function turn1(words: v128): v128 {
  return v128.shuffle<i32>(words, words, 3, 0, 1, 2);
}

// @ts-ignore: decorator
@inline
function turn2(words: v128): v128 {
  return v128.shuffle<i32>(words, words, 2, 3, 0, 1);
}

// @ts-ignore: decorator
@inline
function turn3(words: v128): v128 {
  return v128.shuffle<i32>(words, words, 1, 2, 3, 0);
}

/** The 16 bytes at `from`, plus those at `other` unless that is 0. */
// @ts-ignore: decorator
@inline
function read(from: usize, other: usize, at: usize): v128 {
  const words = v128.load(from + at);
  return other == 0 ? words : v128.xor(words, v128.load(other + at));
}

/** BlockMix of `from` xor `other` (nothing if 0) into `to`. */
function mix(from: usize, other: usize, to: usize, r: usize): void {
  const last = (2 * r - 1) << 6;
  let x0 = read(from, other, last);
  let x1 = read(from, other, last + 16);
  let x2 = read(from, other, last + 32);
  let x3 = read(from, other, last + 48);
  for (let i: usize = 0; i < 2 * r; i++) {
    const at = i << 6;
    x0 = v128.xor(x0, read(from, other, at));
    x1 = v128.xor(x1, read(from, other, at + 16));
    x2 = v128.xor(x2, read(from, other, at + 32));
    x3 = v128.xor(x3, read(from, other, at + 48));
    const b0 = x0;
    const b1 = x1;
    const b2 = x2;
    const b3 = x3;
    for (let round = 0; round < 4; round++) {
      x1 = step(x1, x0, x3, 7);
      x2 = step(x2, x1, x0, 9);
      x3 = step(x3, x2, x1, 13);
      x0 = step(x0, x3, x2, 18);
      x1 = turn1(x1);
      x2 = turn2(x2);
      x3 = turn3(x3);
      x3 = step(x3, x0, x1, 7);
      x2 = step(x2, x3, x0, 9);
      x1 = step(x1, x2, x3, 13);
      x0 = step(x0, x1, x2, 18);
      x1 = turn3(x1);
      x2 = turn2(x2);
      x3 = turn1(x3);
    }
    x0 = i32x4.add(x0, b0);
    x1 = i32x4.add(x1, b1);
    x2 = i32x4.add(x2, b2);
    x3 = i32x4.add(x3, b3);
    const out = to + (((i >> 1) + (i & 1) * r) << 6);
    v128.store(out, x0);
    v128.store(out, x1, 16);
    v128.store(out, x2, 32);
    v128.store(out, x3, 48);
  }
}

/** As `mix`, of two lanes; what is added again in the end waits where the result goes, not in registers. */
function mixPair(
  from: usize,
  other: usize,
  to: usize,
  from2: usize,
  other2: usize,
  to2: usize,
  r: usize,
): void {
  const last = (2 * r - 1) << 6;
  let x0 = read(from, other, last);
  let y0 = read(from2, other2, last);
  let x1 = read(from, other, last + 16);
  let y1 = read(from2, other2, last + 16);
  let x2 = read(from, other, last + 32);
  let y2 = read(from2, other2, last + 32);
  let x3 = read(from, other, last + 48);
  let y3 = read(from2, other2, last + 48);
  for (let i: usize = 0; i < 2 * r; i++) {
    const at = i << 6;
    x0 = v128.xor(x0, read(from, other, at));
    y0 = v128.xor(y0, read(from2, other2, at));
    x1 = v128.xor(x1, read(from, other, at + 16));
    y1 = v128.xor(y1, read(from2, other2, at + 16));
    x2 = v128.xor(x2, read(from, other, at + 32));
    y2 = v128.xor(y2, read(from2, other2, at + 32));
    x3 = v128.xor(x3, read(from, other, at + 48));
    y3 = v128.xor(y3, read(from2, other2, at + 48));
    const place = ((i >> 1) + (i & 1) * r) << 6;
    const out = to + place;
    const out2 = to2 + place;
    v128.store(out, x0);
    v128.store(out, x1, 16);
    v128.store(out, x2, 32);
    v128.store(out, x3, 48);
    v128.store(out2, y0);
    v128.store(out2, y1, 16);
    v128.store(out2, y2, 32);
    v128.store(out2, y3, 48);
    for (let round = 0; round < 4; round++) {
      x1 = step(x1, x0, x3, 7);
      y1 = step(y1, y0, y3, 7);
      x2 = step(x2, x1, x0, 9);
      y2 = step(y2, y1, y0, 9);
      x3 = step(x3, x2, x1, 13);
      y3 = step(y3, y2, y1, 13);
      x0 = step(x0, x3, x2, 18);
      y0 = step(y0, y3, y2, 18);
      x1 = turn1(x1);
      y1 = turn1(y1);
      x2 = turn2(x2);
      y2 = turn2(y2);
      x3 = turn3(x3);
      y3 = turn3(y3);
      x3 = step(x3, x0, x1, 7);
      y3 = step(y3, y0, y1, 7);
      x2 = step(x2, x3, x0, 9);
      y2 = step(y2, y3, y0, 9);
      x1 = step(x1, x2, x3, 13);
      y1 = step(y1, y2, y3, 13);
      x0 = step(x0, x1, x2, 18);
      y0 = step(y0, y1, y2, 18);
      x1 = turn3(x1);
      y1 = turn3(y1);
      x2 = turn2(x2);
      y2 = turn2(y2);
      x3 = turn1(x3);
      y3 = turn1(y3);
    }
    x0 = i32x4.add(x0, v128.load(out));
    y0 = i32x4.add(y0, v128.load(out2));
    x1 = i32x4.add(x1, v128.load(out, 16));
    y1 = i32x4.add(y1, v128.load(out2, 16));
    x2 = i32x4.add(x2, v128.load(out, 32));
    y2 = i32x4.add(y2, v128.load(out2, 32));
    x3 = i32x4.add(x3, v128.load(out, 48));
    y3 = i32x4.add(y3, v128.load(out2, 48));
    v128.store(out, x0);
    v128.store(out2, y0);
    v128.store(out, x1, 16);
    v128.store(out2, y1, 16);
    v128.store(out, x2, 32);
    v128.store(out2, y2, 32);
    v128.store(out, x3, 48);
    v128.store(out2, y3, 48);
  }
}

/** Puts the words of each 64 bytes by diagonals, or back. */
function arrange(from: usize, to: usize, size: usize, isBack: bool): void {
  for (let block: usize = 0; block < size; block += 64) {
    for (let i: usize = 0; i < 16; i++) {
      const straight = block + (i << 2);
      const diagonal = block + (((i * 5) & 15) << 2);
      store<u32>(to + (isBack ? diagonal : straight), load<u32>(from + (isBack ? straight : diagonal)));
    }
  }
}

/** ROMix of `lanes` lanes (1 or 2), in place. `n` is a power of two; `r` is at most 8. */
export function romix(lanes: u32, n: u32, r: u32): void {
  const size: usize = 128 * r;
  const tables2 = TABLES + n * size;
  const isPair = lanes == 2;
  arrange(LANES, TABLES, size, false);
  if (isPair) arrange(LANES + size, tables2, size, false);
  for (let i: usize = 0; i < n; i++) {
    const from = TABLES + i * size;
    const to = i + 1 < n ? from + size : LANES;
    const from2 = tables2 + i * size;
    if (isPair) mixPair(from, 0, to, from2, 0, i + 1 < n ? from2 + size : LANES + size, r);
    else mix(from, 0, to, r);
  }
  let now = LANES;
  let next = WORK;
  for (let i: u32 = 0; i < n; i++) {
    // Word 0 of the last 64 bytes, which is where it was.
    const other = TABLES + (load<u32>(now + size - 64) & (n - 1)) * size;
    if (isPair) {
      const other2 = tables2 + (load<u32>(now + 2 * size - 64) & (n - 1)) * size;
      mixPair(now, other, next, now + size, other2, next + size, r);
    } else mix(now, other, next, r);
    const swapped = now;
    now = next;
    next = swapped;
  }
  // n is even: `now` is LANES again.
  arrange(LANES, WORK, lanes * size, true);
  memory.copy(LANES, WORK, lanes * size);
}
