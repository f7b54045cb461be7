/** What no choice can settle: it is said, and nothing is done. */
import type { Manifest } from '../../archive/manifest.js';
import { sameEntry } from '../../archive/manifest.js';
import { SyncError } from '../../base/errors.js';
import { foldersAbove } from '../swap/game-path.js';

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

/** A file here where the cloud has a folder for other PCs, or the other way round: no tree can hold both. */
export function refuseFileAsFolder(manifest: Manifest): void {
  for (const path of manifest.keys()) {
    const file = foldersAbove(path).find((folder) => (manifest.get(folder)?.type ?? 'dir') !== 'dir');
    if (file === undefined) continue;
    const message = `${file} is a file, and ${path} in the cloud, which is not for this PC, needs a folder of that name`;
    throw new SyncError('conflict', `${message}; rename one of them; nothing was sent`, { details: { path: file } });
  }
}
