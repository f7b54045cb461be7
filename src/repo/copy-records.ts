/**
 * The records of the index in memory: one of 52 bytes for each copy of a blob, or for a blob that is claimed. Copies of
 * one blob follow each other in the order in which they came.
 */
import type { BlobId, PackId } from '../base/ids.js';
import type { PackedBlob } from '../pack/header.js';
import { IdTable, NONE, OWN } from './id-table.js';
import { hexOfWords } from './id-words.js';
import type { PackTable } from './pack-table.js';

export interface BlobLocation extends PackedBlob {
  readonly pack: PackId;
}

/** Number of the pack, and the type in the lowest bit. */
const WHERE: number = OWN;
const OFFSET: number = OWN + 1;
const LENGTH: number = OWN + 2;
/** 0 where the blob is not compressed. */
const PLAIN: number = OWN + 3;
const WORDS = 4;
/** In place of a pack: the blob is in none. */
const CLAIMED = 0x3fff_ffff;
/** Offsets from here on do not fit, and lie in a Map: no program writes packs of 4 GiB. */
const FAR = 0xffff_ffff;

/** 1 for a tree, 0 for data. */
export type TypeBit = number;

export class CopyRecords {
  readonly #table = new IdTable(WORDS);
  readonly #far = new Map<number, number>();
  #copies = 0;
  #claims = 0;

  get copies(): number {
    return this.#copies;
  }

  get claims(): number {
    return this.#claims;
  }

  get bytes(): number {
    return this.#table.bytes;
  }

  /** The first copy of a blob, or its claim; NONE without either. The id's words begin at `at`. */
  first(words: Int32Array, at: number, bit: TypeBit): number {
    const record = this.#table.first(words, at);
    return record === NONE || this.typeBit(record) === bit ? record : this.#skip(record, bit);
  }

  /** The next copy of the same blob, or NONE. */
  next(record: number): number {
    return this.#skip(record, this.typeBit(record));
  }

  #skip(record: number, bit: TypeBit): number {
    let next = this.#table.next(record);
    while (next !== NONE && this.typeBit(next) !== bit) next = this.#table.next(next);
    return next;
  }

  /** Claims a blob that is neither stored nor claimed. */
  claim(words: Int32Array, at: number, bit: TypeBit): void {
    this.#table.set(this.#table.append(words, at), WHERE, CLAIMED * 2 + bit);
    this.#claims += 1;
  }

  /** Adds a copy. */
  append(words: Int32Array, at: number, bit: TypeBit): number {
    const record = this.#table.append(words, at);
    this.#table.set(record, WHERE, bit);
    this.#copies += 1;
    return record;
  }

  /** Makes a claim a copy. */
  redeem(record: number): void {
    this.#table.set(record, WHERE, this.typeBit(record));
    this.#claims -= 1;
    this.#copies += 1;
  }

  /** Says where a copy lies. */
  put(record: number, pack: number, offset: number, length: number, plain: number): void {
    this.#table.set(record, WHERE, pack * 2 + this.typeBit(record));
    this.#table.set(record, OFFSET, Math.min(offset, FAR));
    this.#table.set(record, LENGTH, length);
    this.#table.set(record, PLAIN, plain);
    if (offset >= FAR) this.#far.set(record, offset);
  }

  remove(record: number): void {
    if (this.isClaim(record)) this.#claims -= 1;
    else this.#copies -= 1;
    this.#far.delete(record);
    this.#table.remove(record);
  }

  isClaim(record: number): boolean {
    return this.pack(record) === CLAIMED;
  }

  typeBit(record: number): TypeBit {
    return this.#table.get(record, WHERE) & 1;
  }

  pack(record: number): number {
    return this.#table.get(record, WHERE) >>> 1;
  }

  offset(record: number): number {
    const offset = this.#table.get(record, OFFSET) >>> 0;
    return offset === FAR ? (this.#far.get(record) ?? FAR) : offset;
  }

  length(record: number): number {
    return this.#table.get(record, LENGTH) >>> 0;
  }

  plain(record: number): number {
    return this.#table.get(record, PLAIN) >>> 0;
  }

  id(record: number): BlobId {
    const { array, at } = this.#table.row(record);
    return hexOfWords<BlobId>(array, at);
  }

  location(record: number, packs: PackTable): BlobLocation {
    const id = this.id(record);
    const type = this.typeBit(record) === 1 ? 'tree' : 'data';
    const offset = this.offset(record);
    const length = this.length(record);
    const uncompressedLength = this.plain(record);
    const pack = packs.name(this.pack(record));
    return uncompressedLength === 0
      ? { id, type, offset, length, pack }
      : { id, type, offset, length, uncompressedLength, pack };
  }

  /** Whether it is the first copy of its blob. */
  isFirst(record: number): boolean {
    const { array, at } = this.#table.row(record);
    return this.first(array, at, this.typeBit(record)) === record;
  }

  isStored(record: number): boolean {
    return record < this.#table.count && this.#table.isThere(record) && !this.isClaim(record);
  }

  /** All copies. */
  *stored(): IterableIterator<number> {
    for (let record = 0; record < this.#table.count; record++) if (this.isStored(record)) yield record;
  }

  /** All claims, backwards, so that they may be removed on the way. */
  *claimed(): IterableIterator<number> {
    let left = this.#claims;
    for (let record = this.#table.count - 1; record >= 0 && left > 0; record--) {
      if (!this.#table.isThere(record) || !this.isClaim(record)) continue;
      left -= 1;
      yield record;
    }
  }

  clear(): void {
    this.#table.clear();
    this.#far.clear();
    this.#copies = 0;
    this.#claims = 0;
  }
}
