/** Which snapshot is meant, and what of it: from what a caller gives to a tree, with the index loaded that it needs. */
import { SyncError } from '../base/errors.js';
import type { BlobId, SnapshotId, TreeId } from '../base/ids.js';
import { isId } from '../base/ids.js';
import type { NamedSnapshot, SnapshotFilter } from '../browse/select.js';
import { loadSnapshots, selectSnapshot } from '../browse/select.js';
import { findSubfolder } from '../browse/subfolder.js';
import type { Repository as Engine } from '../repo/repository.js';
import type { Snapshot } from '../repo/snapshot.js';
import type { Tenure } from './read-lock.js';

/** What a snapshot records, and its id. */
export interface SnapshotInfo extends Snapshot {
  readonly id: SnapshotId;
  readonly paths: readonly string[];
}

/**
 * A snapshot: as `snapshots()` gives it, or by its id, the beginning of that, or "latest". In place of a snapshot any
 * tree will do: `{ tree: node.subtree }`.
 */
export type SnapshotRef = string | { readonly tree: string };

export function infoOf({ id, snapshot }: NamedSnapshot): SnapshotInfo {
  return { ...snapshot, paths: snapshot.paths ?? [], id };
}

/** Throws 'not-found'; 'usage' for a beginning that fits several. `filter` chooses what "latest" is. */
export async function findSnapshot(
  engine: Engine,
  spec: string,
  signal: AbortSignal | undefined,
  filter?: SnapshotFilter,
): Promise<NamedSnapshot> {
  if (spec.includes(':')) throw new SyncError('usage', `"${spec}" names no snapshot: folders are given by themselves`);
  if (spec !== 'latest') return selectSnapshot(engine, spec, { signal });
  const latest = (await loadSnapshots(engine, { filter, signal })).at(-1);
  if (latest !== undefined) return latest;
  const which = filter === undefined ? 'no snapshot' : 'no snapshot that the filter lets through';
  throw new SyncError('not-found', `there is ${which} at ${engine.backend.location}`);
}

/** The tree of the snapshot, or of a folder in it. Throws 'not-found', 'usage', 'damaged'. */
export async function findTree(
  engine: Engine,
  tenure: Tenure,
  ref: SnapshotRef,
  signal: AbortSignal,
  folder = '/',
): Promise<TreeId> {
  const root = await findRoot(engine, tenure, ref, signal);
  return findSubfolder(engine, root, folder, signal);
}

async function findRoot(engine: Engine, tenure: Tenure, ref: SnapshotRef, signal: AbortSignal): Promise<TreeId> {
  if (typeof ref === 'string') {
    const { snapshot } = await findSnapshot(engine, ref, signal);
    // Later than the list of snapshots, so that it holds all that the newest of them needs.
    await tenure.refreshIndex(signal);
    return snapshot.tree;
  }
  const tree = checkBlobId(ref.tree);
  await tenure.needIndex(signal, { type: 'tree', id: tree });
  return tree;
}

/** Throws 'usage' for what is no id. */
export function checkBlobId(text: string): BlobId {
  if (isId(text)) return text as BlobId;
  throw new SyncError('usage', `${JSON.stringify(text)} is no id of 64 hex digits`);
}
