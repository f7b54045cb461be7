/**
 * What a path in a snapshot stands for, and the contents of a file as a stream.
 */
import { posix } from 'node:path';
import type { Bytes } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';
import type { TreeId } from '../base/ids.js';
import type { Repository } from '../repo/repository.js';
import type { TreeNode } from '../repo/tree.js';
import { fetchInOrder } from './in-order.js';

/** A file, or a folder by its tree and its path in the snapshot, which begins with a slash. */
export type DumpTarget =
  | { readonly kind: 'file'; readonly node: TreeNode }
  | { readonly kind: 'folder'; readonly tree: TreeId; readonly path: string };

/**
 * Finds `path` below the tree `root`. The index must be loaded.
 * Throws 'not-found', and 'usage' for what is neither file nor folder, or has no place in a file.
 */
export async function findDumpTarget(
  repo: Repository,
  root: TreeId,
  path: string,
  signal?: AbortSignal,
): Promise<DumpTarget> {
  // As in restic: a path that stays where it is ('', ".", "a/..") names nothing; the whole is "/".
  if (/^\.{0,2}$/.test(posix.normalize(path))) throw notFound('/');
  const names = posix
    .normalize(`/${path}`)
    .split('/')
    .filter((name) => name !== '');
  let tree = root;
  let walked = '';
  for (const [i, name] of names.entries()) {
    walked += `/${name}`;
    const node = (await repo.loadTree(tree, signal)).find((one) => one.name === name);
    if (node === undefined) throw notFound(walked);
    const isLast = i === names.length - 1;
    if (isLast && node.type === 'file') return { kind: 'file', node };
    if (node.subtree === undefined) {
      const wanted = isLast ? 'file' : 'dir';
      throw new SyncError('usage', `${JSON.stringify(walked)} should be a ${wanted}, but is a "${node.type}"`);
    }
    tree = node.subtree;
  }
  return { kind: 'folder', tree, path: walked === '' ? '/' : walked };
}

function notFound(path: string): SyncError {
  return new SyncError('not-found', `path ${JSON.stringify(path)} not found in snapshot`);
}

/** The contents of a file, piece by piece. The index must be loaded. Throws 'damaged' for blobs that cannot be read. */
export async function* dumpFile(
  repo: Repository,
  node: TreeNode,
  options: { readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<Bytes> {
  const steps = (node.content ?? []).map((blob) => ({ blob }));
  for await (const [, bytes] of fetchInOrder(repo, steps, options.signal)) if (bytes) yield bytes;
}
