/**
 * Which snapshots are an instance's present state. A head is a snapshot that no other one follows; one head is the
 * normal state, two are a fork. Clocks decide nothing, with two exceptions, in which nothing else is left to go by:
 *   - Snapshots made before this program came (by its predecessor, by restic) do not name what they follow across
 *     PCs: as long as there are only those, the newest counts.
 *   - `restic forget` leaves gaps: where a chain is broken, what is older than the part behind the gap is before it.
 */
import type { SnapshotId } from '../../base/ids.js';
import { isId } from '../../base/ids.js';
import { parseGoTime } from '../../repo/go-time.js';
import type { Snapshot } from '../../repo/snapshot.js';

export interface KnownSnapshot {
  readonly id: SnapshotId;
  readonly snapshot: Snapshot;
}

/** Marks our snapshots (as does restic: its own name and version). */
export const PROGRAM = 'instance-sync';
/** `follows:ID` names a further snapshot that this one takes the place of, besides its parent. */
export const FOLLOWS_TAG = 'follows:';

export interface Heads {
  /** Newest first. */
  readonly heads: readonly KnownSnapshot[];
  /** Foreign snapshots that count as followed only because a newer foreign one exists: the next push names them. */
  readonly outdated: readonly SnapshotId[];
}

/** What this PC knows from its last sync. */
export interface Before {
  readonly base?: SnapshotId;
  /** Snapshots that were there then, when there was one head: none of them but the base can be one now. */
  readonly seen: ReadonlySet<string>;
}

export function findHeads(snapshots: readonly KnownSnapshot[], before?: Before): Heads {
  const followed = new Set(snapshots.flatMap(({ snapshot }) => followedBy(snapshot)));
  const open = snapshots.filter((one) => !namesOf(one).some((name) => followed.has(name))).sort(newestFirst);
  const unsettled = withoutSettled(open, before);
  const heads = withoutForgotten(unsettled, snapshots, before);
  if (heads.length === 0 || snapshots.some(({ snapshot }) => isOurs(snapshot))) return { heads, outdated: [] };
  // By another PC since the last sync, whose clock is behind: not what this PC has is newer, nothing tells what is.
  if (heads.length > 1 && before?.base !== undefined && heads[0]?.id === before.base) return { heads, outdated: [] };
  // All of them, also those that this PC has settled for itself: the other PCs have not.
  const outdated = open.filter((one) => one !== heads[0]).map(({ id }) => id);
  return { heads: heads.slice(0, 1), outdated };
}

export function isOurs(snapshot: Snapshot): boolean {
  return snapshot.programVersion?.startsWith(PROGRAM) ?? false;
}

/** `restic tag` and `rewrite` give a snapshot a new id and keep the first one as `original`. */
export function namesOf({ id, snapshot }: KnownSnapshot): string[] {
  return snapshot.original === undefined ? [id] : [id, snapshot.original];
}

/** Whether it is, or was, the snapshot of this id. */
export function isNamed(one: KnownSnapshot, id: string): boolean {
  return namesOf(one).includes(id);
}

export function indexByName(snapshots: readonly KnownSnapshot[]): Map<string, KnownSnapshot> {
  return new Map(snapshots.flatMap((one) => namesOf(one).map((name) => [name, one] as const)));
}

export function followedBy(snapshot: Snapshot): string[] {
  const tags = (snapshot.tags ?? []).filter((tag) => tag.startsWith(FOLLOWS_TAG));
  const tagged = tags.map((tag) => tag.slice(FOLLOWS_TAG.length)).filter(isId);
  return snapshot.parent === undefined ? tagged : [snapshot.parent, ...tagged];
}

function withoutSettled(open: readonly KnownSnapshot[], before: Before | undefined): readonly KnownSnapshot[] {
  if (before?.base === undefined || open.length <= 1) return open;
  const left = open.filter((one) => one.id === before.base || !before.seen.has(one.id));
  return left.length === 0 ? open : left;
}

/**
 * Drops what is older than a head whose parent has been forgotten. Not what another program made since this PC's last
 * sync: that is new, whatever its clock said.
 */
function withoutForgotten(
  open: readonly KnownSnapshot[],
  snapshots: readonly KnownSnapshot[],
  before: Before | undefined,
): readonly KnownSnapshot[] {
  const byName = indexByName(snapshots);
  const afterGap = open.filter((head) => isBehindGap(head, byName));
  const newest = afterGap[0];
  if (newest === undefined) return open;
  const isNew = (one: KnownSnapshot): boolean =>
    before?.base !== undefined && !isOurs(one.snapshot) && !before.seen.has(one.id);
  return open.filter((one) => afterGap.includes(one) || newestFirst(one, newest) < 0 || isNew(one));
}

/**
 * Whether a head takes the place of this PC's base. It does not if the base is gone and the way back from the head
 * ends without a gap in which the base can have been: then the cloud went back, or was begun anew. Foreign snapshots
 * do not tell what they follow; of them only one that was there before is known not to.
 */
export function isSuccessor(
  head: KnownSnapshot,
  base: SnapshotId,
  seen: ReadonlySet<string>,
  snapshots: readonly KnownSnapshot[],
): boolean {
  const byName = indexByName(snapshots);
  if (byName.has(base)) return true;
  if (seen.has(head.id)) return false;
  if (!isOurs(head.snapshot)) return true;
  const visited = new Set<string>();
  const open = followedBy(head.snapshot);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (visited.has(name)) continue;
    visited.add(name);
    const one = byName.get(name);
    // Seen before, and still there: what follows it did not come out of the base, which was newer.
    if (one === undefined) return true;
    if (!seen.has(one.id)) open.push(...followedBy(one.snapshot));
  }
  return false;
}

/** Whether the way back from a head ends at a parent that is no longer there. */
function isBehindGap(head: KnownSnapshot, byName: ReadonlyMap<string, KnownSnapshot>): boolean {
  const visited = new Set<string>();
  for (let one: KnownSnapshot | undefined = head; one !== undefined; ) {
    const parent: string | undefined = one.snapshot.parent;
    if (parent === undefined || visited.has(parent)) return false;
    if (!byName.has(parent)) return true;
    visited.add(parent);
    one = byName.get(parent);
  }
  return false;
}

function newestFirst(a: KnownSnapshot, b: KnownSnapshot): number {
  const difference = parseGoTime(b.snapshot.time) - parseGoTime(a.snapshot.time);
  if (difference !== 0n) return difference > 0n ? 1 : -1;
  return a.id < b.id ? -1 : 1;
}
