/** What `restore` takes and leaves, by its flags. */
import { isSyncError, SyncError } from '../../../base/errors.js';
import type { PatternList } from '../../../pattern/pattern-list.js';
import { parsePatterns } from '../../../pattern/pattern-list.js';
import type { Choice, RestoreOptions } from '../../../restore/restore-types.js';
import type { Context } from '../command.js';
import { excluderOf, includerOf } from '../pattern-flags.js';

export type Selector = (path: string, isFolder: boolean) => Choice;

/** undefined where no flag says anything: then all is restored. Throws 'usage', and 'io' for a file of patterns. */
export async function selectorOf(context: Context): Promise<Selector | undefined> {
  const excludes = await excluderOf(context);
  const includes = await includerOf(context);
  if (excludes !== undefined && includes !== undefined) {
    throw new SyncError('usage', 'exclude and include patterns are mutually exclusive');
  }
  if (excludes !== undefined) {
    return (path, isFolder) => {
      const selected = !excludes(path);
      return { selected, childMayBeSelected: selected && isFolder };
    };
  }
  if (includes === undefined) return undefined;
  return (path, isFolder) => ({
    selected: includes.matches(path),
    childMayBeSelected: isFolder && includes.childMayMatch(path),
  });
}

/** By --include-xattr or --exclude-xattr. Throws 'usage'. */
export function attributeSelectorOf(context: Context): RestoreOptions['selectAttribute'] {
  const excludes = listOf(context, 'exclude-xattr');
  const includes = listOf(context, 'include-xattr');
  if (excludes !== undefined && includes !== undefined) {
    throw new SyncError('usage', 'exclude and include xattr patterns are mutually exclusive');
  }
  if (excludes !== undefined) return (name) => !excludes.matches(name);
  return includes === undefined ? undefined : (name) => includes.matches(name);
}

function listOf({ flags }: Context, flag: string): PatternList | undefined {
  const patterns = flags.texts(flag);
  try {
    return patterns.length === 0 ? undefined : parsePatterns(patterns);
  } catch (error) {
    if (!isSyncError(error, 'usage')) throw error;
    throw new SyncError('usage', `--${flag}: ${error.message}`, { cause: error });
  }
}
