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
const DIGITS = /(?:0|[1-9][0-9]*)(?![0-9.eE])/y;
/** Numbers of so many digits are below 2^53. */
const SAFE_DIGITS = 15;
const LITERAL = /true|false|null/y;
const MAX_U64 = 2n ** 64n - 1n;

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const NULL = 0x6e;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
/** What #peek gives at the end of the document. */
const END = -1;

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
    if (this.#peek() !== END) throw this.#unexpected('the end');
  }

  /** Consumes a `null` and says true, or says false. */
  isNull(): boolean {
    if (this.#peek() !== NULL) return false;
    this.#match(LITERAL, 'a value');
    return true;
  }

  beginObject(): void {
    this.#expect(OPEN_OBJECT);
    this.#first = true;
  }

  /** The next member's key, or undefined once the object has ended. */
  key(): string | undefined {
    if (!this.#next(CLOSE_OBJECT)) return undefined;
    const key = this.string();
    this.#expect(COLON);
    return key;
  }

  beginArray(): void {
    this.#expect(OPEN_ARRAY);
    this.#first = true;
  }

  /** Whether the array has another element; false once it has ended. */
  more(): boolean {
    return this.#next(CLOSE_ARRAY);
  }

  /** A string. Escaped lone surrogates become U+FFFD, as in Go: they must never look like bytes of a raw string. */
  string(): string {
    this.#expect(QUOTE);
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
    const quick = this.#quickInteger();
    if (quick !== undefined) return quick;
    const digits = this.#match(DIGITS, 'a whole number');
    const value = Number(digits);
    if (!Number.isSafeInteger(value)) throw this.damaged(`the number ${digits.slice(0, 40)} is too large`);
    return value;
  }

  /** A whole number from 0 to 2^64-1. */
  uint64(): bigint {
    const quick = this.#quickInteger();
    if (quick !== undefined) return BigInt(quick);
    const digits = this.#match(DIGITS, 'a whole number');
    const value = digits.length <= 20 ? BigInt(digits) : MAX_U64 + 1n;
    if (value > MAX_U64) throw this.damaged(`the number ${digits.slice(0, 40)} is too large`);
    return value;
  }

  /** Passes over any value. */
  skip(depth = 0): void {
    if (depth > MAX_DEPTH) throw this.damaged('it is nested too deeply');
    const code = this.#peek();
    if (code === OPEN_OBJECT) {
      this.beginObject();
      while (this.key() !== undefined) this.skip(depth + 1);
    } else if (code === OPEN_ARRAY) {
      this.beginArray();
      while (this.more()) this.skip(depth + 1);
    } else if (code === QUOTE) {
      this.string();
    } else {
      this.#match(code === MINUS || (code >= ZERO && code <= NINE) ? NUMBER : LITERAL, 'a value');
    }
  }

  /** Any value, as it stands in the document. */
  raw(): string {
    this.#peek();
    const start = this.#at;
    this.skip();
    return this.#text.slice(start, this.#at);
  }

  /** A short whole number without regular expressions; undefined, and nothing consumed, if it takes a closer look. */
  #quickInteger(): number | undefined {
    const text = this.#text;
    let code = this.#peek();
    const start = this.#at;
    if (code === ZERO) return undefined;
    let at = start;
    let value = 0;
    while (code >= ZERO && code <= NINE) {
      value = value * 10 + code - ZERO;
      at += 1;
      code = text.charCodeAt(at);
    }
    if (at - start > SAFE_DIGITS || (code !== COMMA && code !== CLOSE_OBJECT)) return undefined;
    if (at === start) return undefined;
    this.#at = at;
    return value;
  }

  /** Steps to the next element; false when `close` ends the list. */
  #next(close: number): boolean {
    const first = this.#first;
    this.#first = false;
    if (this.#peek() === close) {
      this.#at += 1;
      return false;
    }
    if (first) return true;
    this.#expect(COMMA);
    return true;
  }

  #expect(code: number): void {
    if (this.#peek() !== code) throw this.#unexpected(`"${String.fromCharCode(code)}"`);
    this.#at += 1;
  }

  /** The next character that is not white space, or END. */
  #peek(): number {
    const text = this.#text;
    while (this.#at < text.length) {
      const code = text.charCodeAt(this.#at);
      if (code !== SPACE && code !== LINE_FEED && code !== CARRIAGE_RETURN && code !== TAB) return code;
      this.#at += 1;
    }
    return END;
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
  while (at > start && text.charCodeAt(at - 1) === BACKSLASH) at -= 1;
  return (end - at) % 2 === 1;
}
