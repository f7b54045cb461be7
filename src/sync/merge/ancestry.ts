/** How snapshots follow each other: by parents and `follows:` tags, never by time. */
import type { SnapshotId } from '../../base/ids.js';
import type { KnownSnapshot } from './heads.js';
import { followedBy, indexByName } from './heads.js';

/**
 * The nearest snapshot that both come from (one of the two, if the other comes from it); undefined if there is none, or
 * if it has been forgotten. Of several as near, the one that is found first from `one`.
 */
export function commonAncestor(
  one: KnownSnapshot,
  other: KnownSnapshot,
  snapshots: readonly KnownSnapshot[],
): KnownSnapshot | undefined {
  const byName = indexByName(snapshots);
  const ofOther = new Set<SnapshotId>();
  for (const found of ancestors(other, byName)) ofOther.add(found.id);
  for (const found of ancestors(one, byName)) if (ofOther.has(found.id)) return found;
  return undefined;
}

/** The snapshot itself and all that it follows, nearest first. */
function* ancestors(start: KnownSnapshot, byName: ReadonlyMap<string, KnownSnapshot>): Generator<KnownSnapshot> {
  const seen = new Set<SnapshotId>([start.id]);
  const queue = [start];
  for (const one of queue) {
    yield one;
    for (const name of followedBy(one.snapshot)) {
      const next = byName.get(name);
      if (next === undefined || seen.has(next.id)) continue;
      seen.add(next.id);
      queue.push(next);
    }
  }
}
