/** Which snapshots are copies of which: they share the first id that they had, and all else but their parent. */
import type { SnapshotId } from '../base/ids.js';
import type { NamedSnapshot } from '../browse/select.js';
import { parseGoTime } from '../repo/go-time.js';
import type { Snapshot } from '../repo/snapshot.js';

/** Snapshots by the id that they were first stored under, and by their own. */
export type Originals = ReadonlyMap<SnapshotId, readonly NamedSnapshot[]>;

export function originalsOf(snapshots: readonly NamedSnapshot[]): Originals {
  const found = new Map<SnapshotId, NamedSnapshot[]>();
  const note = (id: SnapshotId, one: NamedSnapshot): void => {
    const list = found.get(id);
    if (list === undefined) found.set(id, [one]);
    else list.push(one);
  };
  for (const one of snapshots) {
    note(one.id, one);
    if (one.snapshot.original !== undefined) note(one.snapshot.original, one);
  }
  return found;
}

/** The snapshot that is this one, only elsewhere. One whose tags were changed since is another. */
export function findCopy(originals: Originals, { id, snapshot }: NamedSnapshot): SnapshotId | undefined {
  return originals.get(snapshot.original ?? id)?.find((one) => isSameBackup(one.snapshot, snapshot))?.id;
}

function isSameBackup(a: Snapshot, b: Snapshot): boolean {
  return (
    a.tree === b.tree &&
    parseGoTime(a.time) === parseGoTime(b.time) &&
    (a.hostname ?? '') === (b.hostname ?? '') &&
    (a.username ?? '') === (b.username ?? '') &&
    (a.uid ?? 0) === (b.uid ?? 0) &&
    (a.gid ?? 0) === (b.gid ?? 0) &&
    sameTexts(a.paths, b.paths) &&
    sameTexts(a.excludes, b.excludes) &&
    sameTexts(a.tags, b.tags)
  );
}

function sameTexts(a: readonly string[] | null | undefined, b: readonly string[] | null | undefined): boolean {
  const [left, right] = [a ?? [], b ?? []];
  return left.length === right.length && left.every((text, i) => text === right[i]);
}
