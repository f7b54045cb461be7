/** When both sides changed: what is said, and that nothing is done. */
import type { Manifest } from '../archive/manifest.js';
import { diffManifests, isEmptyDiff } from '../archive/manifest.js';
import { SyncError } from '../base/errors.js';
import type { KnownSnapshot } from './heads.js';
import { sameContent } from './remote-side.js';
import type { SyncSession } from './session.js';

/** Both sides differ from what they last had in common, and from each other. */
export function refuseConflict(
  session: SyncSession,
  head: KnownSnapshot,
  base: Manifest | undefined,
  mine: Manifest,
  theirs: Manifest,
  onDisk: ReadonlyMap<string, unknown>,
): void {
  const whose = `${head.snapshot.hostname ?? 'another PC'} (${head.snapshot.time})`;
  if (base === undefined) {
    const worlds = [...mine.keys()].filter((path) => path.startsWith('saves/') && onDisk.has(path));
    const differing = diffManifests(
      new Map(worlds.map((path) => [path, mine.get(path)] as const).filter(isPresent)),
      theirs,
    );
    const lost = new Set([...differing.changed, ...differing.removed]);
    if (!worlds.some((path) => lost.has(path))) return;
    const message = `this PC has worlds, and so has the cloud, from ${whose}, and they never met; nothing was changed`;
    throw new SyncError('conflict', message, { details: { firstContact: true, head: head.id } });
  }
  if (session.state?.base === head.id) return;
  const localDiff = diffManifests(base, mine);
  if (isEmptyDiff(localDiff) || sameContent(base, theirs) || sameContent(mine, theirs)) return;
  const touched = [...localDiff.changed, ...localDiff.added, ...localDiff.removed];
  const message = `both sides changed: this PC (${touched.length} files, such as ${touched[0]}), and ${whose}; nothing was changed`;
  throw new SyncError('conflict', message, { details: { head: head.id, local: touched.slice(0, 100) } });
}

function isPresent<K, V>(pair: readonly [K, V | undefined]): pair is readonly [K, V] {
  return pair[1] !== undefined;
}

/** For push: the cloud has a version that this PC has not seen. */
export function unseenVersion(head: KnownSnapshot | undefined): SyncError {
  const who = head === undefined ? 'another PC' : `${head.snapshot.hostname ?? 'another PC'} (${head.snapshot.time})`;
  const what = 'has sent a version that this PC has not seen';
  return new SyncError('conflict', `both sides changed: ${who} ${what}; nothing was sent, your files are untouched`);
}
