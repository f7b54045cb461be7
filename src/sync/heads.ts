/**
 * Which snapshots are an instance's present state. A head is a snapshot that no other one follows; one head is the
 * normal state, two are a fork. Clocks decide nothing, with one exception: snapshots made before this program came
 * (by its predecessor, by restic) do not name what they follow across PCs, so among themselves the newest counts.
 */
import type { SnapshotId } from '../base/ids.js';
import { isId } from '../base/ids.js';
import { parseGoTime } from '../repo/go-time.js';
import type { Snapshot } from '../repo/snapshot.js';

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

export function findHeads(snapshots: readonly KnownSnapshot[]): Heads {
  const followed = new Set<string>();
  for (const { id, snapshot } of snapshots) {
    for (const other of followedBy(snapshot)) if (other !== id) followed.add(other);
  }
  const open = snapshots.filter(({ id }) => !followed.has(id)).sort(newestFirst);
  const anyOurs = snapshots.some(({ snapshot }) => isOurs(snapshot));
  if (anyOurs || open.length <= 1) return { heads: open, outdated: [] };
  return { heads: open.slice(0, 1), outdated: open.slice(1).map(({ id }) => id) };
}

export function isOurs(snapshot: Snapshot): boolean {
  return snapshot.programVersion?.startsWith(PROGRAM) ?? false;
}

function followedBy(snapshot: Snapshot): string[] {
  const tagged = (snapshot.tags ?? [])
    .filter((tag) => tag.startsWith(FOLLOWS_TAG))
    .map((tag) => tag.slice(FOLLOWS_TAG.length));
  return [...(snapshot.parent ? [snapshot.parent] : []), ...tagged.filter(isId)];
}

function newestFirst(a: KnownSnapshot, b: KnownSnapshot): number {
  const difference = parseGoTime(b.snapshot.time) - parseGoTime(a.snapshot.time);
  if (difference !== 0n) return difference > 0n ? 1 : -1;
  return a.id < b.id ? -1 : 1;
}
