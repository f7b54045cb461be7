/**
 * A list of restic's path patterns, in the order in which they count.
 *   foo      any part of a path that is named so, and all below it        foo/*.c   two names in a row
 *   /foo     only at the root        **   any number of names, also none        !foo   takes back what matched before
 * A pattern that ends before the path does matches too: what is below a match is matched.
 */
import { posix, win32 } from 'node:path';
import { isSyncError, SyncError } from '../base/errors.js';
import { foldCase } from './fold-case.js';
import type { NameMatcher } from './name-pattern.js';
import { compileName } from './name-pattern.js';

/** `**` stands for zero or more names. */
type Part = NameMatcher | '**';

interface PathPattern {
  readonly negated: boolean;
  /** Starts at the root. */
  readonly anchored: boolean;
  /** Names, without the root. */
  readonly parts: readonly Part[];
  /** What the pattern stands for in paths of so many names: lists of single names. */
  readonly expansions: Map<number, readonly (readonly NameMatcher[])[]>;
}

export interface PatternOptions {
  readonly ignoreCase?: boolean;
}

const anyName: NameMatcher = () => true;

export class PatternList {
  readonly #patterns: readonly PathPattern[];
  readonly #ignoreCase: boolean;

  constructor(patterns: readonly PathPattern[], ignoreCase: boolean) {
    this.#patterns = patterns;
    this.#ignoreCase = ignoreCase;
  }

  get isEmpty(): boolean {
    return this.#patterns.length === 0;
  }

  /** `path` in the notation of the system or with slashes; absolute ones start with a slash (or a drive). */
  matches(path: string): boolean {
    const names = this.#split(path);
    let matched = false;
    // The last pattern that has a say decides; the ones that could not change anything are not tried.
    for (const pattern of this.#patterns) if (matched === pattern.negated) matched = step(pattern, names, matched);
    return matched;
  }

  /** Whether something below this folder may match: prunes a walk that looks for what is included. */
  childMayMatch(path: string): boolean {
    const names = this.#split(path);
    let may = false;
    for (const pattern of this.#patterns) {
      if (pattern.negated) may = may && !matchesPath(pattern, names);
      else may = may || childMayMatch(pattern, names);
    }
    return may;
  }

  #split(path: string): SplitPath {
    return splitPath(this.#ignoreCase ? foldCase(path) : path);
  }
}

/** Empty lines are passed over. Throws 'usage', naming every pattern that is not well-formed, one on a line. */
export function parsePatterns(lines: readonly string[], options: PatternOptions = {}): PatternList {
  const { ignoreCase = false } = options;
  const patterns: PathPattern[] = [];
  const bad: string[] = [];
  for (const line of lines) {
    if (line === '') continue;
    try {
      patterns.push(parsePattern(ignoreCase ? foldCase(line) : line));
    } catch (error) {
      if (!isSyncError(error, 'usage')) throw error;
      bad.push(line);
    }
  }
  if (bad.length > 0) {
    const message = `invalid pattern(s) provided:\n${bad.join('\n')}`;
    throw new SyncError('usage', message, { details: { patterns: bad } });
  }
  return new PatternList(patterns, ignoreCase);
}

function parsePattern(line: string): PathPattern {
  const negated = line.startsWith('!');
  const { anchored, names } = splitPath(cleanPath(negated ? line.slice(1) : line));
  // The root by itself is read as /** is: it matches everything.
  const parts = names.map((name): Part => (name === '**' || name === '' ? '**' : compileName(name)));
  return { negated, anchored, parts, expansions: new Map() };
}

/** The shortest form of a path: no empty names, no dots, no slash at its end. In the system's notation. */
export function cleanPath(path: string): string {
  const { normalize, sep } = process.platform === 'win32' ? win32 : posix;
  const normal = normalize(path);
  const trimmed = normal.length > 1 && normal.endsWith(sep) ? normal.slice(0, -1) : normal;
  return /^[A-Za-z]:$/.test(trimmed) ? normal : trimmed;
}

interface SplitPath {
  readonly anchored: boolean;
  readonly names: readonly string[];
}

/** The root alone has one, empty name, which only patterns of any name match. */
function splitPath(path: string): SplitPath {
  const slashed = process.platform === 'win32' ? path.replaceAll('\\', '/') : path;
  const anchored = slashed.startsWith('/');
  return { anchored, names: slashed.slice(anchored ? 1 : 0).split('/') };
}

function step(pattern: PathPattern, path: SplitPath, matched: boolean): boolean {
  return matchesPath(pattern, path) ? !matched : matched;
}

function matchesPath(pattern: PathPattern, path: SplitPath): boolean {
  const { names } = path;
  if (pattern.anchored && !path.anchored) return false;
  for (const parts of expand(pattern, path)) {
    const last = pattern.anchored ? 0 : names.length - parts.length;
    for (let offset = last; offset >= 0; offset--) if (matchesAt(parts, names, offset)) return true;
  }
  return false;
}

/** From the end: names differ more there than in the folders above, which many paths share. */
function matchesAt(parts: readonly NameMatcher[], names: readonly string[], offset: number): boolean {
  if (offset + parts.length > names.length) return false;
  for (let i = parts.length - 1; i >= 0; i--) if (parts[i]?.(names[offset + i] ?? '') !== true) return false;
  return true;
}

function childMayMatch(pattern: PathPattern, { anchored, names }: SplitPath): boolean {
  // What starts anywhere may start below.
  if (!pattern.anchored) return true;
  if (!anchored) return false;
  const wild = pattern.parts.indexOf('**');
  const fixed = wild < 0 ? pattern.parts : pattern.parts.slice(0, wild);
  const length = Math.min(fixed.length, names.length);
  return fixed.slice(0, length).every((part, i) => part !== '**' && part(names[i] ?? ''));
}

/** Every way to put names for the `**`, at most as many as the path has. */
function expand(pattern: PathPattern, path: SplitPath): readonly (readonly NameMatcher[])[] {
  const { anchored, parts, expansions } = pattern;
  // restic counts the root as a name, of the path and of the pattern.
  const count = path.names.length + (path.anchored ? 1 : 0) - (anchored ? 1 : 0);
  let found = expansions.get(count);
  if (found === undefined) {
    // A list without names matches every path from its root on, and at no other place.
    found = [...expandFrom(parts, count)].filter((names) => anchored || names.length > 0);
    expansions.set(count, found);
  }
  return found;
}

/**
 * A `**` stands for at most as many names as the path has more than the pattern, in which a later `**` counts as one:
 * a pattern of a, `**`, b, `**` from the root does not match "/a/x/b", though its last `**` may stand for nothing. So
 * it is in restic, and what both programs back up has to be equal.
 */
function* expandFrom(parts: readonly Part[], count: number): Generator<readonly NameMatcher[]> {
  const wild = parts.indexOf('**');
  if (wild < 0) {
    yield parts.filter((part) => part !== '**');
    return;
  }
  for (let length = 0; length <= count - parts.length + 1; length++) {
    const filled = [...parts.slice(0, wild), ...Array.from({ length }, () => anyName), ...parts.slice(wild + 1)];
    yield* expandFrom(filled, count);
  }
}
