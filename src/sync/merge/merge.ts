/**
 * Three manifests become one: what two sides share as their base, and each side now. A unit that only one side changed
 * is taken from that side; one that both changed to different content is a clash, and stays open here. Times decide
 * nothing.
 */
import type { Manifest, ManifestEntry } from '../../archive/manifest.js';
import { foldersAbove } from '../swap/game-path.js';
import { groupByUnit, isWorld, sameUnit, type Unit } from './units.js';

export interface Clash {
  /** Of the unit. */
  readonly id: string;
  readonly kind: 'world' | 'file';
  readonly mine: Unit | undefined;
  readonly theirs: Unit | undefined;
}

export interface Merge {
  /** Everything that is settled, and of each clash my side. */
  readonly manifest: Map<string, ManifestEntry>;
  readonly clashes: readonly Clash[];
  /** Units that come from one side alone, changed, added or removed there. */
  readonly fromMine: readonly string[];
  readonly fromTheirs: readonly string[];
}

/**
 * `base` undefined: the sides never met. Then nothing counts as removed, and what both have in different content is a
 * clash; with `isNewPc` only of worlds, and of any other file theirs is taken: on a new PC it is the game's own default
 * that lies there.
 */
export function mergeManifests(base: Manifest | undefined, mine: Manifest, theirs: Manifest, isNewPc = false): Merge {
  const [before, here, there] = [groupByUnit(base ?? new Map()), groupByUnit(mine), groupByUnit(theirs)];
  const clashes: Clash[] = [];
  const fromMine: string[] = [];
  const fromTheirs: string[] = [];
  const taken: Unit[] = [];
  const take = (unit: Unit | undefined): void => {
    if (unit !== undefined) taken.push(unit);
  };
  for (const id of new Set([...here.keys(), ...there.keys()])) {
    const [a, b, old] = [here.get(id), there.get(id), before.get(id)];
    // Equal but for their times: theirs, so that two PCs that merge the same make the same tree.
    if (sameUnit(a, b)) take(b);
    else if (base === undefined ? b === undefined : sameUnit(b, old)) {
      fromMine.push(id);
      take(a);
    } else if (base === undefined ? a === undefined || (isNewPc && !isWorld(id, a, b)) : sameUnit(a, old)) {
      fromTheirs.push(id);
      take(b);
    } else {
      clashes.push({ id, kind: isWorld(id, a, b) ? 'world' : 'file', mine: a, theirs: b });
      take(a);
    }
  }
  const manifest = joinUnits(taken);
  return { manifest, clashes: withBlocked(manifest, clashes, mine, theirs), fromMine, fromTheirs };
}

/** A file on one side where the other has a folder with something in it is one clash; my side stays in the manifest. */
function withBlocked(
  manifest: Map<string, ManifestEntry>,
  clashes: readonly Clash[],
  mine: Manifest,
  theirs: Manifest,
): Clash[] {
  const roots = filesAsFolders(manifest);
  const blocked: Clash[] = [];
  for (const id of roots) {
    const [a, b] = [below(mine, id), below(theirs, id)];
    for (const path of below(manifest, id).keys()) manifest.delete(path);
    for (const [path, entry] of a) manifest.set(path, entry);
    blocked.push({ id, kind: 'file', mine: a.size > 0 ? a : undefined, theirs: b.size > 0 ? b : undefined });
  }
  const isOpen = ({ id }: Clash): boolean => !roots.some((root) => id === root || isBelow(id, root));
  return [...clashes.filter(isOpen), ...blocked];
}

/** No tree can hold a file and something below it. */
function filesAsFolders(manifest: Manifest): string[] {
  const found = new Set<string>();
  for (const path of manifest.keys()) {
    const file = foldersAbove(path).find((folder) => manifest.has(folder));
    if (file !== undefined) found.add(file);
  }
  return [...found];
}

/** What lies at a path and below it. */
function below(manifest: Manifest, root: string): Map<string, ManifestEntry> {
  return new Map([...manifest].filter(([path]) => path === root || isBelow(path, root)));
}

export function isBelow(path: string, root: string): boolean {
  return path.startsWith(`${root}/`);
}

/** A folder that is empty on one side and filled on the other is no empty folder. */
export function joinUnits(units: Iterable<Unit>): Map<string, ManifestEntry> {
  const manifest = new Map<string, ManifestEntry>();
  for (const unit of units) for (const [path, entry] of unit) manifest.set(path, entry);
  for (const path of [...manifest.keys()])
    for (const folder of foldersAbove(path)) if (manifest.get(folder)?.type === 'dir') manifest.delete(folder);
  return manifest;
}
