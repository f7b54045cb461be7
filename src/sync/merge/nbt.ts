/**
 * Finds tags in NBT without building anything of it: the tree is walked once, and of the tags asked for comes where
 * their payload lies. Numbers are big-endian, as in the Java edition. All input is taken for hostile.
 */
import type { Bytes } from '../../base/bytes.js';
import { utf8 } from '../../base/bytes.js';

export const TAG = {
  end: 0,
  byte: 1,
  short: 2,
  int: 3,
  long: 4,
  float: 5,
  double: 6,
  byteArray: 7,
  string: 8,
  list: 9,
  compound: 10,
  intArray: 11,
  longArray: 12,
} as const;

export interface FoundTag {
  readonly type: number;
  /** Offsets of the payload; a string's begins with its length of two bytes. */
  readonly start: number;
  readonly end: number;
}

/** As in the game, which reads nothing that is nested deeper. */
const DEEPEST = 512;
/** Bytes of one value, by type; of an element, for arrays. */
const SIZES: Readonly<Record<number, number>> = { 1: 1, 2: 2, 3: 4, 4: 8, 5: 4, 6: 8, 7: 1, 11: 4, 12: 8 };

/**
 * The tags at `paths` ("Data/Version/Name", through compounds only); of tags with the same name the last counts, as in
 * the game. Undefined if the bytes are not one whole compound; what follows it is passed over.
 */
export function findTags(nbt: Bytes, paths: readonly string[]): ReadonlyMap<string, FoundTag> | undefined {
  const walk = new Walk(nbt, paths);
  try {
    walk.root();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  return walk.found;
}

/** Throws RangeError at whatever is wrong, as the views of arrays do at their end. */
class Walk {
  readonly found = new Map<string, FoundTag>();
  readonly #nbt: Bytes;
  readonly #view: DataView;
  readonly #paths: readonly string[];
  #at = 0;

  constructor(nbt: Bytes, paths: readonly string[]) {
    this.#nbt = nbt;
    this.#view = new DataView(nbt.buffer, nbt.byteOffset, nbt.byteLength);
    this.#paths = paths;
  }

  root(): void {
    if (this.#byte() !== TAG.compound) throw new RangeError('no compound');
    this.#string();
    this.#compound('', 1);
  }

  /** `path` of this compound, undefined if nothing in it is asked for. */
  #compound(path: string | undefined, depth: number): void {
    if (depth > DEEPEST) throw new RangeError('too deep');
    for (let type = this.#byte(); type !== TAG.end; type = this.#byte()) {
      const name = this.#string();
      const own = path === undefined ? undefined : this.#wanted(path, name);
      if (own !== undefined) this.#forget(own);
      const start = this.#at;
      this.#payload(type, own, depth);
      if (own !== undefined) this.found.set(own, { type, start, end: this.#at });
    }
  }

  #payload(type: number, path: string | undefined, depth: number): void {
    if (type === TAG.compound) this.#compound(path, depth + 1);
    else if (type === TAG.list) this.#list(depth + 1);
    else if (type === TAG.string) this.#string();
    else {
      const size = SIZES[type];
      if (size === undefined) throw new RangeError('no such type');
      const isArray = type === TAG.byteArray || type === TAG.intArray || type === TAG.longArray;
      this.#skip(isArray ? this.#count() * size : size);
    }
  }

  #list(depth: number): void {
    if (depth > DEEPEST) throw new RangeError('too deep');
    const type = this.#byte();
    const count = this.#count();
    const size = SIZES[type];
    // Each round takes a byte at least, so the walk ends with the file: only an empty list may be one of no type.
    if (size !== undefined && type <= TAG.double) this.#skip(count * size);
    else for (let i = 0; i < count; i++) this.#payload(type, undefined, depth);
  }

  #wanted(path: string, name: Bytes): string | undefined {
    // Longer than any name that is asked for.
    if (name.length > 100) return undefined;
    const text = decodeModifiedUtf8(name);
    if (text === undefined || text.includes('/')) return undefined;
    const own = path === '' ? text : `${path}/${text}`;
    return this.#paths.some((one) => one === own || one.startsWith(`${own}/`)) ? own : undefined;
  }

  #forget(path: string): void {
    for (const one of this.found.keys()) if (one === path || one.startsWith(`${path}/`)) this.found.delete(one);
  }

  #byte(): number {
    const value = this.#view.getUint8(this.#at);
    this.#at += 1;
    return value;
  }

  #count(): number {
    const count = this.#view.getInt32(this.#at);
    if (count < 0) throw new RangeError('a negative count');
    this.#at += 4;
    return count;
  }

  #string(): Bytes {
    const length = this.#view.getUint16(this.#at);
    const start = this.#at + 2;
    this.#skip(2 + length);
    return this.#nbt.subarray(start, this.#at);
  }

  #skip(bytes: number): void {
    this.#at += bytes;
    if (this.#at > this.#nbt.length) throw new RangeError('too short');
  }
}

/** Java's own form of UTF-8 (java.io.DataInput): surrogates one by one, NUL in two bytes. Undefined if it is not that. */
export function decodeModifiedUtf8(bytes: Bytes): string | undefined {
  const codes: number[] = [];
  for (let i = 0; i < bytes.length; ) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(i, i + 3);
    const length = a < 0x80 ? 1 : a >> 5 === 0b110 ? 2 : a >> 4 === 0b1110 ? 3 : 0;
    if (length === 0 || i + length > bytes.length) return undefined;
    if ((length > 1 && b >> 6 !== 0b10) || (length > 2 && c >> 6 !== 0b10)) return undefined;
    if (length === 1) codes.push(a);
    else if (length === 2) codes.push(((a & 0x1f) << 6) | (b & 0x3f));
    else codes.push(((a & 0x0f) << 12) | ((b & 0x3f) << 6) | (c & 0x3f));
    i += length;
  }
  return codes.map((code) => String.fromCharCode(code)).join('');
}

export function encodeModifiedUtf8(text: string): Bytes {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the text for which both forms are the same
  if (/^[\u0001-\u007f]*$/.test(text)) return utf8(text);
  const out: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0 && code < 0x80) out.push(code);
    else if (code < 0x800) out.push(0xc0 | (code >> 6), 0x80 | (code & 0x3f));
    else out.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
  }
  return Uint8Array.from(out);
}
