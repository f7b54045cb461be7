/** What a way back means for the push that follows: it may look like an accident, about which a push asks. */
import type { ManifestEntry } from '../archive/manifest.js';
import type { Deletion } from './decisions.js';
import { findDeletion } from './deletion.js';
import { baseManifest } from './remote-side.js';
import type { SyncSession } from './session.js';

const SOMETHING: ManifestEntry = { type: 'file', size: 0, executable: false, content: [], mtimeMs: 0 };

/** Undefined if nothing will be asked, as far as these paths make the difference to the last sync. */
export function deletionToCome(
  session: SyncSession,
  removed: Iterable<string>,
  placed: Iterable<string>,
): Deletion | undefined {
  const base = baseManifest(session.state);
  if (base === undefined) return undefined;
  const after = new Map(base);
  for (const path of removed) after.delete(path);
  for (const path of placed) after.set(path, base.get(path) ?? SOMETHING);
  return findDeletion(base, after);
}
