/**
 * What a way back takes away is meant to be gone: the command writes that down, or the next sync would take it for an
 * accident, stop and ask.
 */
import type { ManifestEntry } from '../../archive/manifest.js';
import { amendState } from '../folder/state.js';
import { findDeletion } from '../merge/deletion.js';
import { baseManifest } from '../remote-side.js';
import type { SyncSession } from '../session.js';

const SOMETHING: ManifestEntry = { type: 'file', size: 0, executable: false, content: [], mtimeMs: 0 };

/** To be called before the swap: until then nothing is gone, and after it there may be no time. */
export async function noteMeantDeletion(
  session: SyncSession,
  removed: Iterable<string>,
  placed: Iterable<string>,
): Promise<void> {
  const { instance, state } = session;
  const base = baseManifest(state);
  if (state === undefined || base === undefined) return;
  const after = new Map(base);
  for (const path of removed) after.delete(path);
  for (const path of placed) after.set(path, base.get(path) ?? SOMETHING);
  if (findDeletion(base, after) !== undefined) await amendState(instance, state, { deletionMeant: true });
}
