/**
 * All trees below some roots, each once and in no order: for what only counts. The trees of one depth are fetched
 * together, which makes few requests; nothing but the ids of trees is kept.
 */
import { isSyncError } from '../base/errors.js';
import type { TreeId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import { BlobSet } from '../repo/blob-set.js';
import { ownId } from '../repo/id-words.js';
import type { Repository } from '../repo/repository.js';
import type { TreeNode } from '../repo/tree.js';
import { decodeTree } from '../repo/tree.js';

export interface StreamOptions {
  readonly signal?: AbortSignal | undefined;
  /** Trees that were visited are passed over with all below; those that are visited come in. */
  readonly seen?: BlobSet | undefined;
  /** A tree that cannot be read; the others go on. Thrown without it. */
  readonly onError?: ((id: TreeId, error: unknown) => void) | undefined;
}

/** Trees fetched together at most. */
const BATCH = 4096;

/** The index must be loaded. Throws 'damaged' for a tree that is missing or cannot be read. */
export async function streamTrees(
  repo: Repository,
  roots: Iterable<TreeId>,
  onTree: (id: TreeId, nodes: readonly TreeNode[]) => void,
  options: StreamOptions = {},
): Promise<void> {
  const { seen = new BlobSet(repo.index, 'tree'), signal, onError } = options;
  const waiting: TreeId[] = [];
  const add = (tree: TreeId): void => {
    if (seen.add(tree)) waiting.push(ownId(tree));
  };
  for (const root of roots) add(root);
  while (waiting.length > 0) {
    const batch = waiting.splice(-BATCH);
    const handle = (id: TreeId, plain: Uint8Array): void => {
      const nodes = decodeTree(plain, `tree ${shortId(id)}`);
      for (const node of nodes) if (node.subtree !== undefined) add(node.subtree);
      onTree(id, nodes);
    };
    await loadAll(repo, batch, handle, signal, onError);
  }
}

/** All at once; those that did not come that way, one by one, so that each error has its tree. */
async function loadAll(
  repo: Repository,
  batch: readonly TreeId[],
  handle: (id: TreeId, plain: Uint8Array) => void,
  signal: AbortSignal | undefined,
  onError: StreamOptions['onError'],
): Promise<void> {
  if (onError === undefined) return repo.loader.loadMany('tree', batch, handle, { signal });
  const left = new Set(batch);
  const tell = (id: TreeId, error: unknown): void => {
    if (signal?.aborted || !isSyncError(error)) throw error;
    onError(id, error);
  };
  const handleOrTell = (id: TreeId, plain: Uint8Array): void => {
    left.delete(id);
    try {
      handle(id, plain);
    } catch (error) {
      tell(id, error);
    }
  };
  const known = batch.filter((id) => repo.index.has('tree', id));
  await repo.loader.loadMany('tree', known, handleOrTell, { signal }).catch((error: unknown) => {
    if (signal?.aborted || !isSyncError(error, 'damaged', 'not-found')) throw error;
  });
  for (const id of left) {
    try {
      handle(id, await repo.loadBlob('tree', id, signal));
    } catch (error) {
      tell(id, error);
    }
  }
}
