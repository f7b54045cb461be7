/**
 * A set of blobs of one type: a bit for each that the index knows, and the ids of those it does not know. It holds no
 * texts of others in memory, as an id would that was cut out of a tree.
 */
import type { BlobId } from '../base/ids.js';
import type { BlobType } from '../pack/header.js';
import { NONE } from './id-table.js';
import { ownId } from './id-words.js';
import type { BlobIndex } from './index.js';

const LEAST_WORDS = 1024;

/** Good as long as nothing is removed from the index; what is added to it meanwhile does no harm. */
export class BlobSet implements Iterable<BlobId> {
  readonly #index: BlobIndex;
  readonly #type: BlobType;
  #bits = new Uint32Array(0);
  #known = 0;
  readonly #strangers = new Set<BlobId>();

  constructor(index: BlobIndex, type: BlobType, ids: Iterable<BlobId> = []) {
    this.#index = index;
    this.#type = type;
    for (const id of ids) this.add(id);
  }

  get size(): number {
    return this.#known + this.#strangers.size;
  }

  /** Those that the index did not know when they were added. */
  get strangers(): ReadonlySet<BlobId> {
    return this.#strangers;
  }

  has(id: BlobId): boolean {
    const number = this.#index.numberOf(this.#type, id);
    return this.#hasBit(number) || (this.#strangers.size > 0 && this.#strangers.has(id));
  }

  /** Whether it was not in the set before. */
  add(id: BlobId): boolean {
    const number = this.#index.numberOf(this.#type, id);
    if (this.#hasBit(number) || this.#strangers.has(id)) return false;
    if (number === NONE) {
      this.#strangers.add(ownId(id));
      return true;
    }
    const word = number >>> 5;
    if (word >= this.#bits.length) this.#grow(word);
    this.#bits[word] = (this.#bits[word] ?? 0) | (1 << (number & 31));
    this.#known += 1;
    return true;
  }

  /** Whether it was in the set. */
  delete(id: BlobId): boolean {
    const number = this.#index.numberOf(this.#type, id);
    if (!this.#hasBit(number)) return this.#strangers.delete(id);
    const word = number >>> 5;
    this.#bits[word] = (this.#bits[word] ?? 0) & ~(1 << (number & 31));
    this.#known -= 1;
    return true;
  }

  *[Symbol.iterator](): IterableIterator<BlobId> {
    for (const number of this.numbers()) yield this.#index.idOf(number);
    yield* this.#strangers;
  }

  /** The index's numbers of those that it knows. */
  *numbers(): IterableIterator<number> {
    for (let word = 0; word < this.#bits.length; word++) {
      for (let bits = this.#bits[word] ?? 0; bits !== 0; bits &= bits - 1)
        yield word * 32 + 31 - Math.clz32(bits & -bits);
    }
  }

  #hasBit(number: number): boolean {
    return number !== NONE && (((this.#bits[number >>> 5] ?? 0) >>> (number & 31)) & 1) === 1;
  }

  #grow(word: number): void {
    const bits = new Uint32Array(Math.max(LEAST_WORDS, 2 * this.#bits.length, word + 1));
    bits.set(this.#bits);
    this.#bits = bits;
  }
}
