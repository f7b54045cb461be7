/**
 * A pattern for one name, with the rules of Go's filepath.Match:
 *   *  any bytes, also none      ?  one character      [a-z] [^a-z]  one character of a set      \x  x itself
 * On Windows a backslash has no special meaning. Names and patterns are raw strings; they are compared as UTF-8 bytes.
 */
import { SyncError } from '../base/errors.js';
import { isRaw, rawFromBytes, rawToBytes } from '../base/raw-string.js';

/** Works on every system as on its own, so that tests may ask for the other. */
export interface NameOptions {
  /** Whether a backslash stands before a character that is meant as it is; on all systems but Windows. */
  readonly escapes?: boolean;
}

interface CharSet {
  readonly negated: boolean;
  readonly ranges: readonly (readonly [low: number, high: number])[];
}

/** A string is one byte that is meant as it is. */
type Token = { readonly star: true } | { readonly any: true } | { readonly set: CharSet } | string;

/** What Go gives for a byte that is no UTF-8. */
const RUNE_ERROR = 0xfffd;

export type NameMatcher = (name: string) => boolean;

/** Throws 'usage' for a pattern that is not well-formed. */
export function matchName(pattern: string, name: string, options: NameOptions = {}): boolean {
  return compileName(pattern, options)(name);
}

/** Throws 'usage' for a pattern that is not well-formed. */
export function compileName(pattern: string, options: NameOptions = {}): NameMatcher {
  if (!/[*?[\\]/.test(pattern)) return (name) => name === pattern;
  const tokens = tokenize(pattern, options.escapes ?? process.platform !== 'win32');
  const tail = plainTail(tokens);
  if (tail !== undefined) return (name) => !name.includes('/') && byteString(name).endsWith(tail);
  return (name) => matchTokens(tokens, byteString(name));
}

/** One code unit per byte of UTF-8. */
function byteString(text: string): string {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) return Buffer.from(rawToBytes(text)).toString('latin1');
  }
  return text;
}

/** "*.go", the most usual pattern: what follows its star; undefined for any other. */
function plainTail(tokens: readonly Token[]): string | undefined {
  const [first, ...rest] = tokens;
  if (typeof first !== 'object' || !('star' in first)) return undefined;
  const bytes = rest.filter((token) => typeof token === 'string');
  return bytes.length === rest.length ? bytes.join('') : undefined;
}

function tokenize(pattern: string, escapes: boolean): Token[] {
  const chars = [...pattern];
  const tokens: Token[] = [];
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] ?? '';
    if (char === '*') {
      tokens.push({ star: true });
    } else if (char === '?') {
      tokens.push({ any: true });
    } else if (char === '[') {
      const { set, end } = readSet(pattern, chars, i + 1, escapes);
      tokens.push({ set });
      i = end;
    } else {
      if (char === '\\' && escapes) i += 1;
      const literal = chars[i];
      if (literal === undefined) throw badPattern(pattern);
      tokens.push(...byteString(literal));
    }
  }
  return tokens;
}

/** `from` is behind the bracket; `end` is where its partner stands. A set has at least one member. */
function readSet(
  pattern: string,
  chars: readonly string[],
  from: number,
  escapes: boolean,
): { readonly set: CharSet; readonly end: number } {
  const negated = chars[from] === '^';
  const ranges: [number, number][] = [];
  let at = negated ? from + 1 : from;
  const member = (): number => {
    if (chars[at] === '-' || chars[at] === ']') throw badPattern(pattern);
    if (chars[at] === '\\' && escapes) at += 1;
    const char = chars[at];
    at += 1;
    if (char === undefined || isRaw(char) || chars[at] === undefined) throw badPattern(pattern);
    return char.codePointAt(0) ?? 0;
  };
  do {
    const low = member();
    let high = low;
    if (chars[at] === '-') {
      at += 1;
      high = member();
    }
    ranges.push([low, high]);
  } while (chars[at] !== ']');
  return { set: { negated, ranges }, end: at };
}

function badPattern(pattern: string): SyncError {
  return new SyncError('usage', `syntax error in pattern ${JSON.stringify(pattern)}`, { details: { pattern } });
}

/**
 * Greedy, going back to the last star only: a later star makes an earlier one's choice final. A star takes bytes, so
 * what follows it may start within a character, whose other bytes then count as characters of their own, as in Go.
 */
function matchTokens(tokens: readonly Token[], bytes: string): boolean {
  let star = -1;
  let starAt = 0;
  let t = 0;
  let at = 0;
  while (at < bytes.length || t < tokens.length) {
    const token = tokens[t];
    const isStar = typeof token === 'object' && 'star' in token;
    const width = isStar || token === undefined || at >= bytes.length ? 0 : matchOne(token, bytes, at);
    if (isStar) {
      star = t++;
      starAt = at;
    } else if (width > 0) {
      t += 1;
      at += width;
    } else if (star >= 0 && starAt < bytes.length && bytes[starAt] !== '/') {
      t = star + 1;
      at = ++starAt;
    } else {
      return false;
    }
  }
  return true;
}

/** How many bytes the token takes at `at`; 0 if it does not fit. */
function matchOne(token: Exclude<Token, { star: true }>, bytes: string, at: number): number {
  if (typeof token === 'string') return bytes[at] === token ? 1 : 0;
  const { rune, width } = runeAt(bytes, at);
  if ('any' in token) return rune === 0x2f ? 0 : width;
  const { negated, ranges } = token.set;
  return ranges.some(([low, high]) => rune >= low && rune <= high) !== negated ? width : 0;
}

function runeAt(bytes: string, at: number): { readonly rune: number; readonly width: number } {
  const byte = bytes.charCodeAt(at);
  if (byte < 0x80) return { rune: byte, width: 1 };
  const char = String.fromCodePoint(rawFromBytes(Buffer.from(bytes.slice(at, at + 4), 'latin1')).codePointAt(0) ?? 0);
  if (isRaw(char)) return { rune: RUNE_ERROR, width: 1 };
  return { rune: char.codePointAt(0) ?? 0, width: Buffer.byteLength(char) };
}
