/**
 * Text files that list patterns or paths: UTF-8, or UTF-16 with a byte-order mark; one entry on a line.
 */
import type { Bytes } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';
import { rawFromBytes } from '../base/raw-string.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Lines without their ends, in the raw-string form. Throws 'usage' for UTF-16 that is cut. */
export function linesOf(bytes: Bytes): string[] {
  const lines = decodeText(bytes).split('\n');
  // The last line feed ends a line; it does not begin one.
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
}

/** The lines that count: without blanks around them, empty ones and comments (#). */
export function entriesOf(bytes: Bytes): string[] {
  return linesOf(bytes)
    .map(trimSpace)
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** Patterns of a file, with the variables of the environment put in. */
export function patternsOf(bytes: Bytes, env: Environment): string[] {
  return entriesOf(bytes).map((line) => expandVariables(line, env));
}

/** `${A}`, `$A`, and the shell's one-character names; "$" before anything else stays; "$$" is one "$". */
const VARIABLE = /\$(?:\{([^}]*)\}|(\{)|([*#$@!?\-0-9])|([A-Za-z0-9_]+))/g;

/** As Go's os.Expand: unknown variables are empty, and so is a broken `${`. */
export function expandVariables(text: string, env: Environment): string {
  return text.replace(VARIABLE, (_all, braced?: string, open?: string, special?: string, plain?: string) => {
    const name = braced ?? special ?? plain;
    if (open !== undefined || name === undefined || name === '') return '';
    return name === '$' ? '$' : (env[name] ?? '');
  });
}

function decodeText(bytes: Bytes): string {
  const [a, b, c] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return rawFromBytes(bytes.subarray(3));
  if (a === 0xff && b === 0xfe) return decodeUtf16(bytes.subarray(2), 'utf-16le');
  if (a === 0xfe && b === 0xff) return decodeUtf16(bytes.subarray(2), 'utf-16be');
  return rawFromBytes(bytes);
}

function decodeUtf16(bytes: Bytes, encoding: 'utf-16le' | 'utf-16be'): string {
  if (bytes.length % 2 !== 0) throw new SyncError('usage', 'the text is UTF-16 by its first bytes, but it is cut');
  return new TextDecoder(encoding, { ignoreBOM: true }).decode(bytes);
}

/** What Go takes for blanks: a byte-order mark is none, the line separators of Unicode and U+0085 are. */
function trimSpace(text: string): string {
  return text
    .replace(/^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/, '')
    .replace(/[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/, '');
}
