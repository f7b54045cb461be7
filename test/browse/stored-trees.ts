/** Small trees in a repository in memory, written down as nested objects. */
import { utf8 } from '../../src/base/bytes.js';
import type { BlobId, SnapshotId, TreeId } from '../../src/base/ids.js';
import type { Repository } from '../../src/repo/repository.js';
import type { WriteSession } from '../../src/repo/session.js';
import type { Snapshot } from '../../src/repo/snapshot.js';
import { encodeTree, sortNodes, type TreeNode } from '../../src/repo/tree.js';
import { addData, type TestRepository, testRepository } from '../helpers/repository.js';
import { quickLock } from '../maintain/prune-env.js';

/** Texts are the contents of files; a list is several of them in one file, each a blob; nodes are stored as they are. */
export interface Entries {
  readonly [name: string]: Entries | string | readonly string[] | { readonly node: Omit<TreeNode, 'name'> };
}

export async function storeEntries(repo: Repository, session: WriteSession, entries: Entries): Promise<TreeId> {
  const nodes: TreeNode[] = [];
  for (const [name, entry] of Object.entries(entries)) nodes.push(await nodeOf(repo, session, name, entry));
  return session.saveTree(encodeTree(sortNodes(nodes)));
}

async function nodeOf(
  repo: Repository,
  session: WriteSession,
  name: string,
  entry: Entries[string],
): Promise<TreeNode> {
  const times = { mtime: '2020-01-02T03:04:05Z', atime: '2020-01-02T03:04:05Z', ctime: '2020-01-02T03:04:05Z' };
  if (isNode(entry)) return { ...times, ...entry.node, name };
  if (typeof entry === 'string' || isTexts(entry)) {
    const texts = typeof entry === 'string' ? [entry] : entry;
    const content: BlobId[] = [];
    for (const text of texts) if (text !== '') content.push(await addData(repo, session, utf8(text)));
    const size = texts.join('').length;
    return { ...times, name, type: 'file', mode: 0o644, size, links: 1n, inode: 7n, content };
  }
  const subtree = await storeEntries(repo, session, entry);
  return { ...times, name, type: 'dir', mode: 2 ** 31 + 0o755, subtree };
}

function isNode(entry: Entries[string]): entry is { readonly node: Omit<TreeNode, 'name'> } {
  return typeof entry === 'object' && 'node' in entry && typeof entry.node === 'object' && 'type' in entry.node;
}

function isTexts(entry: Entries | readonly string[] | { readonly node: unknown }): entry is readonly string[] {
  return Array.isArray(entry);
}

export interface StoredTrees extends TestRepository {
  readonly roots: readonly TreeId[];
  /** Opened again, with nothing but the index known. */
  readonly fresh: Repository;
}

/** One snapshot for each. */
export async function storedTrees(
  all: readonly Entries[],
  options: Parameters<typeof testRepository>[0] = {},
): Promise<StoredTrees> {
  const made = await testRepository(options);
  const roots: TreeId[] = [];
  await made.repo.writeUnder(quickLock(), {}, async (session) => {
    for (const entries of all) {
      const tree = await storeEntries(made.repo, session, entries);
      roots.push(tree);
      await session.commit({ time: '2026-11-22T10:00:00Z', tree, paths: ['/game'], hostname: 'pc' });
    }
  });
  const fresh = await made.reopen();
  return { ...made, roots, fresh };
}

export async function storeSnapshots(repo: Repository, all: readonly Partial<Snapshot>[]): Promise<SnapshotId[]> {
  return repo.writeUnder(quickLock(), {}, async (session) => {
    const tree = await session.saveTree(encodeTree([]));
    const ids: SnapshotId[] = [];
    for (const one of all) {
      ids.push(await session.commit({ time: '2026-11-22T10:00:00Z', paths: ['/game'], hostname: 'pc', ...one, tree }));
    }
    return ids;
  });
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
