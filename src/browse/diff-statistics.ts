/**
 * What was added and removed between two trees, in numbers: entries as they are met, blobs at the end. A blob counts as
 * added if it is used on the new side and nowhere on the old one, folders that are equal on both sides included.
 */
import type { BlobId, TreeId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import type { BlobType } from '../pack/header.js';
import { BlobSet } from '../repo/blob-set.js';
import { plainLength } from '../repo/codec.js';
import type { Repository } from '../repo/repository.js';
import type { TreeNode } from '../repo/tree.js';
import { streamTrees } from './stream-trees.js';

export interface DiffSide {
  readonly files: number;
  readonly dirs: number;
  /** Links, devices, pipes. */
  readonly others: number;
  readonly dataBlobs: number;
  readonly treeBlobs: number;
  /** Of these blobs, before compression. */
  readonly bytes: number;
}

export interface DiffStatistics {
  /** Files that are on both sides, with different content. */
  readonly changedFiles: number;
  readonly added: DiffSide;
  readonly removed: DiffSide;
}

/** One side under construction. */
export class DiffCount {
  readonly #repo: Repository;
  readonly #data: BlobSet;
  readonly #trees: BlobSet;
  #files = 0;
  #dirs = 0;
  #others = 0;

  constructor(repo: Repository) {
    this.#repo = repo;
    this.#data = new BlobSet(repo.index, 'data');
    this.#trees = new BlobSet(repo.index, 'tree');
  }

  /** An entry that only this side has. */
  countEntry({ type }: TreeNode): void {
    if (type === 'file') this.#files += 1;
    else if (type === 'dir') this.#dirs += 1;
    else this.#others += 1;
  }

  /** The blobs of an entry that this side has; not those below a folder. */
  addBlobs({ type, content, subtree }: TreeNode): void {
    if (type === 'file') for (const id of content ?? []) this.#data.add(id);
    if (subtree !== undefined) this.addTree(subtree);
  }

  addTree(id: TreeId): void {
    this.#trees.add(id);
  }

  /** Takes away what both sides have. */
  dropCommonWith(other: DiffCount): void {
    for (const id of this.#data) if (other.#data.delete(id)) this.#data.delete(id);
    for (const id of this.#trees) if (other.#trees.delete(id)) this.#trees.delete(id);
  }

  /** Takes away what is used on both sides: the blobs of these nodes. */
  dropBlobs(nodes: readonly TreeNode[]): void {
    for (const { type, content, subtree } of nodes) {
      if (type === 'file') for (const id of content ?? []) this.#data.delete(id);
      if (subtree !== undefined) this.#trees.delete(subtree);
    }
  }

  /** `onProblem` is told of blobs that no index names; they count as empty. */
  result(onProblem: (message: string) => void): DiffSide {
    let bytes = 0;
    const add = (type: BlobType, id: BlobId): void => {
      const location = this.#repo.index.find(type, id);
      if (location === undefined) onProblem(`unable to find blob size for <${type}/${shortId(id)}>`);
      else bytes += plainLength(location);
    };
    for (const id of this.#data) add('data', id);
    for (const id of this.#trees) add('tree', id);
    return {
      files: this.#files,
      dirs: this.#dirs,
      others: this.#others,
      dataBlobs: this.#data.size,
      treeBlobs: this.#trees.size,
      bytes,
    };
  }
}

/** Takes from both sides what lies in folders that are equal. Errors of single trees go to `onError`. */
export async function dropShared(
  repo: Repository,
  shared: Iterable<TreeId>,
  sides: readonly DiffCount[],
  options: { readonly signal?: AbortSignal | undefined; readonly onError: (id: TreeId, error: unknown) => void },
): Promise<void> {
  const drop = (_: TreeId, nodes: readonly TreeNode[]): void => {
    for (const side of sides) side.dropBlobs(nodes);
  };
  await streamTrees(repo, shared, drop, options);
}
