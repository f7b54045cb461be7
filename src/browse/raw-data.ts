/** What all blobs take that some trees need, as they are stored, and what compression did for them. */
import { SyncError } from '../base/errors.js';
import type { BlobId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import type { BlobType } from '../pack/header.js';
import { BlobSet } from '../repo/blob-set.js';
import { plainLength } from '../repo/codec.js';
import type { BlobLocation } from '../repo/index.js';
import type { Repository } from '../repo/repository.js';
import type { TreeNode } from '../repo/tree.js';

/** Absent where there is nothing to tell: version 1, no blobs, none compressed. */
export interface Compression {
  /** Bytes that the blobs would take uncompressed. */
  readonly uncompressedBytes?: number;
  /** Of the blobs that are compressed: size before by size after. */
  readonly ratio?: number;
  /** Percent of the bytes that lie in compressed blobs. */
  readonly progress?: number;
  /** Percent. */
  readonly spaceSaving?: number;
}

/** What sealing adds to a blob. */
const SEAL_OVERHEAD = 32;

/** Blobs by type, each once. */
export class UsedSets {
  readonly trees: BlobSet;
  readonly data: BlobSet;

  constructor({ index }: Repository) {
    this.trees = new BlobSet(index, 'tree');
    this.data = new BlobSet(index, 'data');
  }

  add(nodes: readonly TreeNode[]): void {
    for (const { content } of nodes) for (const id of content ?? []) this.data.add(id);
  }
}

export class RawDataCount {
  readonly #version: 1 | 2;
  blobs = 0;
  bytes = 0;
  #uncompressed = 0;
  #packed = 0;
  #unpacked = 0;

  constructor(repo: Repository) {
    this.#version = repo.config.version;
  }

  add(location: BlobLocation): void {
    const whole = plainLength(location) + SEAL_OVERHEAD;
    this.blobs += 1;
    this.bytes += location.length;
    this.#uncompressed += whole;
    if (location.uncompressedLength === undefined) return;
    this.#packed += location.length;
    this.#unpacked += whole;
  }

  get compression(): Compression {
    if (this.#version < 2 || this.#uncompressed === 0) return {};
    return {
      uncompressedBytes: this.#uncompressed,
      ...(this.#packed > 0 ? { ratio: this.#unpacked / this.#packed } : {}),
      progress: (this.#unpacked / this.#uncompressed) * 100,
      spaceSaving: (1 - this.bytes / this.#uncompressed) * 100,
    };
  }
}

/** The copy that readers take. Throws 'damaged' for a blob that no index names. */
export function locateOrThrow(repo: Repository, type: BlobType, id: BlobId, where = ''): BlobLocation {
  const location = repo.index.find(type, id);
  if (location !== undefined) return location;
  throw new SyncError('damaged', `${type} blob ${shortId(id)} not found in the index${where}`, {
    details: { type, id },
  });
}
