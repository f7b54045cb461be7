/**
 * What is decided as a whole: a world (a folder in saves, whose files belong together), or any other file by itself.
 * Half a world of one PC and half of another's would be no world.
 */
import type { Manifest, ManifestEntry } from '../../archive/manifest.js';
import { sameEntry } from '../../archive/manifest.js';
import type { UnitSide } from './decisions.js';

const WORLDS = 'saves/';

/** Path of the world's folder, or of the file itself. */
export function unitOf(path: string): string {
  if (!path.startsWith(WORLDS)) return path;
  const end = path.indexOf('/', WORLDS.length);
  return end < 0 ? path : path.slice(0, end);
}

/** The folder of the world that a path lies in, as "saves/World"; undefined for what belongs to none. */
export function worldOf(path: string): string | undefined {
  const unit = unitOf(path);
  return unit === path ? undefined : unit;
}

/** Entries of one unit, by path. */
export type Unit = ReadonlyMap<string, ManifestEntry>;

export function groupByUnit(manifest: Manifest): Map<string, Unit> {
  const units = new Map<string, Map<string, ManifestEntry>>();
  for (const [path, entry] of manifest) {
    const id = unitOf(path);
    const unit = units.get(id);
    if (unit === undefined) units.set(id, new Map([[path, entry]]));
    else unit.set(path, entry);
  }
  return units;
}

export function isWorld(id: string, ...sides: readonly (Unit | undefined)[]): boolean {
  if (!id.startsWith(WORLDS)) return false;
  return sides.some((side) => side !== undefined && (side.get(id)?.type === 'dir' || !side.has(id)));
}

export function sameUnit(a: Unit | undefined, b: Unit | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.size !== b.size) return false;
  for (const [path, entry] of a) {
    const other = b.get(path);
    if (other === undefined || !sameEntry(entry, other)) return false;
  }
  return true;
}

/** For showing; undefined for a unit that is not there. */
export function sizeOf(unit: Unit | undefined): UnitSide | undefined {
  if (unit === undefined) return undefined;
  let files = 0;
  let bytes = 0;
  for (const { type, size } of unit.values()) {
    if (type !== 'dir') files += 1;
    bytes += size;
  }
  return { files, bytes };
}

/** Worlds that are there, with something in them. */
export function worldsOf(manifest: Manifest): Set<string> {
  const worlds = new Set<string>();
  for (const path of manifest.keys()) {
    const world = worldOf(path);
    if (world !== undefined) worlds.add(world);
  }
  return worlds;
}
