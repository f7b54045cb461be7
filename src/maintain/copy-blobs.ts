/**
 * Brings the trees below a root and the blobs of their files into another repository. Each tree is read once in the
 * copier's life, level by level, so that one request brings many; blobs follow in the order of the packs they lie in.
 */
import type { Bytes } from '../base/bytes.js';
import type { BlobId, PackId, TreeId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import type { BlobType } from '../pack/header.js';
import { BlobSet } from '../repo/blob-set.js';
import { sealBlob } from '../repo/codec.js';
import { ownId } from '../repo/id-words.js';
import type { Repository } from '../repo/repository.js';
import type { WriteSession } from '../repo/session.js';
import { readReferences } from './used-blobs.js';

/** What one root needs. */
export interface CopyPlan {
  readonly blobs: number;
  /** As they lie in the source. */
  readonly bytes: number;
  /** Packs of the source that hold them. */
  readonly packs: number;
}

export type CopyProgress =
  | { readonly type: 'plan'; readonly plan: CopyPlan }
  | { readonly type: 'packs'; readonly done: number };

export class BlobCopier {
  readonly #source: Repository;
  readonly #destination: Repository;
  readonly #session: WriteSession;
  readonly #onEvent: ((event: CopyProgress) => void) | undefined;
  readonly #seen: BlobSet;

  constructor(
    source: Repository,
    destination: Repository,
    session: WriteSession,
    onEvent?: (event: CopyProgress) => void,
  ) {
    this.#source = source;
    this.#seen = new BlobSet(source.index, 'tree');
    this.#destination = destination;
    this.#session = session;
    this.#onEvent = onEvent;
  }

  /**
   * Brings all below `root`; returns how many bytes of the source that were. Throws 'damaged' for a blob that the
   * source cannot give.
   */
  async bring(root: TreeId): Promise<number> {
    const data = new BlobSet(this.#source.index, 'data');
    const plan = { blobs: 0, bytes: 0 };
    /** How many blobs are still wanted of each pack. */
    const packs = new Map<PackId, number>();
    const note = (type: BlobType, id: BlobId, wanted: number): void => {
      const location = this.#source.index.find(type, id);
      if (location === undefined) return;
      plan.blobs += 1;
      plan.bytes += location.length;
      packs.set(location.pack, (packs.get(location.pack) ?? 0) + wanted);
    };
    await this.#bringTrees(root, data, (id) => note('tree', id, 0));
    for (const id of data) note('data', id, 1);
    this.#onEvent?.({ type: 'plan', plan: { ...plan, packs: packs.size } });
    const brought = [...packs.values()].filter((wanted) => wanted === 0).length;
    if (brought > 0) this.#onEvent?.({ type: 'packs', done: brought });
    await this.#bringData(data, packs);
    return plan.bytes;
  }

  /** Stores the trees; claims the blobs of files that are missing, and collects their ids. */
  async #bringTrees(root: TreeId, data: BlobSet, onTree: (id: TreeId) => void): Promise<void> {
    let level: TreeId[] = this.#fresh([root]);
    while (level.length > 0) {
      const below: TreeId[] = [];
      const onBlob = async (id: TreeId, plain: Bytes): Promise<void> => {
        const { content, subtrees } = readReferences(plain, `tree ${shortId(id)}`);
        for (const tree of this.#fresh(subtrees)) below.push(tree);
        for (const blob of content) if (this.#session.claim('data', blob)) data.add(blob);
        if (!this.#session.claim('tree', id)) return;
        onTree(id);
        await this.#store('tree', id, plain);
      };
      await this.#source.loader.loadMany('tree', level, onBlob, { signal: this.#session.signal });
      level = below;
    }
  }

  async #bringData(data: BlobSet, packs: Map<PackId, number>): Promise<void> {
    await this.#source.loader.loadMany(
      'data',
      data,
      async (id, plain) => {
        await this.#store('data', id, plain);
        const location = this.#source.index.find('data', id);
        if (location === undefined) return;
        const left = (packs.get(location.pack) ?? 0) - 1;
        packs.set(location.pack, left);
        if (left === 0) this.#onEvent?.({ type: 'packs', done: 1 });
      },
      { signal: this.#session.signal },
    );
  }

  /** Of a claimed blob. The loader has held `plain` against its id; sealing reads it back once more. */
  #store(type: BlobType, id: BlobId, plain: Bytes): Promise<void> {
    return this.#session.add(sealBlob(this.#destination.codec, type, id, plain), plain.length);
  }

  /** Those that were not met before, each once. */
  #fresh(trees: readonly TreeId[]): TreeId[] {
    return trees.filter((id) => this.#seen.add(id)).map(ownId);
  }
}
