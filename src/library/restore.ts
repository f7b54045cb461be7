/** `restore`: a snapshot, or a folder of it, becomes files of this machine again. */
import { resolve } from 'node:path';
import { SyncError } from '../base/errors.js';
import { createExecutor } from '../open.js';
import { parsePatterns } from '../pattern/pattern-list.js';
import { restore as runRestore } from '../restore/restore.js';
import type { Choice, Overwrite, RestoreEvent, RestoreResult } from '../restore/restore-types.js';
import { openedOf } from './opened.js';
import type { Repository } from './repository.js';
import type { SnapshotRef } from './snapshot-ref.js';
import { findTree } from './snapshot-ref.js';

export interface RestoreOptions {
  /** A folder, made if it is not there. */
  readonly target: string;
  /** Only this folder of the snapshot, whose content comes to lie in `target`. Patterns then begin in it. */
  readonly folder?: string | undefined;
  /** Only what these patterns match, as of restic's --include. Not together with `exclude`. */
  readonly include?: readonly string[] | undefined;
  /** Not what these patterns match, as of restic's --exclude. */
  readonly exclude?: readonly string[] | undefined;
  /** What happens to files that are there; 'always' by default, which writes where the content differs. */
  readonly overwrite?: Overwrite | undefined;
  /** Remove what the snapshot does not have, from the folders that are restored. */
  readonly delete?: boolean | undefined;
  /** Leave holes in files where there are long runs of zeros. */
  readonly sparse?: boolean | undefined;
  /** Read all that was written once more. */
  readonly verify?: boolean | undefined;
  /** Compare and count, and change nothing. */
  readonly dryRun?: boolean | undefined;
  readonly onEvent?: ((event: RestoreEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What cannot be restored is told and listed in the result's `errors`; all else is there. Throws 'not-found' for a snapshot
 * or folder that is not there, 'io' where the target cannot be a folder, 'usage', 'locked', 'aborted', …
 */
export async function restore(
  repository: Repository,
  snapshot: SnapshotRef,
  options: RestoreOptions,
): Promise<RestoreResult> {
  const { engine, calls, reading } = openedOf(repository);
  return calls.run(options.signal, async (signal) => {
    const { folder, overwrite, sparse, verify, dryRun, onEvent } = options;
    const select = selectorFor(options);
    const target = targetOf(options, select !== undefined);
    return reading.use(signal, async (tenure) => {
      const tree = await findTree(engine, tenure, snapshot, signal, folder);
      return runRestore(engine, tree, {
        target,
        select,
        overwrite,
        delete: options.delete,
        sparse,
        verify,
        dryRun,
        onEvent,
        createExecutor: (bytes) => createExecutor(engine, bytes),
        signal,
      });
    });
  });
}

/** An empty text would be the working directory; and who empties a whole disk means something else. */
function targetOf(options: RestoreOptions, isSelective: boolean): string {
  if (options.target === '') throw new SyncError('usage', 'no target folder to restore into');
  const target = resolve(options.target);
  if (options.delete && !isSelective && resolve(target, '..') === target) {
    throw new SyncError('usage', `restoring into ${target} with "delete" needs patterns of what to include or exclude`);
  }
  return target;
}

function selectorFor({
  include = [],
  exclude = [],
}: RestoreOptions): ((path: string, isFolder: boolean) => Choice) | undefined {
  if (include.length > 0 && exclude.length > 0) {
    throw new SyncError('usage', 'patterns to include and patterns to exclude cannot be given together');
  }
  if (exclude.length > 0) {
    const list = parsePatterns(exclude);
    return (path, isFolder) => {
      const selected = !list.matches(path);
      return { selected, childMayBeSelected: selected && isFolder };
    };
  }
  if (include.length === 0) return undefined;
  const list = parsePatterns(include);
  return (path, isFolder) => ({
    selected: list.matches(path),
    childMayBeSelected: isFolder && list.childMayMatch(path),
  });
}
