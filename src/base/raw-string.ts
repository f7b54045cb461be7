/**
 * File names as strings that lose nothing. POSIX names are bytes; nearly all are UTF-8. A byte that is not part of
 * valid UTF-8 is held as the lone surrogate U+DC00 + byte (the scheme Python calls surrogateescape), so every name
 * has one string, every such string gives back its bytes, and ordinary names are ordinary strings.
 */
import type { Bytes } from './bytes.js';
import { utf8 } from './bytes.js';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** Lone surrogates that stand for the bytes 0x80 to 0xff. */
const ESCAPED = /(?<![\ud800-\udbff])[\udc80-\udcff]/;

/** Whether the name holds bytes that are not UTF-8. */
export function isRaw(name: string): boolean {
  return ESCAPED.test(name);
}

export function rawFromBytes(bytes: Bytes): string {
  try {
    return strict.decode(bytes);
  } catch {
    // Not UTF-8: take it apart below, sequence by sequence.
  }
  let out = '';
  for (let i = 0; i < bytes.length; ) {
    const length = sequenceLength(bytes, i);
    if (length === 0) {
      out += String.fromCharCode(0xdc00 + (bytes[i] ?? 0));
      i += 1;
    } else {
      out += strict.decode(bytes.subarray(i, i + length));
      i += length;
    }
  }
  return out;
}

export function rawToBytes(name: string): Bytes {
  if (!isRaw(name)) return utf8(name);
  const out: number[] = [];
  for (const char of name) {
    const code = char.codePointAt(0) ?? 0;
    if (code >= 0xdc80 && code <= 0xdcff) out.push(code - 0xdc00);
    else out.push(...utf8(char));
  }
  return Uint8Array.from(out);
}

/** Length of the valid UTF-8 sequence at `at`, 0 if there is none (RFC 3629, table 3-7 of Unicode). */
function sequenceLength(bytes: Bytes, at: number): number {
  const b0 = bytes[at] ?? 0;
  if (b0 < 0x80) return 1;
  const length = b0 >= 0xc2 && b0 <= 0xdf ? 2 : b0 >= 0xe0 && b0 <= 0xef ? 3 : b0 >= 0xf0 && b0 <= 0xf4 ? 4 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  const b1 = bytes[at + 1] ?? 0;
  const low = b0 === 0xe0 ? 0xa0 : b0 === 0xf0 ? 0x90 : 0x80;
  const high = b0 === 0xed ? 0x9f : b0 === 0xf4 ? 0x8f : 0xbf;
  if (b1 < low || b1 > high) return 0;
  for (let i = 2; i < length; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0;
  return length;
}

/** The form of a path that node:fs needs: bytes where the name is not UTF-8, else the string. */
export function toFsPath(path: string): string | Buffer {
  return isRaw(path) ? Buffer.from(rawToBytes(path)) : path;
}
