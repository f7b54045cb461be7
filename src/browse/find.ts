/** Looks through a tree for entries by their path and time, or for where blobs and trees are used. */
import type { BlobId, TreeId } from '../base/ids.js';
import { parseGoTime } from '../repo/go-time.js';
import type { Repository } from '../repo/repository.js';
import type { TreeNode } from '../repo/tree.js';
import type { UnreadableTree, WalkEntry } from './walk.js';
import { walkTree } from './walk.js';

interface Common {
  readonly signal?: AbortSignal | undefined;
  /** A tree that cannot be read; the rest goes on. Thrown without it. */
  readonly onError?: ((tree: UnreadableTree, error: unknown) => void | Promise<void>) | undefined;
}

export interface FindOptions extends Common {
  /** Whether an entry is looked for, by its path. */
  readonly matches: (path: string) => boolean;
  /** Whether something below a folder that is not looked for itself may be. */
  readonly mayMatchBelow: (path: string) => boolean;
  /** Modification times at either end, inclusive: nanoseconds since 1970. */
  readonly oldest?: bigint | undefined;
  readonly newest?: bigint | undefined;
}

/** The entries that are looked for, in the order of the walk. The index must be loaded. */
export async function* findEntries(
  repo: Repository,
  root: TreeId,
  options: FindOptions,
): AsyncGenerator<WalkEntry, void, void> {
  const { signal, onError, mayMatchBelow } = options;
  const isFound = (node: TreeNode, path: string): boolean => options.matches(path) && isInTime(node, options);
  const enters = (node: TreeNode, path: string): boolean => isFound(node, path) || mayMatchBelow(path);
  for await (const entry of walkTree(repo, root, { enters, signal, onError })) {
    if (isFound(entry.node, entry.path)) yield entry;
  }
}

function isInTime({ mtime }: TreeNode, { oldest, newest }: FindOptions): boolean {
  if (oldest === undefined && newest === undefined) return true;
  const time = parseGoTime(mtime ?? '1970-01-01T00:00:00Z');
  return (oldest === undefined || time >= oldest) && (newest === undefined || time <= newest);
}

export interface FoundObject {
  readonly type: 'blob' | 'tree';
  readonly id: BlobId;
  /** Of the file that has the blob, or of the folder that is the tree. */
  readonly path: string;
  /** The tree in which the file or folder stands; that of the root is itself. */
  readonly parent: TreeId;
}

export interface FindObjectsOptions extends Common {
  readonly wantsBlob: (id: BlobId) => boolean;
  readonly wantsTree: (id: TreeId) => boolean;
}

/** Every use of the blobs and trees that are looked for, in the order of the walk. The index must be loaded. */
export async function* findObjects(
  repo: Repository,
  root: TreeId,
  options: FindObjectsOptions,
): AsyncGenerator<FoundObject, void, void> {
  const { signal, onError, wantsBlob, wantsTree } = options;
  if (wantsTree(root)) yield { type: 'tree', id: root, path: '/', parent: root };
  for await (const { path, node, parent } of walkTree(repo, root, { signal, onError })) {
    if (node.subtree !== undefined && wantsTree(node.subtree)) {
      yield { type: 'tree', id: node.subtree, path, parent };
    }
    if (node.type !== 'file') continue;
    for (const id of node.content ?? []) if (wantsBlob(id)) yield { type: 'blob', id, path, parent };
  }
}
