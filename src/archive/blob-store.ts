/** Where new blobs of a backup go: into a session of writing, or, for a dry run, nowhere. */
import { SyncError, throwIfAborted } from '../base/errors.js';
import type { BlobId, TreeId } from '../base/ids.js';
import type { SealedBlob } from '../repo/codec.js';
import { blobId, sealBlob, sizeInPack } from '../repo/codec.js';
import type { Repository } from '../repo/repository.js';
import type { TreeNode } from '../repo/tree.js';
import { encodeTree } from '../repo/tree.js';
import { NOTHING_ADDED } from './backup-report.js';
import type { AddedSizes } from './backup-types.js';

type BlobType = SealedBlob['type'];

/** A WriteSession is one. */
export interface BlobStore {
  /** Fires when the store takes nothing any more: what is claimed after that would stay claimed. */
  readonly signal: AbortSignal;
  /** True for the one caller that has to bring this blob. */
  claim(type: BlobType, id: BlobId): boolean;
  /** Takes a claimed blob; resolves when there is room for more. */
  add(blob: SealedBlob, plainLength: number): Promise<void>;
}

/** Runs `work` with a store that forgets what it is given, but knows that it has seen it. */
export async function withDryStore<T>(
  repo: Repository,
  signal: AbortSignal | undefined,
  work: (store: BlobStore) => Promise<T>,
): Promise<T> {
  if (repo.index.claimCount > 0)
    throw new SyncError('usage', 'this process writes to the repository already; wait until it is done');
  const ended = new AbortController();
  const either = signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]);
  try {
    return await work({
      signal: either,
      claim: (type, id) => repo.index.claim(type, id),
      add: async () => throwIfAborted(either),
    });
  } finally {
    ended.abort();
    repo.index.releaseAll();
  }
}

/** Stores the tree of one folder unless it is there already. */
export async function saveTree(
  repo: Repository,
  store: BlobStore,
  nodes: readonly TreeNode[],
): Promise<{ readonly id: TreeId; readonly added: AddedSizes }> {
  const { codec } = repo;
  const plain = encodeTree(nodes);
  const id = blobId(codec.crypto, plain);
  throwIfAborted(store.signal);
  if (!store.claim('tree', id)) return { id, added: NOTHING_ADDED };
  const blob = sealBlob(codec, 'tree', id, plain);
  await store.add(blob, plain.length);
  return { id, added: { ...NOTHING_ADDED, treeBlobs: 1, treeSize: plain.length, treeSizeInRepo: sizeInPack(blob) } };
}
