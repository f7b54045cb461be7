/**
 * Collects sealed blobs into a pack file:
 *   blob 1 | … | blob n | sealed header | header length (u32, little endian)
 */
import type { Bytes } from '../base/bytes.js';
import { discard } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';
import type { BlobId } from '../base/ids.js';
import type { BlobType, PackedBlob } from './header.js';
import { decodeHeader, ENTRY_SIZE_COMPRESSED, encodeHeader, MAX_HEADER } from './header.js';

/** Seals and opens a header; the pack room knows no keys. */
export interface HeaderBox {
  seal(plain: Bytes): Bytes;
  open(sealed: Bytes): Bytes;
}

export interface FinishedPack {
  /** A view into `memory`. */
  readonly bytes: Bytes;
  readonly blobs: readonly PackedBlob[];
  /** May serve another builder when the bytes are no longer needed. */
  readonly memory: Bytes;
}

interface NewBlob {
  readonly id: BlobId;
  readonly type: BlobType;
  readonly sealed: Bytes;
  readonly uncompressedLength?: number;
}

/** Memory that is too small gives way to so many times as much. */
const GROWTH = 4;
const MAX_BLOBS = Math.floor(MAX_HEADER / ENTRY_SIZE_COMPRESSED) - 1;

export class PackBuilder {
  readonly #blobs: PackedBlob[] = [];
  readonly #full: number;
  #memory: Bytes;
  #size = 0;

  /**
   * `memory` is taken over and written to from its start; what does not fit moves to memory that is larger, of `full`
   * bytes when it comes near to that.
   */
  constructor(memory: Bytes, full: number = Number.POSITIVE_INFINITY) {
    this.#full = full;
    this.#memory = memory;
  }

  /** Bytes of the blobs so far, the header not counted. */
  get size(): number {
    return this.#size;
  }

  get count(): number {
    return this.#blobs.length;
  }

  /** No further blob fits the header's limit. */
  get full(): boolean {
    return this.#blobs.length >= MAX_BLOBS;
  }

  /** Copies the bytes. */
  add({ id, type, sealed, uncompressedLength }: NewBlob): void {
    const entry = { id, type, offset: this.#size, length: sealed.length };
    this.#blobs.push(uncompressedLength === undefined ? entry : { ...entry, uncompressedLength });
    this.#append(sealed);
  }

  /** Copies the blobs of another builder into this one; false, and nothing happens, where both do not fit one pack. */
  absorb(other: PackBuilder, target: number): boolean {
    if (this.#size + other.#size >= target || this.count + other.count > MAX_BLOBS) return false;
    for (const blob of other.#blobs) this.#blobs.push({ ...blob, offset: this.#size + blob.offset });
    this.#append(other.#memory.subarray(0, other.#size));
    return true;
  }

  /**
   * The whole file; the builder must not be used again. The header is opened and decoded again: a pack that cannot be
   * read must not leave this machine.
   */
  finish(box: HeaderBox): FinishedPack {
    const blobs = this.#blobs;
    const header = box.seal(encodeHeader(blobs));
    if (!sameBlobs(decodeHeader(box.open(header), 'new pack'), blobs)) {
      throw new SyncError('internal', 'the header of a new pack does not read back as it was written');
    }
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, header.length, true);
    this.#append(header);
    this.#append(length);
    return { bytes: this.#memory.subarray(0, this.#size), blobs, memory: this.#memory };
  }

  #append(bytes: Bytes): void {
    const end = this.#size + bytes.length;
    if (end > this.#memory.length) {
      const next = GROWTH * this.#memory.length;
      const larger = new Uint8Array(Math.max(end, next < this.#full / 2 ? next : this.#full));
      larger.set(this.#memory.subarray(0, this.#size));
      discard(this.#memory);
      this.#memory = larger;
    }
    this.#memory.set(bytes, this.#size);
    this.#size = end;
  }
}

function sameBlobs(a: readonly PackedBlob[], b: readonly PackedBlob[]): boolean {
  if (a.length !== b.length) return false;
  return a.every((x, i) => {
    const y = b[i];
    return (
      y !== undefined &&
      x.id === y.id &&
      x.type === y.type &&
      x.offset === y.offset &&
      x.length === y.length &&
      x.uncompressedLength === y.uncompressedLength
    );
  });
}
