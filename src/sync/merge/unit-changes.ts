/** What a side did to a unit: which of its files are new, changed or gone against what both last had. */
import type { ManifestEntry } from '../../archive/manifest.js';
import { sameEntry } from '../../archive/manifest.js';
import type { Unit } from './units.js';

export interface FileChange {
  /** Relative to the game folder, with '/'. */
  readonly path: string;
  readonly change: 'added' | 'changed' | 'removed';
  /** Bytes: of a removed file those that it had, else those that it has. */
  readonly size: number;
}

/** Empty folders do not count. */
export function changesOf(before: Unit | undefined, now: Unit | undefined): FileChange[] {
  const changes: FileChange[] = [];
  for (const [path, entry] of now ?? []) {
    const old = before?.get(path);
    if (!isFile(entry) || (old !== undefined && sameEntry(old, entry))) continue;
    changes.push({ path, change: old !== undefined && isFile(old) ? 'changed' : 'added', size: entry.size });
  }
  for (const [path, old] of before ?? []) {
    const entry = now?.get(path);
    if (isFile(old) && (entry === undefined || !isFile(entry))) {
      changes.push({ path, change: 'removed', size: old.size });
    }
  }
  return changes;
}

export function largestFirst(a: FileChange, b: FileChange): number {
  if (a.size !== b.size) return b.size - a.size;
  return a.path < b.path ? -1 : 1;
}

function isFile({ type }: ManifestEntry): boolean {
  return type !== 'dir';
}
