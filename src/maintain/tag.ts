/**
 * Other tags for snapshots. A snapshot cannot be changed: one with the new tags is stored, which names the first of its
 * kind as its original, and the old one is removed.
 */
import { isSyncError, SyncError } from '../base/errors.js';
import type { SnapshotId } from '../base/ids.js';
import type { NamedSnapshot, SelectOptions } from '../browse/select.js';
import { selectSnapshots } from '../browse/select.js';
import type { LockOptions } from '../repo/lock.js';
import type { Repository } from '../repo/repository.js';

export interface TagOptions extends SelectOptions {
  /** Ids, beginnings of ids, "latest"; all that the filter lets through by default. */
  readonly snapshots?: readonly string[] | undefined;
  /** In place of all tags, if there are any; not with the other two. */
  readonly set?: readonly string[] | undefined;
  readonly add?: readonly string[] | undefined;
  readonly remove?: readonly string[] | undefined;
  readonly lock?: Omit<LockOptions, 'signal'> | undefined;
  readonly onChanged?: ((change: TagChange) => void) | undefined;
  /** A snapshot whose tags could not be changed; the others are gone on with, unless the server removes nothing. */
  readonly onRefused?: ((id: SnapshotId, error: unknown) => void) | undefined;
}

export interface TagChange {
  readonly oldId: SnapshotId;
  readonly newId: SnapshotId;
}

/** Holds the repository exclusively. Throws 'usage' for `set` with one of the others; without `onRefused` also 'forbidden'. */
export async function changeTags(repo: Repository, options: TagOptions): Promise<TagChange[]> {
  const { signal, lock, set = [], add = [], remove = [] } = options;
  if (set.length > 0 && add.length + remove.length > 0) {
    throw new SyncError('usage', 'tags are either set, or added and removed');
  }
  return repo.exclusively({ signal, ...(lock === undefined ? {} : { lock }) }, async (held) => {
    const inner = AbortSignal.any(signal === undefined ? [held.lost] : [held.lost, signal]);
    const snapshots = await selectSnapshots(repo, options.snapshots ?? [], { ...options, signal: inner });
    const changes: TagChange[] = [];
    for (const one of snapshots) {
      try {
        await held.ensureFresh();
        const newId = await replaceTags(repo, one, options, inner);
        if (newId === undefined) continue;
        const change = { oldId: one.id, newId };
        changes.push(change);
        options.onChanged?.(change);
      } catch (error) {
        if (options.onRefused === undefined || inner.aborted) throw error;
        options.onRefused(one.id, error);
        // Each further snapshot would only be doubled.
        if (isSyncError(error, 'forbidden')) break;
      }
    }
    return changes;
  });
}

async function replaceTags(
  repo: Repository,
  { id, snapshot }: NamedSnapshot,
  options: TagOptions,
  signal: AbortSignal,
): Promise<SnapshotId | undefined> {
  const tags = newTags(snapshot.tags ?? [], options);
  if (tags === undefined) return undefined;
  const newId = await repo.saveSnapshot({ ...snapshot, tags, original: snapshot.original ?? id }, signal);
  await repo.removeSnapshot(id, signal);
  return newId;
}

/**
 * undefined if they stay as they are; `set` counts as a change always. As restic does it, the last tag takes the place of
 * one that is removed.
 */
function newTags(old: readonly string[], { set = [], add = [], remove = [] }: TagOptions): string[] | undefined {
  if (set.length > 0) return [...set];
  const tags = [...old];
  let changed = false;
  for (const tag of add) {
    if (tags.includes(tag)) continue;
    tags.push(tag);
    changed = true;
  }
  for (const tag of remove) {
    const at = tags.indexOf(tag);
    if (at < 0) continue;
    const last = tags.pop();
    if (last !== undefined && at < tags.length) tags[at] = last;
    changed = true;
  }
  return changed ? tags : undefined;
}
