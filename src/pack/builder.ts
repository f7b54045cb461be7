/**
 * Collects sealed blobs into a pack file:
 *   blob 1 | … | blob n | sealed header | header length (u32, little endian)
 */
import type { Bytes } from '../base/bytes.js';
import { concatBytes } from '../base/bytes.js';
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
  readonly bytes: Bytes;
  readonly blobs: readonly PackedBlob[];
}

interface NewBlob {
  readonly id: BlobId;
  readonly type: BlobType;
  readonly sealed: Bytes;
  readonly uncompressedLength?: number;
}

const MAX_BLOBS = Math.floor(MAX_HEADER / ENTRY_SIZE_COMPRESSED) - 1;

export class PackBuilder {
  readonly #parts: NewBlob[] = [];
  #size = 0;

  /** Bytes of the blobs so far, the header not counted. */
  get size(): number {
    return this.#size;
  }

  get count(): number {
    return this.#parts.length;
  }

  /** No further blob fits the header's limit. */
  get full(): boolean {
    return this.#parts.length >= MAX_BLOBS;
  }

  add(blob: NewBlob): void {
    this.#parts.push(blob);
    this.#size += blob.sealed.length;
  }

  /** Moves the blobs of another builder into this one; false, and nothing is moved, where both do not fit one pack. */
  absorb(other: PackBuilder, target: number): boolean {
    if (this.#size + other.#size >= target || this.count + other.count > MAX_BLOBS) return false;
    for (const part of other.#parts) this.add(part);
    other.#parts.length = 0;
    other.#size = 0;
    return true;
  }

  /** The whole file. The header is opened and decoded again: a pack that cannot be read must not leave this machine. */
  finish(box: HeaderBox): FinishedPack {
    let offset = 0;
    const blobs = this.#parts.map(({ id, type, sealed, uncompressedLength }): PackedBlob => {
      const entry = { id, type, offset, length: sealed.length };
      offset += sealed.length;
      return uncompressedLength === undefined ? entry : { ...entry, uncompressedLength };
    });
    const header = box.seal(encodeHeader(blobs));
    if (!sameBlobs(decodeHeader(box.open(header), 'new pack'), blobs)) {
      throw new SyncError('internal', 'the header of a new pack does not read back as it was written');
    }
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, header.length, true);
    return { bytes: concatBytes([...this.#parts.map((part) => part.sealed), header, length]), blobs };
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
