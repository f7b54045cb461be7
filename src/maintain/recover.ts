/**
 * Finds folders that no snapshot and no other folder refers to, the roots of lost snapshots, and makes a snapshot in which
 * each of them stands under the first digits of its id.
 */
import { hostname } from 'node:os';
import { isSyncError } from '../base/errors.js';
import type { SnapshotId, TreeId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import { loadSnapshots } from '../browse/select.js';
import { BlobSet } from '../repo/blob-set.js';
import { formatGoTime } from '../repo/go-time.js';
import type { LockOptions } from '../repo/lock.js';
import { thisOwner } from '../repo/owner.js';
import type { Repository } from '../repo/repository.js';
import type { WriteSession } from '../repo/session.js';
import type { TreeNode } from '../repo/tree.js';
import { encodeTree } from '../repo/tree.js';
import type { RepairIndexEvent } from './repair-index.js';
import { repairIndexUnder } from './repair-index.js';
import { loadTrees } from './rewrite-load.js';
import { readReferences } from './used-blobs.js';

export type RecoverEvent =
  | { readonly type: 'ensuring-index' | 'loading-index' | 'tree-read' | 'trees-done' }
  | { readonly type: 'loading-snapshots' | 'snapshots-done' }
  | { readonly type: 'reading-trees'; readonly trees: number }
  | { readonly type: 'bad-tree'; readonly id: TreeId; readonly error: unknown }
  | { readonly type: 'bad-snapshot'; readonly id: string; readonly error: unknown }
  | { readonly type: 'root'; readonly id: TreeId }
  | { readonly type: 'roots'; readonly roots: number }
  | RepairIndexEvent;

export interface RecoverOptions {
  readonly lock?: Omit<LockOptions, 'signal'> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
  readonly onEvent?: ((event: RecoverEvent) => void) | undefined;
}

export interface RecoverResult {
  /** In order of their ids. */
  readonly roots: readonly TreeId[];
  /** Absent if there is nothing to recover. */
  readonly snapshot?: SnapshotId;
}

/** Trees held in memory at once: at 2 KB each, a few megabytes. */
const AT_ONCE = 2_000;

/** Holds the repository exclusively, and repairs the index first. Trees that cannot be read are told and passed over. */
export async function recover(repo: Repository, options: RecoverOptions = {}): Promise<RecoverResult> {
  const { lock, onEvent } = options;
  return repo.exclusively({ signal: options.signal, ...(lock === undefined ? {} : { lock }) }, async (held) => {
    const signal = AbortSignal.any(options.signal === undefined ? [held.lost] : [held.lost, options.signal]);
    onEvent?.({ type: 'ensuring-index' });
    await repairIndexUnder(repo, held, { signal, onEvent });
    onEvent?.({ type: 'loading-index' });
    await repo.reloadIndex(signal);
    const roots = await findRoots(repo, { ...options, signal });
    onEvent?.({ type: 'roots', roots: roots.length });
    if (roots.length === 0) return { roots };
    const now = options.now ?? Date.now;
    const save = (session: WriteSession): Promise<SnapshotId> => saveRoots(session, roots, now());
    return { roots, snapshot: await repo.writeUnder(held, { signal }, save) };
  });
}

async function findRoots(repo: Repository, { signal, onEvent }: RecoverOptions): Promise<TreeId[]> {
  const trees = new BlobSet(repo.index, 'tree');
  for (const { type, id } of repo.index.values()) if (type === 'tree') trees.add(id);
  onEvent?.({ type: 'reading-trees', trees: trees.size });
  const referenced = await readAll(repo, [...trees], { signal, onEvent });
  onEvent?.({ type: 'trees-done' });
  onEvent?.({ type: 'loading-snapshots' });
  const onProblem = (id: string, error: unknown): void => onEvent?.({ type: 'bad-snapshot', id, error });
  for (const { snapshot } of await loadSnapshots(repo, { signal, onProblem })) referenced.add(snapshot.tree);
  onEvent?.({ type: 'snapshots-done' });
  const roots = [...trees].filter((id) => !referenced.has(id)).sort();
  for (const id of roots) onEvent?.({ type: 'root', id });
  return roots;
}

/** All that the trees refer to, and the trees that cannot be read: no root that is of use to anybody. */
async function readAll(
  repo: Repository,
  trees: readonly TreeId[],
  { signal, onEvent }: RecoverOptions,
): Promise<BlobSet> {
  const referenced = new BlobSet(repo.index, 'tree');
  for (let from = 0; from < trees.length; from += AT_ONCE) {
    await loadTrees(
      repo,
      trees.slice(from, from + AT_ONCE),
      (id, loaded) => {
        try {
          if (!(loaded instanceof Uint8Array)) throw loaded.error;
          for (const tree of readReferences(loaded, `tree ${shortId(id)}`).subtrees) referenced.add(tree);
          onEvent?.({ type: 'tree-read' });
        } catch (error) {
          if (!isSyncError(error, 'damaged', 'unsupported', 'not-found')) throw error;
          referenced.add(id);
          onEvent?.({ type: 'bad-tree', id, error });
        }
      },
      signal,
    );
  }
  return referenced;
}

async function saveRoots(session: WriteSession, roots: readonly TreeId[], nowMs: number): Promise<SnapshotId> {
  const time = formatGoTime(BigInt(nowMs) * 1_000_000n, -new Date(nowMs).getTimezoneOffset());
  const names = shortNames(roots);
  const nodes = roots.map((subtree, i): TreeNode => {
    const name = names[i] ?? subtree;
    // Without the bit of a folder, as restic has it.
    return { name, type: 'dir', mode: 0o755, mtime: time, atime: time, ctime: time, subtree };
  });
  const tree = await session.saveTree(encodeTree(nodes));
  const { username } = thisOwner();
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  const owner = { hostname: hostname(), username, uid, gid };
  return session.commit({ time, tree, paths: ['/recover'], ...owner, tags: ['recovered'] });
}

/** Of sorted ids: eight digits, or more where two begin alike. */
export function shortNames(ids: readonly string[]): string[] {
  return ids.map((id, i) => {
    let length = 8;
    const others = [ids[i - 1], ids[i + 1]];
    while (others.some((other) => other?.startsWith(id.slice(0, length)))) length += 1;
    return id.slice(0, length);
  });
}
