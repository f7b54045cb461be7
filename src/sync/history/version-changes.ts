/**
 * What changed between two versions of an instance, as a player counts: world by world, and all other files together.
 * Empty folders do not count.
 */

import type { FileChange } from '../merge/unit-changes.js';
import { worldOf } from '../merge/units.js';
import type { FileCounts } from '../results.js';

export interface ChangeTotals extends FileCounts {
  /** Of the added and changed files as they are then. */
  readonly bytes: number;
  readonly bytesRemoved: number;
}

export interface WorldChanges extends ChangeTotals {
  /** The folder, as "saves/World". */
  readonly world: string;
  /** 'new' and 'gone': the world is on one side only. */
  readonly state: 'new' | 'gone' | 'changed';
}

export interface VersionChanges {
  /** Those with changes, by name. */
  readonly worlds: readonly WorldChanges[];
  /** Of all files that belong to no world. */
  readonly other: ChangeTotals;
}

/** `before` and `after`: the worlds of either side, by folder. */
export function tallyChanges(
  changes: Iterable<FileChange>,
  before: ReadonlySet<string>,
  after: ReadonlySet<string>,
): VersionChanges {
  const worlds = new Map<string, Tally>();
  const other = newTally();
  for (const change of changes) {
    const world = worldOf(change.path);
    let tally = world === undefined ? other : worlds.get(world);
    if (tally === undefined) {
      tally = newTally();
      worlds.set(world ?? '', tally);
    }
    tally[change.change] += 1;
    tally[change.change === 'removed' ? 'bytesRemoved' : 'bytes'] += change.size;
  }
  const named = [...worlds].sort(([a], [b]) => (a < b ? -1 : 1));
  const stateOf = (world: string): WorldChanges['state'] =>
    before.has(world) ? (after.has(world) ? 'changed' : 'gone') : 'new';
  return { worlds: named.map(([world, tally]) => ({ world, state: stateOf(world), ...tally })), other };
}

interface Tally {
  added: number;
  changed: number;
  removed: number;
  bytes: number;
  bytesRemoved: number;
}

function newTally(): Tally {
  return { added: 0, changed: 0, removed: 0, bytes: 0, bytesRemoved: 0 };
}
