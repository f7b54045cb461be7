/** The targets of a backup on this disk: which exist, where they come to lie, and how the snapshot names them. */
import { lstat } from 'node:fs/promises';
import { errnoOf, SyncError } from '../base/errors.js';
import { toFsPath } from '../base/raw-string.js';
import type { ItemError } from './backup-types.js';
import { listNames } from './look.js';
import { absolutePath } from './target-path.js';
import type { TargetTree } from './target-tree.js';
import { resolveTargets } from './target-tree.js';

export interface Targets {
  readonly tree: TargetTree;
  /** Absolute, as they were asked for. */
  readonly paths: readonly string[];
  /** A path of the tree as an absolute one. */
  readonly absolute: (path: string) => string;
}

/**
 * `onMissing` is told of each that does not exist or cannot be looked at; the snapshot does not name it. Throws 'usage' if
 * none is left, 'io' for a folder that cannot be read.
 */
export async function findTargets(
  targets: readonly string[],
  cwd: string,
  onMissing: (error: ItemError) => void,
  platform: NodeJS.Platform = process.platform,
): Promise<Targets> {
  const absolute = (path: string): string => absolutePath(cwd, path, platform);
  const existing: string[] = [];
  for (const target of targets) {
    const reason = target === '' ? 'does not exist' : await whyMissing(absolute(target));
    if (reason === undefined) {
      existing.push(target);
      continue;
    }
    const error = new SyncError('not-found', `${target} ${reason}, skipping`, { details: { path: target } });
    onMissing({ item: target, during: 'archival', error });
  }
  if (existing.length === 0) throw new SyncError('usage', 'all source directories/files do not exist');
  const tree = await resolveTargets(existing, (path) => listNames(absolute(path)), platform);
  return { tree, paths: existing.map(absolute), absolute };
}

/** What is wrong with a path that a backup cannot begin with; undefined for one that is there. Ends "x …". */
export async function whyMissing(path: string): Promise<string | undefined> {
  try {
    await lstat(toFsPath(path));
    return undefined;
  } catch (error) {
    return errnoOf(error) === 'ENOENT' ? 'does not exist' : 'cannot be accessed';
  }
}
