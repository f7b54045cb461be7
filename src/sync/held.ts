/**
 * What the cloud has and this PC cannot or shall not have: out of scope, impossible names, links that lead outside.
 * It is not put on the disk, and kept in mind, so that a push from here does not delete it for the others.
 */
import type { Manifest } from '../archive/manifest.js';
import { leadsOutside } from '../restore/safe-link.js';
import { inScope } from './local.js';
import type { Scope } from './scope.js';
import { isNeverInScope } from './scope-rules.js';
import { checkPortableName, findCaseTwins } from './windows-names.js';

export interface HeldInput {
  readonly head: Manifest;
  readonly scope: Scope;
  readonly platform: NodeJS.Platform;
  /** Whether a path is on this disk. */
  readonly isHere: (path: string) => boolean;
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
    else if (entry.type === 'symlink' && leadsOutside(path, entry.linktarget ?? '')) {
      hold(path, `it is a link that leads outside the game folder (${entry.linktarget ?? ''})`);
    } else if (input.platform === 'win32') {
      const reason = path
        .split('/')
        .map(checkPortableName)
        .find((one) => one !== undefined);
      if (reason !== undefined) hold(path, `Windows cannot have this name, which ${reason}`);
    }
  }
  if (input.platform === 'win32' || input.platform === 'darwin') {
    holdTwins(input, held, hold);
  }
  return { held, warnings };
}

/** Of names that are one on this file system only one can exist: the one that is here already, else the first. */
function holdTwins(input: HeldInput, held: ReadonlySet<string>, hold: (path: string, reason: string) => void): void {
  const paths = [...input.head.keys()].filter((path) => !held.has(path));
  for (const group of findCaseTwins(paths)) {
    const keep = group.find((path) => input.isHere(path)) ?? [...group].sort()[0] ?? '';
    for (const twin of group) {
      if (twin === keep) continue;
      const below = paths.filter((path) => path === twin || path.startsWith(`${twin}/`));
      for (const path of below) if (!held.has(path)) hold(path, `this system cannot tell it from ${keep}`);
    }
  }
}
