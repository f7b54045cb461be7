/**
 * File names as trees hold them: Go's strconv.Quote without the quotes around. Backslash, quote, control characters,
 * bytes that are not UTF-8 (\xff) and everything that Go does not call printable (\u00a0) are escaped. Names here are
 * in the form of base/raw-string.ts, which loses no byte.
 */
import { concatBytes, utf8 } from '../base/bytes.js';
import { rawFromBytes, rawToBytes } from '../base/raw-string.js';
import { PRINTABLE_RUNS } from './go-printable.js';

/** ASCII names without anything to escape: nearly all. */
const PLAIN = /^[ !#-[\]-~]*$/;
const SHORT = new Map([
  [0x07, '\\a'],
  [0x08, '\\b'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0b, '\\v'],
  [0x0c, '\\f'],
  [0x0d, '\\r'],
  [0x22, '\\"'],
  [0x5c, '\\\\'],
]);
const UNSHORT = new Map([...SHORT].map(([code, text]) => [text, code]));
/** One escape, or a run of text without any. An unescaped quote or line feed matches neither. */
const PIECE = /\\(?:x[0-9a-fA-F]{2}|[0-3][0-7]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[abfnrtv\\"])|[^\\"\n]+/gy;

let boundaries: Uint32Array | undefined;

/** Whether Go's strconv.Quote leaves the code point as it is (the quote and the backslash count as printable). */
export function isGoPrintable(code: number): boolean {
  if (code < 0x7f) return code >= 0x20;
  boundaries ??= readRuns();
  let low = 0;
  let high = boundaries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((boundaries[middle] ?? 0) <= code) low = middle + 1;
    else high = middle;
  }
  // Runs alternate and the first one is escaped.
  return low % 2 === 1;
}

export function goQuote(name: string): string {
  if (PLAIN.test(name)) return name;
  let out = '';
  for (const char of name) out += quoteOne(char, char.codePointAt(0) ?? 0);
  return out;
}

/** The name, or undefined if the text is not what quoting can give. */
export function goUnquote(text: string): string | undefined {
  if (PLAIN.test(text)) return text;
  const parts: Uint8Array[] = [];
  let end = 0;
  for (const { 0: piece, index } of text.matchAll(PIECE)) {
    const part = unquotePiece(piece);
    if (part === undefined) return undefined;
    parts.push(part);
    end = index + piece.length;
  }
  // Escaped bytes may stand side by side and be UTF-8 together, so the whole is decoded as bytes.
  return end === text.length ? rawFromBytes(concatBytes(parts)) : undefined;
}

function quoteOne(char: string, code: number): string {
  const short = SHORT.get(code);
  if (short !== undefined) return short;
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`;
  if (isGoPrintable(code)) return char;
  if (code < 0x80) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function unquotePiece(piece: string): Uint8Array | undefined {
  if (!piece.startsWith('\\')) return rawToBytes(piece);
  const short = UNSHORT.get(piece);
  if (short !== undefined) return Uint8Array.of(short);
  const kind = piece.charAt(1);
  if (kind === 'x') return Uint8Array.of(Number.parseInt(piece.slice(2), 16));
  if (kind !== 'u' && kind !== 'U') return Uint8Array.of(Number.parseInt(piece.slice(1), 8));
  const code = Number.parseInt(piece.slice(2), 16);
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
  return utf8(String.fromCodePoint(code));
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}

/** Where each run ends, in ascending order. */
function readRuns(): Uint32Array {
  let at = 0;
  return Uint32Array.from(PRINTABLE_RUNS.split(' '), (run) => {
    at += Number.parseInt(run, 36);
    return at;
  });
}
