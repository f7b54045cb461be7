/** Trees for the tests of archives: nodes by name, stored in a repository in memory. */
import type { Bytes } from '../../src/base/bytes.js';
import { concatBytes } from '../../src/base/bytes.js';
import type { TreeId } from '../../src/base/ids.js';
import type { Repository } from '../../src/repo/repository.js';
import type { WriteSession } from '../../src/repo/session.js';
import { encodeTree, sortNodes, type TreeNode } from '../../src/repo/tree.js';
import { addData, commitEmpty } from '../helpers/repository.js';
import { quickLock } from '../maintain/prune-env.js';

export const MTIME = '2026-11-22T11:18:36.75+01:00';

/** A list of bytes is a file of so many blobs; a folder holds more; all else is a node as it stands. */
export interface Item {
  readonly blobs?: readonly Bytes[];
  readonly folder?: Readonly<Record<string, Item>>;
  readonly node?: Partial<TreeNode>;
}

export async function storeTree(repo: Repository, items: Readonly<Record<string, Item>>): Promise<TreeId> {
  return repo.writeUnder(quickLock(), {}, async (session) => {
    const tree = await saveFolder(repo, session, items);
    await commitEmpty(session);
    return tree;
  });
}

async function saveFolder(
  repo: Repository,
  session: WriteSession,
  items: Readonly<Record<string, Item>>,
): Promise<TreeId> {
  const nodes: TreeNode[] = [];
  for (const [name, { blobs, folder, node }] of Object.entries(items)) {
    const base = { name, mtime: MTIME, uid: 1000, gid: 100, user: 'steve', group: 'users' };
    if (folder !== undefined) {
      const subtree = await saveFolder(repo, session, folder);
      nodes.push({ ...base, type: 'dir', mode: 0o755 + 2 ** 31, subtree, ...node });
    } else {
      const content = [];
      for (const blob of blobs ?? []) content.push(await addData(repo, session, blob));
      const size = (blobs ?? []).reduce((sum, blob) => sum + blob.length, 0);
      const isFile = (node?.type ?? 'file') === 'file';
      nodes.push({ ...base, type: 'file', mode: 0o644, ...(isFile && { size, content }), ...node });
    }
  }
  return session.saveTree(encodeTree(sortNodes(nodes)));
}

export async function collect(pieces: AsyncIterable<Bytes>): Promise<Bytes> {
  const parts: Bytes[] = [];
  for await (const piece of pieces) parts.push(piece);
  return concatBytes(parts);
}
