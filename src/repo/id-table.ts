/**
 * Numbered records that are found by an id: rows of 32-bit words in a few large arrays. Records of one bucket are
 * chained through a word of their own; several may have the same id, and keep the order in which they came.
 *     record = id (8 words) | link (1) | what the owner keeps (…)          record numbers count from 0
 * Nothing is copied when it grows: arrays are added, and the buckets are chained anew in the arrays that there are.
 */
import { ID_WORDS } from './id-words.js';

/** No record. */
export const NONE = -1;
/** The first word that is the owner's. */
export const OWN = 9;

const LINK = 8;
/** In place of a link: the record was removed. */
const REMOVED = -1;
/** Records, and buckets, of one array: 53 KB of blobs. Small, as most repositories are. */
const SHIFT = 10;
const PER_ARRAY: number = 1 << SHIFT;
const MASK: number = PER_ARRAY - 1;
/** Records for each bucket, when the buckets are doubled: 2 to 4 bytes of buckets for a record. */
const LOAD = 2;

export class IdTable {
  readonly #stride: number;
  readonly #records: Int32Array[] = [];
  /** The first record of a bucket by its number + 1; 0 for none, which is what new memory holds. Links likewise. */
  readonly #buckets: Int32Array[] = [];
  #bucketMask = -1;
  #count = 0;

  /** `words`: how many of each record are the owner's. */
  constructor(words: number) {
    this.#stride = OWN + words;
  }

  /** Records ever appended and not trimmed: numbers are below it. */
  get count(): number {
    return this.#count;
  }

  /** Memory reserved. */
  get bytes(): number {
    return (this.#records.length * this.#stride + this.#buckets.length) * PER_ARRAY * 4;
  }

  /** The first record with the id whose words begin at `at`, or NONE. */
  first(words: Int32Array, at: number): number {
    if (this.#count === 0) return NONE;
    const bucket = hashOf(words, at) & this.#bucketMask;
    return this.#match((this.#buckets[bucket >>> SHIFT]?.[bucket & MASK] ?? 0) - 1, words, at);
  }

  /** The next record with the same id, or NONE. */
  next(record: number): number {
    const array = this.#records[record >>> SHIFT];
    if (array === undefined) return NONE;
    const at = (record & MASK) * this.#stride;
    return this.#match((array[at + LINK] ?? 0) - 1, array, at);
  }

  /** Adds a record; it comes behind those with the same id. Its own words are 0. */
  append(words: Int32Array, at: number): number {
    if (this.#buckets.length === 0 || this.#count >= LOAD * (this.#bucketMask + 1)) this.#addBuckets();
    const record = this.#count++;
    if (record >>> SHIFT === this.#records.length) this.#records.push(new Int32Array(PER_ARRAY * this.#stride));
    const array = this.#records[record >>> SHIFT] ?? new Int32Array(0);
    const to = (record & MASK) * this.#stride;
    for (let word = 0; word < ID_WORDS; word++) array[to + word] = words[at + word] ?? 0;
    array.fill(0, to + LINK, to + this.#stride);
    const hash = hashOf(words, at);
    this.#setLink(this.#last(hash), hash, record + 1);
    return record;
  }

  /** Removes a record. Its number is not used again, unless no record was appended after it. */
  remove(record: number): void {
    const { array, at } = this.row(record);
    const hash = hashOf(array, at);
    const behind = array[at + LINK] ?? 0;
    let before = NONE;
    for (let one = this.#head(hash); one !== record && one !== NONE; one = this.get(one, LINK) - 1) before = one;
    this.#setLink(before, hash, behind);
    array[at + LINK] = REMOVED;
    while (this.#count > 0 && !this.isThere(this.#count - 1)) this.#count -= 1;
  }

  isThere(record: number): boolean {
    return this.get(record, LINK) !== REMOVED;
  }

  /** One word of a record: 0 to 7 are its id, those from OWN on the owner's. */
  get(record: number, word: number): number {
    return this.#records[record >>> SHIFT]?.[(record & MASK) * this.#stride + word] ?? 0;
  }

  set(record: number, word: number, value: number): void {
    const array = this.#records[record >>> SHIFT];
    if (array !== undefined) array[(record & MASK) * this.#stride + word] = value;
  }

  /** Where a record lies: good until the next change. */
  row(record: number): { readonly array: Int32Array; readonly at: number } {
    return { array: this.#records[record >>> SHIFT] ?? new Int32Array(0), at: (record & MASK) * this.#stride };
  }

  clear(): void {
    this.#records.length = 0;
    this.#buckets.length = 0;
    this.#bucketMask = -1;
    this.#count = 0;
  }

  #match(from: number, words: Int32Array, at: number): number {
    const stride = this.#stride;
    const key = words[at] ?? 0;
    for (let record = from; record !== NONE; ) {
      const array = this.#records[record >>> SHIFT];
      if (array === undefined) return NONE;
      const row = (record & MASK) * stride;
      if (array[row] === key && isSame(array, row, words, at)) return record;
      record = (array[row + LINK] ?? 0) - 1;
    }
    return NONE;
  }

  #head(hash: number): number {
    const bucket = hash & this.#bucketMask;
    return (this.#buckets[bucket >>> SHIFT]?.[bucket & MASK] ?? 0) - 1;
  }

  /** The last record of the bucket, or NONE. */
  #last(hash: number): number {
    let last = NONE;
    for (let one = this.#head(hash); one !== NONE; one = this.get(one, LINK) - 1) last = one;
    return last;
  }

  /** What comes behind `record`, or first in the bucket. */
  #setLink(record: number, hash: number, link: number): void {
    if (record !== NONE) {
      this.set(record, LINK, link);
      return;
    }
    const bucket = hash & this.#bucketMask;
    const array = this.#buckets[bucket >>> SHIFT];
    if (array !== undefined) array[bucket & MASK] = link;
  }

  /** Twice as many; backwards over the records, so that those of a bucket come in their order again. */
  #addBuckets(): void {
    for (const array of this.#buckets) array.fill(0);
    for (let more = Math.max(1, this.#buckets.length); more > 0; more--) this.#buckets.push(new Int32Array(PER_ARRAY));
    this.#bucketMask = this.#buckets.length * PER_ARRAY - 1;
    for (let record = this.#count - 1; record >= 0; record--) {
      const array = this.#records[record >>> SHIFT];
      const at = (record & MASK) * this.#stride;
      if (array === undefined || array[at + LINK] === REMOVED) continue;
      const bucket = hashOf(array, at) & this.#bucketMask;
      const buckets = this.#buckets[bucket >>> SHIFT];
      if (buckets === undefined) continue;
      array[at + LINK] = buckets[bucket & MASK] ?? 0;
      buckets[bucket & MASK] = record + 1;
    }
  }
}

/** Ids are hashes already; from both ends, so that made-up ones that count are told apart too. */
function hashOf(words: Int32Array, at: number): number {
  return ((words[at] ?? 0) + ((words[at + ID_WORDS - 1] ?? 0) << 1)) | 0;
}

function isSame(a: Int32Array, from: number, b: Int32Array, at: number): boolean {
  for (let word = 1; word < ID_WORDS; word++) if (a[from + word] !== b[at + word]) return false;
  return true;
}
