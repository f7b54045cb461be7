/**
 * The blobs of each pack, as the index had them when this was made: a list of record numbers, in the order of the packs.
 * Reads like a Map, but makes the objects of a pack anew whenever it is asked for them.
 */
import type { PackId } from '../base/ids.js';
import type { BlobLocation, CopyRecords } from './copy-records.js';
import { NONE } from './id-table.js';
import type { PackTable } from './pack-table.js';

export class BlobsByPack implements Iterable<readonly [PackId, BlobLocation[]]> {
  readonly #records: CopyRecords;
  readonly #packs: PackTable;
  /** Numbers of copies, grouped by their packs. */
  readonly #numbers: Int32Array;
  /** By number of a pack: where its group begins, and behind it where that of the next one does. */
  readonly #starts: Int32Array;
  /** Packs that have any. */
  readonly size: number;

  constructor(records: CopyRecords, packs: PackTable) {
    this.#records = records;
    this.#packs = packs;
    this.#numbers = new Int32Array(records.copies);
    const starts = new Int32Array(packs.count + 2);
    let size = 0;
    for (const record of records.stored()) {
      const slot = records.pack(record) + 2;
      if (starts[slot] === 0) size += 1;
      starts[slot] = (starts[slot] ?? 0) + 1;
    }
    for (let slot = 2; slot < starts.length; slot++) starts[slot] = (starts[slot] ?? 0) + (starts[slot - 1] ?? 0);
    for (const record of records.stored()) {
      const slot = records.pack(record) + 1;
      const at = starts[slot] ?? 0;
      this.#numbers[at] = record;
      starts[slot] = at + 1;
    }
    this.#starts = starts;
    this.size = size;
  }

  has(pack: PackId): boolean {
    return this.countOf(pack) > 0;
  }

  /** The blobs of a pack in the order in which they lie; undefined for a pack without any. */
  get(pack: PackId): BlobLocation[] | undefined {
    const number = this.#packs.find(pack);
    return this.#lengthOf(number) > 0 ? this.#blobsOf(number) : undefined;
  }

  /** How many blobs a pack has. */
  countOf(pack: PackId): number {
    return this.#lengthOf(this.#packs.find(pack));
  }

  /** Packs in no order, their blobs in the order in which they lie. */
  *[Symbol.iterator](): IterableIterator<readonly [PackId, BlobLocation[]]> {
    for (let number = 0; number < this.#starts.length - 2; number++) {
      if (this.#lengthOf(number) > 0) yield [this.#packs.name(number), this.#blobsOf(number)];
    }
  }

  #lengthOf(number: number): number {
    return number === NONE ? 0 : (this.#starts[number + 1] ?? 0) - (this.#starts[number] ?? 0);
  }

  #blobsOf(number: number): BlobLocation[] {
    const blobs: BlobLocation[] = [];
    for (let at = this.#starts[number] ?? 0; at < (this.#starts[number + 1] ?? 0); at++) {
      const record = this.#numbers[at] ?? NONE;
      // Unless it was removed since.
      if (this.#records.isStored(record) && this.#records.pack(record) === number) {
        blobs.push(this.#records.location(record, this.#packs));
      }
    }
    return blobs.sort((a, b) => a.offset - b.offset);
  }
}
