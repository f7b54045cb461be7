/**
 * Takes large JSON documents (trees, index files) apart from front to back, without building them first: numbers up
 * to 2^64 stay exact, unknown members are skipped, every defect is a SyncError 'damaged'.
 */
import type { Bytes } from '../base/bytes.js';
import { fromUtf8 } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';

/** V8 holds no longer strings. */
const MAX_TEXT = 500 * 1024 * 1024;
/** Only members that are skipped can be nested at all; Go's limit is 10,000. */
const MAX_DEPTH = 500;
const CONTROL = /[^ -\uffff]/;
const CONTROL_INSIDE = /[^ -\uffff](?!$)/;
const LONE_SURROGATE = /\p{Cs}/gu;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y;
const DIGITS = /0|[1-9][0-9]*/y;
const LITERAL = /true|false|null/y;
const MAX_U64 = 2n ** 64n - 1n;

/**
 * Reads a document from front to back. Objects and arrays are walked with
 *   reader.beginObject(); for (let key = reader.key(); key !== undefined; key = reader.key()) { …one value… }
 *   reader.beginArray(); while (reader.more()) { …one value… }
 * and every member's value must be consumed, by `skip` if by nothing else.
 */
export class JsonReader {
  /** Names the document in errors. */
  readonly what: string;
  readonly #text: string;
  /** Whether strings must be looked at for raw control characters, which JSON does not allow. */
  readonly #hasControl: boolean;
  #at = 0;
  /** The next backslash at or behind `#at`, as far as known. */
  #backslash = -1;
  #first = false;

  constructor(bytes: Bytes, what: string) {
    if (bytes.length > MAX_TEXT) {
      throw new SyncError('unsupported', `${what}: ${bytes.length} bytes of JSON are more than this program can read`);
    }
    this.#text = fromUtf8(bytes);
    this.what = what;
    this.#hasControl = CONTROL_INSIDE.test(this.#text);
  }

  damaged(found: string): SyncError {
    return new SyncError('damaged', `${this.what} is damaged: ${found}`, { details: { at: this.#at } });
  }

  /** The document must end here. */
  end(): void {
    if (this.#peek() !== '') throw this.#unexpected('the end');
  }

  /** Consumes a `null` and says true, or says false. */
  isNull(): boolean {
    if (this.#peek() !== 'n') return false;
    this.#match(LITERAL, 'a value');
    return true;
  }

  beginObject(): void {
    this.#expect('{');
    this.#first = true;
  }

  /** The next member's key, or undefined once the object has ended. */
  key(): string | undefined {
    if (!this.#next('}')) return undefined;
    const key = this.string();
    this.#expect(':');
    return key;
  }

  beginArray(): void {
    this.#expect('[');
    this.#first = true;
  }

  /** Whether the array has another element; false once it has ended. */
  more(): boolean {
    return this.#next(']');
  }

  /** A string. Escaped lone surrogates become U+FFFD, as in Go: they must never look like bytes of a raw string. */
  string(): string {
    this.#expect('"');
    const text = this.#text;
    const start = this.#at;
    let end = text.indexOf('"', start);
    if (this.#backslash < start) this.#backslash = nextOrEnd(text, '\\', start);
    if (this.#backslash > end) {
      if (end < 0) throw this.damaged('a string is cut off');
      this.#at = end + 1;
      const plain = text.slice(start, end);
      if (this.#hasControl && CONTROL.test(plain)) throw this.damaged('a string has raw control characters');
      return plain;
    }
    while (end >= 0 && isEscaped(text, start, end)) end = text.indexOf('"', end + 1);
    if (end < 0) throw this.damaged('a string is cut off');
    this.#at = end + 1;
    return this.#unescape(text.slice(start - 1, end + 1));
  }

  /** A whole number from 0 to 2^53-1. */
  integer(): number {
    const digits = this.#digits();
    const value = Number(digits);
    if (!Number.isSafeInteger(value)) throw this.damaged(`the number ${digits.slice(0, 40)} is too large`);
    return value;
  }

  /** A whole number from 0 to 2^64-1. */
  uint64(): bigint {
    const digits = this.#digits();
    const value = digits.length < 16 ? BigInt(Number(digits)) : digits.length <= 20 ? BigInt(digits) : MAX_U64 + 1n;
    if (value > MAX_U64) throw this.damaged(`the number ${digits.slice(0, 40)} is too large`);
    return value;
  }

  /** Passes over any value. */
  skip(depth = 0): void {
    if (depth > MAX_DEPTH) throw this.damaged('it is nested too deeply');
    const char = this.#peek();
    if (char === '{') {
      this.beginObject();
      while (this.key() !== undefined) this.skip(depth + 1);
    } else if (char === '[') {
      this.beginArray();
      while (this.more()) this.skip(depth + 1);
    } else if (char === '"') {
      this.string();
    } else {
      this.#match(char === '-' || (char >= '0' && char <= '9') ? NUMBER : LITERAL, 'a value');
    }
  }

  /** Any value, as it stands in the document. */
  raw(): string {
    this.#peek();
    const start = this.#at;
    this.skip();
    return this.#text.slice(start, this.#at);
  }

  #digits(): string {
    this.#peek();
    const digits = this.#match(DIGITS, 'a whole number');
    // What follows a whole number in JSON; anything else makes it a fraction, an exponent or no number at all.
    const after = this.#text.charAt(this.#at);
    if (/[0-9.eE]/.test(after)) throw this.#unexpected('a whole number');
    return digits;
  }

  /** Steps to the next element; false when `close` ends the list. */
  #next(close: string): boolean {
    const first = this.#first;
    this.#first = false;
    const char = this.#peek();
    if (char === close) {
      this.#at += 1;
      return false;
    }
    if (first) return true;
    this.#expect(',');
    return true;
  }

  #expect(char: string): void {
    if (this.#peek() !== char) throw this.#unexpected(`"${char}"`);
    this.#at += 1;
  }

  /** The next character that is not white space; '' at the end. */
  #peek(): string {
    let char = this.#text.charAt(this.#at);
    while (char === ' ' || char === '\n' || char === '\r' || char === '\t') {
      this.#at += 1;
      char = this.#text.charAt(this.#at);
    }
    return char;
  }

  #match(pattern: RegExp, wanted: string): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) throw this.#unexpected(wanted);
    this.#at = pattern.lastIndex;
    return found[0];
  }

  #unescape(quoted: string): string {
    try {
      return String(JSON.parse(quoted)).replace(LONE_SURROGATE, '\ufffd');
    } catch (error) {
      throw new SyncError('damaged', `${this.what} is damaged: a string has an impossible escape`, { cause: error });
    }
  }

  #unexpected(wanted: string): SyncError {
    const found = this.#text.slice(this.#at, this.#at + 20);
    const text = found === '' ? 'the end' : JSON.stringify(found);
    return this.damaged(`${wanted} should stand at character ${this.#at}, but there is ${text}`);
  }
}

function nextOrEnd(text: string, char: string, from: number): number {
  const at = text.indexOf(char, from);
  return at < 0 ? text.length : at;
}

/** Whether an odd number of backslashes stands before the quote at `end`. */
function isEscaped(text: string, start: number, end: number): boolean {
  let at = end;
  while (at > start && text.charCodeAt(at - 1) === 0x5c) at -= 1;
  return (end - at) % 2 === 1;
}
