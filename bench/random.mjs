/** Bytes, numbers, words and lines of a configuration, the same on every machine for the same seed. */
import { createCipheriv, createHash } from 'node:crypto';

const POOL = 1024 * 1024;

/** Lines of words and numbers, `size` bytes and the rest of the last line. */
export function text(random, size) {
  let out = '';
  while (out.length < size) {
    const value = random.below(3) === 0 ? `"${random.word()} ${random.word()}"` : random.below(10_000);
    out +=
      random.below(20) === 0
        ? `\n[${random.word()}.${random.word()}]\n`
        : `  ${random.word()}_${random.word()} = ${value}\n`;
  }
  return Buffer.from(out);
}

const WORDS = `block item entity player world chunk biome render light sound music village trade loot table recipe
  craft smelt spawn rate enabled disabled maximum minimum distance height width depth color alpha red green blue key
  mouse wheel camera zoom smooth speed damage armor health hunger potion effect duration cooldown weather storm rain
  dimension portal redstone signal power range radius filter allow deny server client network timeout cache threads`
  .trim()
  .split(/\s+/);

/** The key stream of AES-256 in counter mode: seeded, and as fast as memory. */
export class Random {
  #cipher;
  #pool = Buffer.alloc(0);
  #at = 0;

  constructor(seed) {
    this.#cipher = createCipheriv('aes-256-ctr', createHash('sha256').update(seed).digest(), Buffer.alloc(16));
  }

  /** A view that later calls do not change. */
  bytes(length) {
    if (this.#at + length > this.#pool.length) {
      this.#pool = this.#cipher.update(Buffer.alloc(Math.max(POOL, length)));
      this.#at = 0;
    }
    this.#at += length;
    return this.#pool.subarray(this.#at - length, this.#at);
  }

  below(limit) {
    return this.bytes(4).readUInt32LE(0) % limit;
  }

  between(low, high) {
    return low + this.below(high - low + 1);
  }

  /** Between the two, each order of magnitude as likely as the next. */
  spread(low, high) {
    return Math.round(low * (high / low) ** (this.below(1_000_000) / 1_000_000));
  }

  word() {
    return WORDS[this.below(WORDS.length)];
  }
}
