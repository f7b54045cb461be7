/**
 * The index in memory: where each blob lies, and which blobs are promised by a writer but not stored yet.
 * A blob may lie in several packs; readers fall back from one copy to the next.
 */
import type { BlobId, PackId } from '../base/ids.js';
import type { BlobType, PackedBlob } from '../pack/header.js';

export interface BlobLocation extends PackedBlob {
  readonly pack: PackId;
}

export class BlobIndex {
  readonly #data = new Map<BlobId, BlobLocation[]>();
  readonly #tree = new Map<BlobId, BlobLocation[]>();
  readonly #claimed = new Set<string>();
  readonly #packs = new Set<PackId>();
  readonly #treePacks = new Set<PackId>();

  /** Adds the blobs of one pack; the same pack may be named by several index files. */
  addPack(pack: PackId, blobs: readonly PackedBlob[]): void {
    this.#packs.add(pack);
    if (blobs[0]?.type === 'tree') this.#treePacks.add(pack);
    for (const blob of blobs) {
      const map = this.#of(blob.type);
      const known = map.get(blob.id);
      if (known === undefined) map.set(blob.id, [{ ...blob, pack }]);
      else if (!known.some((one) => one.pack === pack && one.offset === blob.offset)) known.push({ ...blob, pack });
      this.#claimed.delete(blob.type + blob.id);
    }
  }

  /** Forgets a pack that no index file came to name: other readers could not find what is in it. */
  removePack(pack: PackId, blobs: readonly PackedBlob[]): void {
    this.#packs.delete(pack);
    this.#treePacks.delete(pack);
    for (const { type, id } of blobs) {
      const map = this.#of(type);
      const others = (map.get(id) ?? []).filter((one) => one.pack !== pack);
      if (others.length > 0) map.set(id, others);
      else map.delete(id);
    }
  }

  /** Every known copy, none if the blob is not stored. */
  locate(type: BlobType, id: BlobId): readonly BlobLocation[] {
    return this.#of(type).get(id) ?? [];
  }

  has(type: BlobType, id: BlobId): boolean {
    return this.#of(type).has(id);
  }

  get packs(): ReadonlySet<PackId> {
    return this.#packs;
  }

  /** Whether a pack holds trees: the small part of a repository that is read again and again. */
  isTreePack(pack: string): boolean {
    return this.#treePacks.has(pack as PackId);
  }

  /** Every copy of every blob. Packs come mixed; nothing may be added or removed while this runs. */
  *values(): IterableIterator<BlobLocation> {
    for (const map of [this.#data, this.#tree]) for (const copies of map.values()) yield* copies;
  }

  /** Forgets all that is stored; claims stay. */
  clear(): void {
    this.#data.clear();
    this.#tree.clear();
    this.#packs.clear();
    this.#treePacks.clear();
  }

  get blobCount(): number {
    return this.#data.size + this.#tree.size;
  }

  /**
   * True for the one caller that has to store this blob; false if it is stored or another has claimed it.
   * Synchronous on purpose: between the question and the claim nothing can happen.
   */
  claim(type: BlobType, id: BlobId): boolean {
    const key = type + id;
    if (this.#claimed.has(key) || this.#of(type).has(id)) return false;
    this.#claimed.add(key);
    return true;
  }

  /** Blobs that are claimed and not stored yet. */
  get claimCount(): number {
    return this.#claimed.size;
  }

  /** Gives a claim back after its blob could not be made. */
  release(type: BlobType, id: BlobId): void {
    this.#claimed.delete(type + id);
  }

  /** Forgets all claims: those left when a session ends belong to blobs that were never stored. */
  releaseAll(): void {
    this.#claimed.clear();
  }

  #of(type: BlobType): Map<BlobId, BlobLocation[]> {
    return type === 'data' ? this.#data : this.#tree;
  }
}
