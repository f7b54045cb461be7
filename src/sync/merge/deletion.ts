/**
 * Whether so much is gone from this PC that it is rather an accident (an emptied folder, a disk that is not there) than
 * a wish: more than half of the files, or a whole world. What was moved or renamed is not gone.
 */
import type { Manifest, ManifestEntry } from '../../archive/manifest.js';
import type { Deletion } from './decisions.js';
import { worldOf } from './units.js';

interface WorldCount {
  files: number;
  gone: number;
}

/**
 * `base`: what was common at the last sync; `mine`: what is here now, together with what is held or out of scope.
 * Undefined if there is nothing to ask about.
 */
export function findDeletion(base: Manifest, mine: Manifest): Deletion | undefined {
  const contents = new Set([...mine.values()].filter(hasContent).map(contentKey));
  const worlds = new Map<string, WorldCount>();
  let ofFiles = 0;
  let files = 0;
  for (const [path, entry] of base) {
    if (entry.type !== 'file') continue;
    const isGone = !mine.has(path) && !contents.has(contentKey(entry));
    ofFiles += 1;
    if (isGone) files += 1;
    const world = worldOf(path);
    if (world !== undefined) count(worlds, world, isGone);
  }
  if (files === 0) return undefined;
  // Folders that somebody emptied are nothing of a world.
  const left = new Set([...mine].filter(([, { type }]) => type !== 'dir').map(([path]) => worldOf(path)));
  const lost = [...worlds].filter(([world, { files: all, gone }]) => !left.has(world) && gone * 2 >= all);
  if (lost.length === 0 && files * 2 <= ofFiles) return undefined;
  return { files, ofFiles, worlds: lost.map(([world]) => world).sort() };
}

function count(worlds: Map<string, WorldCount>, world: string, isGone: boolean): void {
  const so = worlds.get(world) ?? { files: 0, gone: 0 };
  worlds.set(world, so);
  so.files += 1;
  if (isGone) so.gone += 1;
}

/** An empty file is in every folder somewhere: that says nothing about where one has gone. */
function hasContent(entry: ManifestEntry): boolean {
  return entry.type === 'file' && entry.content.length > 0;
}

function contentKey(entry: ManifestEntry): string {
  return entry.content.join();
}
