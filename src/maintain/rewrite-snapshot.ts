/**
 * One snapshot put in the place of another: same time, host and paths unless others are wanted, another tree. The new one
 * names the old one as its original; the old one stays beside it, told apart by a tag, or is removed.
 */
import type { SnapshotId, TreeId } from '../base/ids.js';
import type { NamedSnapshot, SelectOptions } from '../browse/select.js';
import type { LockOptions } from '../repo/lock.js';
import type { Repository } from '../repo/repository.js';
import type { WriteSession } from '../repo/session.js';
import type { Snapshot, SnapshotSummary } from '../repo/snapshot.js';

/** What all commands that put new snapshots in the place of old ones are given. */
export interface ReplaceOptions extends SelectOptions {
  /** Ids, beginnings of ids, "latest"; all that the filter lets through by default. */
  readonly snapshots?: readonly string[] | undefined;
  /** Say what would become of each snapshot, and change nothing. */
  readonly dryRun?: boolean | undefined;
  /** Remove the old snapshots. */
  readonly forget?: boolean | undefined;
  readonly lock?: Omit<LockOptions, 'signal'> | undefined;
  /** Called before a snapshot is looked at. */
  readonly onSnapshot?: ((one: NamedSnapshot) => void) | undefined;
  /** Called when the new snapshot is stored, before the old one is removed. */
  readonly onSaved?: ((old: NamedSnapshot, newId: SnapshotId) => void) | undefined;
  /** Called when it is done with. */
  readonly onOutcome?: ((outcome: SnapshotOutcome) => void) | undefined;
}

export interface SnapshotOutcome {
  readonly old: NamedSnapshot;
  /** empty: nothing of it could be kept, and it was removed. */
  readonly kind: 'unchanged' | 'replaced' | 'empty';
  /** Absent in a dry run. */
  readonly newId?: SnapshotId;
  readonly removed: boolean;
}

export interface ReplaceResult {
  readonly outcomes: readonly SnapshotOutcome[];
  /** Snapshots that were, or in a dry run would be, replaced or removed. */
  readonly modified: number;
}

export interface NewState {
  readonly tree: TreeId;
  readonly summary?: SnapshotSummary | undefined;
  readonly time?: string | undefined;
  readonly hostname?: string | undefined;
}

/** Stores the new snapshot and what the session holds, then removes the old one if that is wanted. */
export async function replaceSnapshot(
  repo: Repository,
  session: WriteSession | undefined,
  old: NamedSnapshot,
  state: NewState,
  options: Pick<ReplaceOptions, 'forget' | 'onSaved'> & { readonly tag: string },
): Promise<SnapshotOutcome> {
  if (!isChanged(old.snapshot, state)) return { old, kind: 'unchanged', removed: false };
  const { forget = false } = options;
  if (session === undefined) return { old, kind: 'replaced', removed: forget };
  const { tree, summary, time, hostname } = state;
  const { tags = [] } = old.snapshot;
  const isNew = !forget && !tags.includes(options.tag);
  const newId = await session.commit({
    ...old.snapshot,
    tree,
    original: old.id,
    ...(isNew ? { tags: [...tags, options.tag] } : {}),
    ...(summary === undefined ? {} : { summary }),
    ...(time === undefined ? {} : { time }),
    ...(hostname === undefined ? {} : { hostname }),
  });
  options.onSaved?.(old, newId);
  if (forget) await repo.removeSnapshot(old.id, session.signal);
  return { old, kind: 'replaced', newId, removed: forget };
}

/** A time or host that is wanted counts as a change even where it is the same, as in restic. */
function isChanged(old: Snapshot, { tree, summary, time, hostname }: NewState): boolean {
  if (tree !== old.tree || time !== undefined || hostname !== undefined) return true;
  return summary !== undefined && !sameSummary(summary, old.summary);
}

function sameSummary(a: SnapshotSummary, b: SnapshotSummary | undefined): boolean {
  const keys = Object.keys(a) as (keyof SnapshotSummary)[];
  return b !== undefined && keys.every((key) => a[key] === b[key]);
}
