/**
 * What a pull has to do, as data: from the cloud's state, this PC's and the last common one. Nothing is moved here.
 */
import type { Manifest, ManifestEntry } from '../archive/manifest.js';
import { sameEntry } from '../archive/manifest.js';
import { chooseHeld } from './held.js';
import { inScope } from './local-side.js';
import type { Scope } from './scope/scope.js';
import { foldersAbove } from './swap/game-path.js';
import type { Blindness } from './swap/windows-names.js';

export interface PlannedFile {
  readonly path: string;
  readonly entry: ManifestEntry;
}

export interface PullPlan {
  /** Files and links to put in place of what is there, or of nothing. */
  readonly place: readonly PlannedFile[];
  readonly makeDirs: readonly string[];
  /** Files and links that the cloud no longer has. */
  readonly remove: readonly string[];
  /** Folders that may be empty afterwards and that the cloud does not have, deepest first. */
  readonly removeDirs: readonly string[];
  /** In the cloud, but not for this PC; kept in mind so that a push does not delete them. */
  readonly held: ReadonlySet<string>;
  /** Paths that hold the cloud's content once the plan is carried out. The others are this PC's unsent work. */
  readonly matching: ReadonlySet<string>;
  readonly warnings: readonly string[];
}

export interface PlanInput {
  readonly head: Manifest;
  readonly local: Manifest;
  /** What this PC last had in common with the cloud; undefined at first contact: then nothing is removed. */
  readonly base: Manifest | undefined;
  /** Entries of `local` that are not on this disk (held before). */
  readonly absent: ReadonlySet<string>;
  readonly scope: Scope;
  readonly platform: NodeJS.Platform;
  /** As in HeldInput. */
  readonly caseBlind: Blindness;
  readonly linksWork: boolean;
  readonly isAside: (path: string) => boolean;
}

export function planPull(input: PlanInput): PullPlan {
  const here = new Set([...input.local.keys()].filter((path) => !input.absent.has(path)));
  for (const path of [...here]) for (const folder of foldersAbove(path)) here.add(folder);
  const { head, scope, platform, caseBlind, linksWork, isAside } = input;
  const { held, warnings } = chooseHeld({
    head,
    scope,
    platform,
    caseBlind,
    linksWork,
    isHere: (path) => here.has(path),
    isAside,
  });
  const wanted = new Map([...input.head].filter(([path]) => !held.has(path)));
  const place: PlannedFile[] = [];
  const matching = new Set<string>();
  for (const [path, entry] of wanted) {
    const here = input.absent.has(path) ? undefined : input.local.get(path);
    const same = here !== undefined && sameHere(here, entry, input.platform);
    // What the cloud has not changed since the last sync stays as it is here, be it changed or deleted.
    if (!same && !input.absent.has(path) && isUnchanged(input.base, path, entry)) continue;
    matching.add(path);
    if (!same && entry.type !== 'dir') place.push({ path, entry });
  }
  const removable = [...input.local].filter(([path, entry]) => {
    // A folder where the cloud has a file goes first, if it is empty; the file does not move it away with all in it.
    if (entry.type === 'dir' && matching.has(path) && wanted.get(path)?.type !== 'dir') return true;
    if (wanted.has(path) || input.absent.has(path) || (held.has(path) && !isOutdated(input.head, path, entry)))
      return false;
    return isUnchanged(input.base, path, entry) && inScope(input.scope, path, entry);
  });
  return {
    place,
    // Not those of what stays as it is here: a folder that the player deleted or replaced must not come back by itself.
    makeDirs: [...foldersOf(wanted, matching)].sort(),
    remove: removable.filter(([, entry]) => entry.type !== 'dir').map(([path]) => path),
    removeDirs: emptied(removable, foldersOf(wanted, wanted.keys())),
    held,
    matching,
    warnings,
  };
}

/** The folders that these paths need, and those among them that are folders themselves. */
function foldersOf(manifest: Manifest, paths: Iterable<string>): Set<string> {
  const folders = new Set<string>();
  for (const path of paths) {
    for (const folder of foldersAbove(path)) folders.add(folder);
    if (manifest.get(path)?.type === 'dir') folders.add(path);
  }
  return folders;
}

function isUnchanged(base: Manifest | undefined, path: string, entry: ManifestEntry): boolean {
  const before = base?.get(path);
  return before !== undefined && sameEntry(before, entry);
}

/** A link has taken this file's place: where the link cannot be, the old file must not stand for it. */
function isOutdated(head: Manifest, path: string, entry: ManifestEntry): boolean {
  return entry.type === 'file' && head.get(path)?.type === 'symlink';
}

/** Windows keeps no executable bit: a difference in it alone is no reason to write a file anew. */
function sameHere(here: ManifestEntry, entry: ManifestEntry, platform: NodeJS.Platform): boolean {
  return sameEntry(platform === 'win32' ? { ...here, executable: entry.executable } : here, entry);
}

function emptied(removable: readonly (readonly [string, ManifestEntry])[], keep: ReadonlySet<string>): string[] {
  const folders = new Set<string>();
  for (const [path, entry] of removable) {
    for (const folder of foldersAbove(path)) folders.add(folder);
    if (entry.type === 'dir') folders.add(path);
  }
  return [...folders].filter((folder) => !keep.has(folder)).sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
}
