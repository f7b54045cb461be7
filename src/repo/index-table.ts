/**
 * What one index file names, as numbers in a few arrays: between its JSON and the index in memory. It can be filled again
 * and again; what is in it then is what was put in last.
 */
import { SyncError } from '../base/errors.js';
import type { BlobId, PackId } from '../base/ids.js';
import type { PackedBlob } from '../pack/header.js';
import { hexOfWords, ID_WORDS, wordsOfHex } from './id-words.js';
import type { IndexFile } from './index-file.js';

/** Type (0 data, 1 tree), offset, length, plain length (0 where the blob is not compressed). */
const NUMBERS = 4;

export class IndexTable {
  packCount = 0;
  blobCount = 0;
  /** Eight words for each pack. */
  packIds: Int32Array = new Int32Array(0);
  /** Eight words for each blob. */
  blobIds: Int32Array = new Int32Array(0);
  #ends = new Int32Array(0);
  #numbers = new Float64Array(0);

  /** Empties it, and makes room. */
  reset(packs: number, blobs: number): void {
    this.packCount = 0;
    this.blobCount = 0;
    if (this.#ends.length < packs) {
      this.packIds = new Int32Array(packs * ID_WORDS);
      this.#ends = new Int32Array(packs);
    }
    if (this.#numbers.length < blobs * NUMBERS) {
      this.blobIds = new Int32Array(blobs * ID_WORDS);
      this.#numbers = new Float64Array(blobs * NUMBERS);
    }
  }

  /** The blob whose id was written to `blobIds` behind those of the others. */
  addBlob(typeBit: number, offset: number, length: number, plain: number): void {
    const at = this.blobCount * NUMBERS;
    const numbers = this.#numbers;
    numbers[at] = typeBit;
    numbers[at + 1] = offset;
    numbers[at + 2] = length;
    numbers[at + 3] = plain;
    this.blobCount += 1;
  }

  /** The pack whose id was written to `packIds`, with the blobs added since the last one. */
  addPack(): void {
    this.#ends[this.packCount] = this.blobCount;
    this.packCount += 1;
  }

  /** The number of a pack's first blob. */
  startOf(pack: number): number {
    return pack === 0 ? 0 : this.endOf(pack - 1);
  }

  /** The number behind that of a pack's last blob. */
  endOf(pack: number): number {
    return this.#ends[pack] ?? 0;
  }

  packId(pack: number): PackId {
    return hexOfWords<PackId>(this.packIds, pack * ID_WORDS);
  }

  typeBit(blob: number): number {
    return this.#numbers[blob * NUMBERS] ?? 0;
  }

  offset(blob: number): number {
    return this.#numbers[blob * NUMBERS + 1] ?? 0;
  }

  length(blob: number): number {
    return this.#numbers[blob * NUMBERS + 2] ?? 0;
  }

  /** 0 where the blob is not compressed. */
  plain(blob: number): number {
    return this.#numbers[blob * NUMBERS + 3] ?? 0;
  }

  /** The blobs of a pack as objects. */
  blobsOf(pack: number): PackedBlob[] {
    const blobs: PackedBlob[] = [];
    for (let blob = this.startOf(pack); blob < this.endOf(pack); blob++) {
      const id = hexOfWords<BlobId>(this.blobIds, blob * ID_WORDS);
      const type = this.typeBit(blob) === 1 ? 'tree' : 'data';
      const [offset, length, plain] = [this.offset(blob), this.length(blob), this.plain(blob)];
      blobs.push(plain === 0 ? { id, type, offset, length } : { id, type, offset, length, uncompressedLength: plain });
    }
    return blobs;
  }

  /** Holds a decoded file then. */
  fill({ packs }: IndexFile): void {
    this.reset(
      packs.length,
      packs.reduce((sum, pack) => sum + pack.blobs.length, 0),
    );
    for (const { id, blobs } of packs) {
      for (const blob of blobs) {
        take(blob.id, this.blobIds, this.blobCount);
        this.addBlob(blob.type === 'tree' ? 1 : 0, blob.offset, blob.length, blob.uncompressedLength ?? 0);
      }
      take(id, this.packIds, this.packCount);
      this.addPack();
    }
  }
}

function take(id: string, into: Int32Array, row: number): void {
  if (!wordsOfHex(id, into, row * ID_WORDS)) throw new SyncError('internal', `${id} is not an id of 64 hex digits`);
}
