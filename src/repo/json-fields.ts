/**
 * Typed access to the members of a small JSON object (config, key file, snapshot, lock). A member that is absent or
 * null gives undefined, one of a wrong type throws 'damaged', unknown ones are nobody's concern.
 */
import type { Bytes } from '../base/bytes.js';
import { fromBase64, fromUtf8 } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';
import type { AnyId } from '../base/ids.js';
import { parseId } from '../base/ids.js';
import { isGoTime } from './go-time.js';

/** All of these files are a few hundred bytes; a snapshot of very many paths a few megabytes. */
const MAX_SIZE = 64 * 1024 * 1024;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const LONE_SURROGATE = /\p{Cs}/gu;

export class JsonFields {
  readonly #members: object;
  readonly #what: string;

  private constructor(members: object, what: string) {
    this.#members = members;
    this.#what = what;
  }

  /** `what` names the document in errors. Throws 'damaged' if it is not one JSON object. */
  static parse(bytes: Bytes, what: string): JsonFields {
    if (bytes.length === 0) throw new SyncError('damaged', `${what} is damaged: it is empty`);
    if (bytes.length > MAX_SIZE)
      throw new SyncError('damaged', `${what} is damaged: ${bytes.length} bytes are too many`);
    let value: unknown;
    try {
      value = JSON.parse(fromUtf8(bytes));
    } catch (error) {
      throw new SyncError('damaged', `${what} is damaged: it is not JSON`, { cause: error });
    }
    return JsonFields.#of(value, what);
  }

  static #of(value: unknown, what: string): JsonFields {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new SyncError('damaged', `${what} is damaged: it is not a JSON object`);
    }
    return new JsonFields(value, what);
  }

  /** Whether the member is there and not null. */
  has(name: string): boolean {
    return this.#get(name) !== undefined;
  }

  object(name: string): JsonFields | undefined {
    const value = this.#get(name);
    return value === undefined ? undefined : JsonFields.#of(value, `${this.#what}, ${name}`);
  }

  string(name: string): string | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'string') throw this.damaged(name, 'not a string');
    return wellFormed(value);
  }

  strings(name: string): readonly string[] | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) throw this.damaged(name, 'not a list');
    return value.map((item: unknown) => {
      if (typeof item !== 'string') throw this.damaged(name, 'not a list of strings');
      return wellFormed(item);
    });
  }

  boolean(name: string): boolean | undefined {
    const value = this.#get(name);
    if (value === undefined || typeof value === 'boolean') return value;
    throw this.damaged(name, 'neither true nor false');
  }

  /** A whole number from 0 to `most`. */
  integer(name: string, most: number = Number.MAX_SAFE_INTEGER): number | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= most) return value;
    throw this.damaged(name, `not a whole number from 0 to ${most}`);
  }

  /** Bytes in padded base64, as Go writes them. */
  bytes(name: string): Bytes | undefined {
    const text = this.string(name);
    if (text === undefined) return undefined;
    const bytes = decodeBase64(text);
    if (bytes === undefined) throw this.damaged(name, 'not base64');
    return bytes;
  }

  time(name: string): string | undefined {
    const text = this.string(name);
    if (text !== undefined && !isGoTime(text)) throw this.damaged(name, 'not a time');
    return text;
  }

  id<T extends AnyId>(name: string): T | undefined {
    return this.has(name) ? parseId<T>(this.#get(name), `${this.#what} is damaged: ${name}`) : undefined;
  }

  /** The value, or 'damaged' if the member is absent. */
  need<T>(name: string, value: T | undefined): T {
    if (value === undefined) throw this.damaged(name, 'missing');
    return value;
  }

  damaged(name: string, found: string): SyncError {
    return new SyncError('damaged', `${this.#what} is damaged: ${name} is ${found}`);
  }

  #get(name: string): unknown {
    const value: unknown = Object.getOwnPropertyDescriptor(this.#members, name)?.value;
    return value === null ? undefined : value;
  }
}

/** The bytes, or undefined if the text is not padded base64. */
export function decodeBase64(text: string): Bytes | undefined {
  return BASE64.test(text) ? fromBase64(text) : undefined;
}

/** As Go reads escaped lone surrogates. */
function wellFormed(text: string): string {
  return text.replace(LONE_SURROGATE, '\ufffd');
}
