/**
 * The packs that the index knows, by number: 40 bytes for each instead of a text and its entry in a Map. A pack that is
 * forgotten keeps its number, as blobs may still refer to it.
 */
import type { PackId } from '../base/ids.js';
import { IdTable, NONE, OWN } from './id-table.js';
import { hexOfWords, ID_WORDS, wordsOfHex } from './id-words.js';

/** What the index knows of packs. */
export interface PackNames extends Iterable<PackId> {
  readonly size: number;
  has(pack: string): boolean;
}

const KNOWN = 1;
const TREES = 2;
/** Names kept as texts: neighbours in a list of blobs have the same few. A power of two. */
const KEPT = 256;

export class PackTable implements PackNames {
  readonly #table = new IdTable(1);
  readonly #key = new Int32Array(ID_WORDS);
  readonly #kept: (PackId | undefined)[] = new Array(KEPT);
  readonly #keptNumbers = new Int32Array(KEPT).fill(NONE);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Numbers are below it. */
  get count(): number {
    return this.#table.count;
  }

  get bytes(): number {
    return this.#table.bytes;
  }

  has(pack: string): boolean {
    return this.#hasFlag(this.find(pack), KNOWN);
  }

  hasTrees(pack: string): boolean {
    return this.#hasFlag(this.find(pack), TREES);
  }

  *[Symbol.iterator](): IterableIterator<PackId> {
    for (let number = 0; number < this.#table.count; number++) {
      if (this.#hasFlag(number, KNOWN)) yield this.name(number);
    }
  }

  /** The number of a pack, also of one that was forgotten; NONE if it never was here. */
  find(pack: string): number {
    return wordsOfHex(pack, this.#key) ? this.numberOf(this.#key, 0) : NONE;
  }

  /** As `find`, by words. */
  numberOf(words: Int32Array, at: number): number {
    return this.#table.first(words, at);
  }

  /** The pack whose words begin at `at` counts as known; returns its number. `trees`: it begins with a tree. */
  add(words: Int32Array, at: number, trees: boolean): number {
    const found = this.#table.first(words, at);
    const number = found === NONE ? this.#table.append(words, at) : found;
    const flags = this.#table.get(number, OWN);
    if ((flags & KNOWN) === 0) this.#size += 1;
    this.#table.set(number, OWN, flags | KNOWN | (trees ? TREES : 0));
    return number;
  }

  forget(number: number): void {
    if (this.#hasFlag(number, KNOWN)) this.#size -= 1;
    this.#table.set(number, OWN, 0);
  }

  name(number: number): PackId {
    const place = number & (KEPT - 1);
    const kept = this.#kept[place];
    if (kept !== undefined && this.#keptNumbers[place] === number) return kept;
    const { array, at } = this.#table.row(number);
    const name = hexOfWords<PackId>(array, at);
    this.#kept[place] = name;
    this.#keptNumbers[place] = number;
    return name;
  }

  clear(): void {
    this.#table.clear();
    this.#keptNumbers.fill(NONE);
    this.#kept.fill(undefined);
    this.#size = 0;
  }

  #hasFlag(number: number, flag: number): boolean {
    return number !== NONE && (this.#table.get(number, OWN) & flag) !== 0;
  }
}
