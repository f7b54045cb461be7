/**
 * What the cloud has and this PC cannot or shall not have: out of scope, impossible names, links that lead outside.
 * It is not put on the disk, and kept in mind, so that a push from here does not delete it for the others.
 */
import type { Manifest } from '../archive/manifest.js';
import { leadsOutside } from '../restore/safe-link.js';
import { inScope } from './local-side.js';
import type { Scope } from './scope/scope.js';
import { isNeverInScope } from './scope/scope-rules.js';
import { type Blindness, checkPortableName, findCaseTwins, findUnicodeTwins } from './swap/windows-names.js';

export interface HeldInput {
  readonly head: Manifest;
  readonly scope: Scope;
  readonly platform: NodeJS.Platform;
  /** Whether this disk takes names that differ in letter case, or in normal form alone, for one. */
  readonly caseBlind: Blindness;
  /** Whether this user can make symlinks here: Windows lets few. */
  readonly linksWork: boolean;
  /** Whether a path, of a folder too, is on this disk. */
  readonly isHere: (path: string) => boolean;
  /** Whether something lies at or above a path that is never sent from here, such as a link to another disk. */
  readonly isAside: (path: string) => boolean;
}

/** Each choice that the player did not make comes with a line. */
export function chooseHeld(input: HeldInput): { held: Set<string>; warnings: string[] } {
  const held = new Set<string>();
  const warnings: string[] = [];
  const hold = (path: string, reason: string): void => {
    held.add(path);
    warnings.push(`${path} was left out: ${reason}; it stays in the cloud`);
  };
  for (const [path, entry] of input.head) {
    if (isNeverInScope(path) || !inScope(input.scope, path, entry)) held.add(path);
    else if (input.isAside(path)) hold(path, 'what lies there on this PC is not synchronised');
    else if (entry.type === 'symlink' && leadsOutside(path, entry.linktarget ?? '')) {
      hold(path, `it is a link that leads outside the game folder (${entry.linktarget ?? ''})`);
    } else if (input.platform === 'win32' && whyNotOnWindows(path, entry.linktarget) !== undefined) {
      hold(path, `Windows cannot have this name, which ${whyNotOnWindows(path, entry.linktarget)}`);
    } else if (entry.type === 'symlink' && !input.linksWork) {
      hold(path, 'it is a link, and this user may not make links here');
    }
  }
  if (input.caseBlind) holdTwins(input, held, hold);
  return { held, warnings };
}

/** Of a path, and of what a link leads to. */
function whyNotOnWindows(path: string, linktarget = ''): string | undefined {
  const names = [...path.split('/'), ...linktarget.split('/').filter((step) => !/^\.{0,2}$/.test(step))];
  return names.map(checkPortableName).find((reason) => reason !== undefined);
}

/**
 * Of names that are one on this disk only one can exist: the one that is here already, else the first. If several are
 * here, their folder tells them apart after all (Windows has such folders).
 */
function holdTwins(input: HeldInput, held: ReadonlySet<string>, hold: (path: string, reason: string) => void): void {
  const paths = [...input.head.keys()].filter((path) => !held.has(path));
  const findTwins = input.caseBlind === 'form' ? findUnicodeTwins : findCaseTwins;
  for (const group of findTwins(paths)) {
    const here = group.filter((path) => input.isHere(path));
    const [keep = [...group].sort()[0] ?? ''] = here;
    for (const twin of group) {
      if (twin === keep || here.includes(twin)) continue;
      const below = paths.filter((path) => path === twin || path.startsWith(`${twin}/`));
      for (const path of below) if (!held.has(path)) hold(path, `this system cannot tell it from ${keep}`);
    }
  }
}
