/**
 * The contents of a folder as an archive takes them: each folder before what is in it, names in the order of the trees,
 * and each file's node before its blobs.
 */
import type { Bytes } from '../base/bytes.js';
import type { BlobId, TreeId } from '../base/ids.js';
import type { Repository } from '../repo/repository.js';
import type { TreeNode } from '../repo/tree.js';
import { fetchInOrder } from './in-order.js';

export interface ArchiveOptions {
  /** Path of the folder in the snapshot; the names in the archive begin with it. '/' by default. */
  readonly path?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A node with its path in the archive, or, with bytes, the next piece of the file before. */
export type ArchivePart =
  | { readonly kind: 'node'; readonly path: string; readonly node: TreeNode }
  | { readonly kind: 'data'; readonly path: string; readonly bytes: Bytes };

interface NodeStep {
  readonly path: string;
  readonly node?: TreeNode;
  readonly blob?: BlobId;
}

/** The index must be loaded. Throws 'damaged' for trees and blobs that cannot be read. */
export async function* archiveParts(
  repo: Repository,
  tree: TreeId,
  options: ArchiveOptions = {},
): AsyncGenerator<ArchivePart> {
  const prefix = (options.path ?? '/').replace(/^\/+|\/+$/g, '');
  const steps = nodeSteps(repo, tree, prefix === '' ? '' : `${prefix}/`, options.signal);
  for await (const [{ path, node }, bytes] of fetchInOrder(repo, steps, options.signal)) {
    if (node !== undefined) yield { kind: 'node', path, node };
    else if (bytes !== undefined) yield { kind: 'data', path, bytes };
  }
}

async function* nodeSteps(
  repo: Repository,
  root: TreeId,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<NodeStep> {
  const open = [{ nodes: (await repo.loadTree(root, signal)).values(), prefix }];
  for (let folder = open.at(-1); folder !== undefined; folder = open.at(-1)) {
    const next = folder.nodes.next();
    if (next.done === true) {
      open.pop();
      continue;
    }
    const node = next.value;
    if (!isArchived(node, open.length === 1)) continue;
    const path = folder.prefix + node.name;
    yield { path, node };
    if (node.type === 'file') for (const blob of node.content ?? []) yield { path, blob };
    if (node.subtree !== undefined) {
      open.push({ nodes: (await repo.loadTree(node.subtree, signal)).values(), prefix: `${path}/` });
    }
  }
}

/** As restic: devices, pipes and sockets are left out, but for those that lie directly in the folder. */
function isArchived({ type }: TreeNode, isTop: boolean): boolean {
  return isTop || type === 'file' || type === 'dir' || type === 'symlink';
}
