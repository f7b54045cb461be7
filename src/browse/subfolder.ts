/**
 * From the tree of a snapshot to that of a folder inside it, by the path behind the colon of "<snapshot>:<folder>".
 * The path is cleaned as Go does it: "a//b/../c" is "a/c".
 */
import { posix } from 'node:path';
import { isSyncError, SyncError } from '../base/errors.js';
import type { TreeId } from '../base/ids.js';
import type { Repository } from '../repo/repository.js';

/**
 * The tree of the folder, that of the root for '' and '/'. The index must be loaded.
 * Throws 'not-found' where a step of the path is missing or no folder, 'damaged' for a tree that cannot be read.
 */
export async function findSubfolder(
  repo: Repository,
  root: TreeId,
  path: string,
  signal?: AbortSignal,
): Promise<TreeId> {
  let tree = root;
  let walked = '';
  for (const name of posix.normalize(path).split('/')) {
    if (name === '' || name === '.') continue;
    walked = posix.join(walked, name);
    tree = await stepInto(repo, tree, name, walked, signal);
  }
  return tree;
}

async function stepInto(
  repo: Repository,
  tree: TreeId,
  name: string,
  walked: string,
  signal: AbortSignal | undefined,
): Promise<TreeId> {
  try {
    const node = (await repo.loadTree(tree, signal)).find((one) => one.name === name);
    if (node === undefined) throw new SyncError('not-found', 'not found');
    if (node.subtree === undefined) throw new SyncError('not-found', 'not a directory');
    return node.subtree;
  } catch (error) {
    if (!isSyncError(error) || error.code === 'aborted') throw error;
    throw new SyncError(error.code, `path ${walked}: ${error.message}`, { cause: error, details: error.details });
  }
}
