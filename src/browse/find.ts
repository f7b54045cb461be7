/** Looks through a tree for entries by their path and time, or for where blobs and trees are used. */
import type { BlobId, TreeId } from '../base/ids.js';
import { parseGoTime } from '../repo/go-time.js';
import type { Repository } from '../repo/repository.js';
import type { TreeNode } from '../repo/tree.js';
import type { BarrenTrees } from './barren.js';
import { BarrenWatch } from './barren.js';
import type { UnreadableTree, WalkEntry } from './walk.js';
import { walkTree } from './walk.js';

interface Common {
  readonly signal?: AbortSignal | undefined;
  /** A tree that cannot be read; the rest goes on. Thrown without it. */
  readonly onError?: ((tree: UnreadableTree, error: unknown) => void | Promise<void>) | undefined;
  /** The same one for all roots of a search: what they share is then not searched again where nothing was found. */
  readonly barren?: BarrenTrees | undefined;
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
  const { signal, barren, mayMatchBelow } = options;
  const isFound = (node: TreeNode, path: string): boolean => options.matches(path) && isInTime(node, options);
  const isBarren = (tree: TreeId | undefined, path: string): boolean =>
    tree !== undefined && barren?.has(tree, path) === true;
  const enters = (node: TreeNode, path: string): boolean =>
    !isBarren(node.subtree, path) && (isFound(node, path) || mayMatchBelow(path));
  if (isBarren(root, '/')) return;
  const watch = new BarrenWatch(barren, true);
  const { onEnter, onLeave } = watch;
  const onError = noting(watch, options.onError);
  for await (const entry of walkTree(repo, root, { enters, signal, onError, onEnter, onLeave })) {
    if (!isFound(entry.node, entry.path)) continue;
    watch.meet();
    yield entry;
  }
}

function noting(watch: BarrenWatch, onError: Common['onError']): Common['onError'] {
  if (onError === undefined) return undefined;
  return (tree, error) => {
    watch.meet();
    return onError(tree, error);
  };
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
  const { signal, barren, wantsBlob, wantsTree } = options;
  if (wantsTree(root)) yield { type: 'tree', id: root, path: '/', parent: root };
  if (barren?.has(root)) return;
  const watch = new BarrenWatch(barren, false);
  const { onEnter, onLeave } = watch;
  const enters = ({ subtree }: TreeNode): boolean => subtree === undefined || barren?.has(subtree) !== true;
  const onError = noting(watch, options.onError);
  for await (const { path, node, parent } of walkTree(repo, root, { enters, signal, onError, onEnter, onLeave })) {
    if (node.subtree !== undefined && wantsTree(node.subtree)) {
      watch.meet();
      yield { type: 'tree', id: node.subtree, path, parent };
    }
    if (node.type !== 'file') continue;
    for (const id of node.content ?? []) {
      if (!wantsBlob(id)) continue;
      watch.meet();
      yield { type: 'blob', id, path, parent };
    }
  }
}
