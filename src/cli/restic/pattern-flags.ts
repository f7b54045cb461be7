/**
 * The flags that choose files by patterns: --exclude and its kin (backup, restore, rewrite), --include and its kin
 * (restore, rewrite). Relative names of pattern files count from the current folder.
 */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isSyncError, SyncError } from '../../base/errors.js';
import { patternsOf } from '../../pattern/pattern-file.js';
import type { PatternList } from '../../pattern/pattern-list.js';
import { parsePatterns } from '../../pattern/pattern-list.js';
import type { Context, Flag } from './command.js';

export const EXCLUDE_FLAGS: readonly Flag[] = [
  {
    name: 'exclude',
    short: 'e',
    kind: 'texts',
    value: 'pattern',
    help: 'leave out what the pattern matches (can be specified multiple times)',
  },
  {
    name: 'exclude-file',
    kind: 'texts',
    value: 'file',
    help: 'read patterns of what to leave out from a file (can be specified multiple times)',
  },
  {
    name: 'iexclude',
    kind: 'texts',
    value: 'pattern',
    help: 'same as --exclude, but upper and lower case are the same',
  },
  {
    name: 'iexclude-file',
    kind: 'texts',
    value: 'file',
    help: 'same as --exclude-file, but upper and lower case are the same',
  },
];

export const INCLUDE_FLAGS: readonly Flag[] = [
  {
    name: 'include',
    short: 'i',
    kind: 'texts',
    value: 'pattern',
    help: 'take only what a pattern matches (can be specified multiple times)',
  },
  {
    name: 'include-file',
    kind: 'texts',
    value: 'file',
    help: 'read patterns of what to take from a file (can be specified multiple times)',
  },
  {
    name: 'iinclude',
    kind: 'texts',
    value: 'pattern',
    help: 'same as --include, but upper and lower case are the same',
  },
  {
    name: 'iinclude-file',
    kind: 'texts',
    value: 'file',
    help: 'same as --include-file, but upper and lower case are the same',
  },
];

/** Whether a path is to be left out. */
export type Excluder = (path: string) => boolean;

export interface Includer {
  /** Whether the path itself is wanted (a folder's contents match with it). */
  matches(path: string): boolean;
  /** Whether anything below this folder may be wanted. */
  childMayMatch(path: string): boolean;
}

type PatternContext = Pick<Context, 'flags' | 'env' | 'cwd'>;

/** undefined where no flag gives a pattern. Throws 'usage', naming the flag and the bad patterns; 'io'. */
export async function excluderOf(context: PatternContext): Promise<Excluder | undefined> {
  const lists = await listsOf(context, 'exclude');
  return lists.length === 0 ? undefined : (path) => lists.some((list) => list.matches(path));
}

/** undefined where no flag gives a pattern: then all is wanted. Throws as `excluderOf`. */
export async function includerOf(context: PatternContext): Promise<Includer | undefined> {
  const lists = await listsOf(context, 'include');
  if (lists.length === 0) return undefined;
  return {
    matches: (path) => lists.some((list) => list.matches(path)),
    childMayMatch: (path) => lists.some((list) => list.childMayMatch(path)),
  };
}

/**
 * One list for the patterns that tell upper from lower case and one for the others, so that a negated pattern takes
 * back only what one of its own kind has matched; in each those of the files come last.
 */
async function listsOf(context: PatternContext, family: 'exclude' | 'include'): Promise<PatternList[]> {
  const lists: PatternList[] = [];
  for (const ignoreCase of [false, true]) {
    const flag = ignoreCase ? `i${family}` : family;
    const given = context.flags.texts(flag);
    const fromFiles = await readPatternFiles(context, `${flag}-file`);
    checked(`${flag}-file`, fromFiles, ignoreCase);
    const list = checked(flag, [...given, ...fromFiles], ignoreCase);
    if (!list.isEmpty) lists.push(list);
  }
  return lists;
}

async function readPatternFiles({ flags, env, cwd }: PatternContext, flag: string): Promise<string[]> {
  const patterns: string[] = [];
  for (const file of flags.texts(flag)) {
    try {
      for (const pattern of patternsOf(await readFile(resolve(cwd, file)), env)) patterns.push(pattern);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new SyncError('io', `failed to read patterns from file "${file}": ${reason}`, { cause: error });
    }
  }
  return patterns;
}

function checked(flag: string, patterns: readonly string[], ignoreCase: boolean): PatternList {
  try {
    return parsePatterns(patterns, { ignoreCase });
  } catch (error) {
    if (!isSyncError(error, 'usage')) throw error;
    throw new SyncError('usage', `--${flag}: ${error.message}`, { cause: error });
  }
}
