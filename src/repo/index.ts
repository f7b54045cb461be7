/**
 * The index in memory: where each blob lies, and which blobs are promised by a writer but not stored yet.
 * A blob may lie in several packs; readers fall back from one copy to the next. Copies are records of 52 bytes and have
 * numbers; objects are made for those who ask, and not kept: 57 bytes for a blob, packs included.
 */
import { SyncError } from '../base/errors.js';
import type { BlobId, PackId } from '../base/ids.js';
import type { BlobType, PackedBlob } from '../pack/header.js';
import { BlobsByPack } from './blobs-by-pack.js';
import type { BlobLocation } from './copy-records.js';
import { CopyRecords } from './copy-records.js';
import { NONE } from './id-table.js';
import { ID_WORDS, wordsOfHex } from './id-words.js';
import type { IndexTable } from './index-table.js';
import type { PackNames } from './pack-table.js';
import { PackTable } from './pack-table.js';

export type { BlobLocation } from './copy-records.js';

export class BlobIndex {
  readonly #records = new CopyRecords();
  readonly #packs = new PackTable();
  /** The id that is asked for. */
  readonly #key = new Int32Array(ID_WORDS);
  #blobs = 0;

  /** Adds the blobs of one pack; the same pack may be named by several index files. */
  addPack(pack: PackId, blobs: readonly PackedBlob[]): void {
    const number = this.#packs.add(this.#keyOf(pack), 0, blobs[0]?.type === 'tree');
    for (const { id, type, offset, length, uncompressedLength = 0 } of blobs) {
      const record = this.#newCopy(this.#keyOf(id), 0, bitOf(type), number, offset);
      if (record !== NONE) this.#records.put(record, number, offset, length, uncompressedLength);
    }
  }

  /** As `addPack`, for the pack of this number in what an index file names. Returns the index's own number of it. */
  addPackOf(table: IndexTable, pack: number): number {
    const [start, end] = [table.startOf(pack), table.endOf(pack)];
    const number = this.#packs.add(table.packIds, pack * ID_WORDS, start < end && table.typeBit(start) === 1);
    for (let blob = start; blob < end; blob++) {
      const offset = table.offset(blob);
      const record = this.#newCopy(table.blobIds, blob * ID_WORDS, table.typeBit(blob), number, offset);
      if (record !== NONE) this.#records.put(record, number, offset, table.length(blob), table.plain(blob));
    }
    return number;
  }

  /** The index's own number of such a pack, -1 for one that it does not know. */
  packNumber(table: IndexTable, pack: number): number {
    return this.#packs.numberOf(table.packIds, pack * ID_WORDS);
  }

  /** Adds all that an index file names. */
  addTable(table: IndexTable): void {
    for (let pack = 0; pack < table.packCount; pack++) this.addPackOf(table, pack);
  }

  /** Forgets a pack that no index file came to name: other readers could not find what is in it. */
  removePack(pack: PackId, blobs: readonly Pick<PackedBlob, 'type' | 'id'>[]): void {
    const number = this.#packs.find(pack);
    if (number === NONE) return;
    this.#packs.forget(number);
    for (const { type, id } of blobs) this.#removeCopies(type, id, number);
  }

  /** Every known copy, none if the blob is not stored. */
  locate(type: BlobType, id: BlobId): BlobLocation[] {
    const copies: BlobLocation[] = [];
    for (let record = this.numberOf(type, id); record !== NONE; record = this.#records.next(record)) {
      copies.push(this.locationOf(record));
    }
    return copies;
  }

  /** The copy that readers take first. */
  find(type: BlobType, id: BlobId): BlobLocation | undefined {
    const record = this.numberOf(type, id);
    return record === NONE ? undefined : this.locationOf(record);
  }

  has(type: BlobType, id: BlobId): boolean {
    return this.numberOf(type, id) !== NONE;
  }

  /** The number of a blob's first copy, -1 if it is not stored. It stays as long as nothing is removed. */
  numberOf(type: BlobType, id: BlobId): number {
    if (!wordsOfHex(id, this.#key)) return NONE;
    const record = this.#records.first(this.#key, 0, bitOf(type));
    return record === NONE || this.#records.isClaim(record) ? NONE : record;
  }

  /** The number of the next copy of the same blob, or -1. */
  nextCopy(number: number): number {
    return this.#records.next(number);
  }

  /** The blob of which a copy has this number. */
  idOf(number: number): BlobId {
    return this.#records.id(number);
  }

  /** The copy with this number. */
  locationOf(number: number): BlobLocation {
    return this.#records.location(number, this.#packs);
  }

  get packs(): PackNames {
    return this.#packs;
  }

  /** Whether a pack holds trees: the small part of a repository that is read again and again. */
  isTreePack(pack: string): boolean {
    return this.#packs.hasTrees(pack);
  }

  /** Every copy of every blob. Packs come mixed; nothing may be added or removed while this runs. */
  *values(): IterableIterator<BlobLocation> {
    for (const record of this.#records.stored()) yield this.locationOf(record);
  }

  /** Every copy, pack by pack, of those that are there now. Four bytes for each. */
  byPack(): BlobsByPack {
    return new BlobsByPack(this.#records, this.#packs);
  }

  /** Copies of blobs beside the first one of each, and their bytes. */
  countDuplicates(): { readonly copies: number; readonly bytes: number } {
    const found = { copies: 0, bytes: 0 };
    for (const record of this.#records.stored()) {
      if (this.#records.isFirst(record)) continue;
      found.copies += 1;
      found.bytes += this.#records.length(record);
    }
    return found;
  }

  /** Forgets all that is stored; claims stay. */
  clear(): void {
    const claimed: [BlobType, BlobId][] = [];
    for (const record of this.#records.claimed()) {
      claimed.push([this.#records.typeBit(record) === 1 ? 'tree' : 'data', this.#records.id(record)]);
    }
    this.#records.clear();
    this.#packs.clear();
    this.#blobs = 0;
    for (const [type, id] of claimed) this.claim(type, id);
  }

  /** Blobs that are stored, each once. */
  get blobCount(): number {
    return this.#blobs;
  }

  /** Memory reserved for all of it. */
  get bytes(): number {
    return this.#records.bytes + this.#packs.bytes;
  }

  /**
   * True for the one caller that has to store this blob; false if it is stored or another has claimed it.
   * Synchronous on purpose: between the question and the claim nothing can happen.
   */
  claim(type: BlobType, id: BlobId): boolean {
    const words = this.#keyOf(id);
    if (this.#records.first(words, 0, bitOf(type)) !== NONE) return false;
    this.#records.claim(words, 0, bitOf(type));
    return true;
  }

  /** Blobs that are claimed and not stored yet. */
  get claimCount(): number {
    return this.#records.claims;
  }

  /** Gives a claim back after its blob could not be made. */
  release(type: BlobType, id: BlobId): void {
    const record = this.#records.first(this.#keyOf(id), 0, bitOf(type));
    if (record !== NONE && this.#records.isClaim(record)) this.#records.remove(record);
  }

  /** Forgets all claims: those left when a session ends belong to blobs that were never stored. */
  releaseAll(): void {
    for (const record of this.#records.claimed()) this.#records.remove(record);
  }

  #keyOf(id: BlobId | PackId): Int32Array {
    if (wordsOfHex(id, this.#key)) return this.#key;
    throw new SyncError('internal', `${JSON.stringify(id)} is not an id of 64 hex digits`);
  }

  /** A record for a copy, which may be the blob's claim until then; NONE for a copy that is known. */
  #newCopy(words: Int32Array, at: number, bit: number, pack: number, offset: number): number {
    const first = this.#records.first(words, at, bit);
    if (first === NONE) {
      this.#blobs += 1;
    } else if (this.#records.isClaim(first)) {
      this.#blobs += 1;
      this.#records.redeem(first);
      return first;
    }
    for (let record = first; record !== NONE; record = this.#records.next(record)) {
      if (this.#records.pack(record) === pack && this.#records.offset(record) === offset) return NONE;
    }
    return this.#records.append(words, at, bit);
  }

  #removeCopies(type: BlobType, id: BlobId, pack: number): void {
    let [removed, left] = [0, 0];
    for (let record = this.numberOf(type, id); record !== NONE; ) {
      const next = this.#records.next(record);
      if (this.#records.pack(record) === pack) {
        this.#records.remove(record);
        removed += 1;
      } else {
        left += 1;
      }
      record = next;
    }
    if (removed > 0 && left === 0) this.#blobs -= 1;
  }
}

function bitOf(type: BlobType): 0 | 1 {
  return type === 'tree' ? 1 : 0;
}
