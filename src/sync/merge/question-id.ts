/**
 * What makes a question the same question: both sides' content of all that is asked, and the versions that meet. An
 * answer that was written down counts for the same one only.
 */
import { createHash, type Hash } from 'node:crypto';
import type { Manifest, ManifestEntry } from '../../archive/manifest.js';
import type { SnapshotId } from '../../base/ids.js';
import type { Sides } from './arbiter.js';
import type { Clash } from './merge.js';
import type { Unit } from './units.js';

/** SHA-256 in hex. What lies here need not be a snapshot yet: its content stands for it. */
export function conflictId({ reason, local, cloud }: Sides, clashes: readonly Clash[]): string {
  const hash = createHash('sha256');
  add(hash, 'conflict', reason, local.where === 'this-pc' ? 'this-pc' : (local.snapshot ?? ''), cloud.snapshot ?? '');
  for (const { id, kind, mine, theirs } of [...clashes].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    add(hash, 'unit', id, kind);
    addUnit(hash, 'local', mine);
    addUnit(hash, 'cloud', theirs);
  }
  return hash.digest('hex');
}

/** `base`: the snapshot and the content of the last sync. */
export function deletionId(snapshot: SnapshotId | undefined, base: Manifest, mine: Manifest): string {
  const hash = createHash('sha256');
  add(hash, 'deletion', snapshot ?? '');
  const gone = [...base].filter(([path]) => !mine.has(path));
  for (const [path, entry] of gone.sort(byPath)) addEntry(hash, path, entry);
  return hash.digest('hex');
}

function addUnit(hash: Hash, side: string, unit: Unit | undefined): void {
  add(hash, side, unit === undefined ? 'gone' : 'there');
  for (const [path, entry] of [...(unit ?? [])].sort(byPath)) addEntry(hash, path, entry);
}

/** All that sameEntry compares. */
function addEntry(hash: Hash, path: string, { type, size, executable, linktarget, content }: ManifestEntry): void {
  add(hash, path, type, String(size), String(executable), linktarget ?? '', ...content);
}

/** As JSON, so that no two lists of texts look the same. */
function add(hash: Hash, ...texts: readonly string[]): void {
  hash.update(`${JSON.stringify(texts)}\n`);
}

function byPath([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}
