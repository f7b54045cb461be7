/**
 * All nodes below a tree, in restic's order: a folder, then all that is in it, then what follows it; names by their
 * bytes. Trees are fetched a little ahead, so that a walk over the network does not wait for each of them in turn.
 */
import { throwIfAborted } from '../base/errors.js';
import type { TreeId } from '../base/ids.js';
import type { BlobSet } from '../repo/blob-set.js';
import type { Repository } from '../repo/repository.js';
import type { TreeNode } from '../repo/tree.js';
import type { TreeSlot } from './tree-ahead.js';
import { childPath, TreeAhead } from './tree-ahead.js';

export interface WalkEntry {
  /** From the root of the walk, with a slash in front: "/a/b". In the form of base/raw-string.ts. */
  readonly path: string;
  readonly node: TreeNode;
  /** The tree that the node stands in. */
  readonly parent: TreeId;
}

export interface UnreadableTree {
  readonly id: TreeId;
  /** "/" for the root. */
  readonly path: string;
  /** The folder whose tree it is; absent for the root. */
  readonly entry?: WalkEntry | undefined;
}

export interface WalkOptions {
  readonly signal?: AbortSignal | undefined;
  /**
   * Whether to go into a folder; into all by default. Asked once for each folder, some time before it is yielded, so
   * it must depend on nothing but what it is given.
   */
  readonly enters?: ((node: TreeNode, path: string) => boolean) | undefined;
  /** Trees that were visited: these are not entered, and all that are entered come in. Their folders are yielded. */
  readonly seen?: BlobSet | undefined;
  /** A tree that cannot be read: its folder is told here in place of being yielded, and the walk goes on. */
  readonly onError?: ((tree: UnreadableTree, error: unknown) => void | Promise<void>) | undefined;
  /** Called before a tree's folder is yielded, and when all that is in the tree was. */
  readonly onEnter?: (() => void) | undefined;
  readonly onLeave?: ((tree: TreeId, path: string) => void) | undefined;
  /** What the paths begin with; "/" by default. */
  readonly prefix?: string | undefined;
}

interface Frame {
  readonly slot: TreeSlot;
  readonly nodes: readonly TreeNode[];
  at: number;
}

/** The index must be loaded. Without `onError` throws 'damaged' for a tree that cannot be read, before its folder. */
export async function* walkTree(
  repo: Repository,
  root: TreeId,
  options: WalkOptions = {},
): AsyncGenerator<WalkEntry, void, void> {
  const { signal, seen, enters = () => true, onError, prefix = '/' } = options;
  const ahead = new TreeAhead(repo, (node, path) => !isSeen(seen, node.subtree) && enters(node, path), signal);
  const open = async (slot: TreeSlot, entry?: WalkEntry): Promise<Frame | undefined> => {
    try {
      const nodes = await ahead.take(slot);
      options.onEnter?.();
      return { slot, nodes, at: 0 };
    } catch (error) {
      if (onError === undefined || signal?.aborted) throw error;
      await onError({ id: slot.id, path: slot.path, entry }, error);
      return undefined;
    }
  };
  if (isSeen(seen, root)) return;
  try {
    seen?.add(root);
    const first = await open(ahead.start(root, prefix));
    const frames: Frame[] = first === undefined ? [] : [first];
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      throwIfAborted(signal);
      const at = frame.at++;
      const node = frame.nodes[at];
      if (node === undefined) {
        frames.pop();
        options.onLeave?.(frame.slot.id, frame.slot.path);
        continue;
      }
      const entry = { path: childPath(frame.slot.path, node.name), node, parent: frame.slot.id };
      const slot = frame.slot.below.get(at);
      frame.slot.below.delete(at);
      if (slot === undefined || isSeen(seen, slot.id)) {
        yield entry;
        continue;
      }
      seen?.add(slot.id);
      const inner = await open(slot, entry);
      if (inner === undefined) continue;
      frames.push(inner);
      yield entry;
    }
  } finally {
    await ahead.end();
  }
}

function isSeen(seen: BlobSet | undefined, tree: TreeId | undefined): boolean {
  return tree !== undefined && seen?.has(tree) === true;
}
