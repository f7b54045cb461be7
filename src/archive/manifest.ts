/**
 * A folder's content as a flat table, path -> entry: what two PCs compare. Machine-specific metadata is left out,
 * so that equal content is equal wherever it lies. Folders are implied by what is in them; only empty ones are listed.
 */
import type { BlobId } from '../base/ids.js';

export interface ManifestEntry {
  readonly type: 'file' | 'symlink' | 'dir';
  /** Bytes; 0 unless a file. */
  readonly size: number;
  /** Any executable bit. Always false for links and folders. */
  readonly executable: boolean;
  /** Blobs of a file, in order; empty for the other types. */
  readonly content: readonly BlobId[];
  /** Where a symlink points to, as stored. */
  readonly linktarget?: string;
  /** Milliseconds since 1970, whole. For showing and for setting on pull; never compared. */
  readonly mtimeMs: number;
}

/** Paths are relative to the game folder, separated by '/', in the raw-string form. */
export type Manifest = ReadonlyMap<string, ManifestEntry>;

export interface ManifestDiff {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** Equal in what the player would see: type, bytes, executable bit, link target. Not in time. */
export function sameEntry(a: ManifestEntry, b: ManifestEntry): boolean {
  if (a.type !== b.type || a.size !== b.size || a.executable !== b.executable) return false;
  if (a.linktarget !== b.linktarget || a.content.length !== b.content.length) return false;
  return a.content.every((id, i) => id === b.content[i]);
}

/** What turns `from` into `to`. */
export function diffManifests(from: Manifest, to: Manifest): ManifestDiff {
  const added: string[] = [];
  const changed: string[] = [];
  const removed: string[] = [];
  for (const [path, entry] of to) {
    const before = from.get(path);
    if (before === undefined) added.push(path);
    else if (!sameEntry(before, entry)) changed.push(path);
  }
  for (const path of from.keys()) if (!to.has(path)) removed.push(path);
  return { added, changed, removed };
}

export function isEmptyDiff(diff: ManifestDiff): boolean {
  return diff.added.length === 0 && diff.changed.length === 0 && diff.removed.length === 0;
}
