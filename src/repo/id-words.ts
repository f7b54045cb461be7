/**
 * Ids as eight numbers of 32 bits, which is how the index in memory holds them: compared word by word, without a text or
 * an object for each. The first digits, or bytes, are the highest bits of the first word.
 */
import type { Bytes } from '../base/bytes.js';
import type { AnyId } from '../base/ids.js';

export const ID_WORDS = 8;
const ID_BYTES = 32;
const ID_DIGITS = 64;

/** By the code of a character: the value of a lowercase hex digit, or -1. */
export const DIGIT_VALUES: Int8Array = Int8Array.from({ length: 256 }, (_, code) => {
  const value = '0123456789abcdef'.indexOf(String.fromCharCode(code));
  return value;
});

const scratch = Buffer.alloc(ID_BYTES);

/** Writes the words of 64 lowercase hex digits to `into`, from `at` on; false, and rubbish, for any other text. */
export function wordsOfHex(hex: string, into: Int32Array, at = 0): boolean {
  if (hex.length !== ID_DIGITS) return false;
  let seen = 0;
  for (let word = 0, digit = 0; word < ID_WORDS; word++) {
    let value = 0;
    for (const end = digit + 8; digit < end; digit++) {
      const code = hex.charCodeAt(digit);
      const found = DIGIT_VALUES[code & 0xff] ?? -1;
      // What is above a byte shows here, and so does the sign of what is no digit.
      seen |= found | (code & 0xff00);
      value = (value << 4) | found;
    }
    into[at + word] = value;
  }
  return (seen & ~0xf) === 0;
}

/** Writes the words of the 32 bytes from `from` on. */
export function wordsOfBytes(bytes: Bytes, from: number, into: Int32Array, at = 0): void {
  for (let word = 0; word < ID_WORDS; word++) {
    const byte = from + 4 * word;
    into[at + word] =
      ((bytes[byte] ?? 0) << 24) |
      ((bytes[byte + 1] ?? 0) << 16) |
      ((bytes[byte + 2] ?? 0) << 8) |
      (bytes[byte + 3] ?? 0);
  }
}

/** The id whose words begin at `at`: a text of its own. */
export function hexOfWords<T extends AnyId>(words: Int32Array, at = 0): T {
  for (let word = 0; word < ID_WORDS; word++) scratch.writeInt32BE(words[at + word] ?? 0, 4 * word);
  return scratch.toString('hex') as T;
}

const own = new Int32Array(ID_WORDS);

/** The same id as a text of its own: one that was cut out of a long text keeps all of that in memory. */
export function ownId<T extends AnyId>(id: T): T {
  return wordsOfHex(id, own) ? hexOfWords<T>(own) : id;
}
