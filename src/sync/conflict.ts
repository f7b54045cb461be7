/** When both sides changed: what is said, and that nothing is done. */
import type { Manifest } from '../archive/manifest.js';
import { diffManifests, isEmptyDiff, sameEntry } from '../archive/manifest.js';
import { SyncError } from '../base/errors.js';
import { foldersAbove } from './game-path.js';
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

/**
 * Files of a world that were out of scope here (or could not be here) and now are in scope: this PC's and the cloud's
 * never met. Some of each would make one world out of two. `cloud`: what the cloud may have there.
 */
export function refuseMixedWorlds(met: readonly string[], mine: Manifest, ...cloud: (Manifest | undefined)[]): void {
  const strange = met.find((path) => {
    const here = mine.get(path);
    const isKnown = cloud.some((side) => {
      const there = side?.get(path);
      return here !== undefined && there !== undefined && sameEntry(here, there);
    });
    return path.startsWith('saves/') && here !== undefined && !isKnown;
  });
  if (strange === undefined) return;
  const message =
    `${strange} was not synchronised on this PC so far, and the cloud has another one; nothing was changed; ` +
    'move that world out of saves, or leave it out of the scope again';
  throw new SyncError('conflict', message, { details: { path: strange } });
}

function isPresent<K, V>(pair: readonly [K, V | undefined]): pair is readonly [K, V] {
  return pair[1] !== undefined;
}

/** A file here where the cloud has a folder for other PCs, or the other way round: no tree can hold both. */
export function refuseFileAsFolder(manifest: Manifest): void {
  for (const path of manifest.keys()) {
    const file = foldersAbove(path).find((folder) => (manifest.get(folder)?.type ?? 'dir') !== 'dir');
    if (file === undefined) continue;
    const message = `${file} is a file, and ${path} in the cloud, which is not for this PC, needs a folder of that name`;
    throw new SyncError('conflict', `${message}; rename one of them; nothing was sent`, { details: { path: file } });
  }
}

/** For push: the cloud has a version that this PC has not seen. */
export function unseenVersion(head: KnownSnapshot | undefined): SyncError {
  const who = head === undefined ? 'another PC' : `${head.snapshot.hostname ?? 'another PC'} (${head.snapshot.time})`;
  const what = 'has sent a version that this PC has not seen';
  return new SyncError('conflict', `both sides changed: ${who} ${what}; nothing was sent, your files are untouched`);
}
