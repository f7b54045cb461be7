/**
 * Patterns over paths of a game folder ('/' between names, anchored at the folder, case-sensitive):
 *   **  as a whole name: any number of names, also none     *  any characters of one name     ?  one character
 *   [a-z] [!a-z]  one character of a set                    a pattern also covers all that lies below what it matches
 * No regular expressions: a set of patterns is stepped through name by name, and the states after each folder are
 * kept, so a file costs one step. Work is at most (patterns x names x length²): no pattern can hang a command.
 */

const MAX_PATTERN = 1000;

interface Segment {
  /** '**' */
  readonly any: boolean;
  /** The name is in NFC. */
  readonly matches: (name: string) => boolean;
}

/** A pattern of which `at` segments are matched so far. */
interface State {
  readonly segments: readonly Segment[];
  readonly at: number;
}

interface Position {
  /** A pattern matches this path or a folder above it. */
  readonly matched: boolean;
  readonly states: readonly State[];
}

/** What is wrong with a pattern, or undefined. */
export function checkGlob(pattern: string): string | undefined {
  if (pattern.length === 0) return 'is empty';
  if (pattern.length > MAX_PATTERN) return `is longer than ${MAX_PATTERN} characters`;
  if (pattern.startsWith('/') || /^[A-Za-z]:/.test(pattern)) return 'is absolute; give it relative to the game folder';
  if (pattern.includes('\\')) return 'has a backslash; use / between names';
  if (/[{}]/.test(pattern)) return 'has braces, which have no meaning here; write several patterns';
  for (const name of splitGlob(pattern)) {
    if (name === '') return 'has an empty name';
    if (name === '.' || name === '..') return `has the name "${name}"`;
    if (name !== '**' && name.includes('**')) return 'has ** as a part of a name; use it alone between slashes';
    if (hasOpenSet(name)) return 'has [ without ]';
  }
  return undefined;
}

/** Patterns must have passed `checkGlob`. */
export class GlobSet {
  readonly #root: Position;
  readonly #folders = new Map<string, Position>();
  #lastFolder = '';
  #last: Position;

  constructor(patterns: Iterable<string>) {
    const start: State[] = [];
    for (const pattern of patterns) pushState(start, splitGlob(pattern).map(compileSegment), 0);
    this.#root = { matched: false, states: start };
    this.#last = this.#root;
  }

  /** Whether a pattern matches the path or a folder above it. */
  matches(path: string): boolean {
    const slash = path.lastIndexOf('/');
    const parent = this.#parent(path, Math.max(slash, 0));
    if (parent.matched || parent.states.length === 0) return parent.matched;
    const name = nfc(path.slice(slash + 1));
    return parent.states.some((state) => endsAt(state, name));
  }

  /** Whether something below this folder could match. */
  mayMatchBelow(folder: string): boolean {
    const position = this.#folder(folder);
    return position.matched || position.states.length > 0;
  }

  /** A walk asks for one file of a folder after the other. */
  #parent(path: string, length: number): Position {
    if (this.#lastFolder.length !== length || !path.startsWith(this.#lastFolder)) {
      this.#lastFolder = path.slice(0, length);
      this.#last = this.#folder(this.#lastFolder);
    }
    return this.#last;
  }

  #folder(path: string): Position {
    if (path === '') return this.#root;
    const known = this.#folders.get(path);
    if (known !== undefined) return known;
    const slash = path.lastIndexOf('/');
    const position = step(this.#folder(path.slice(0, Math.max(slash, 0))), path.slice(slash + 1));
    if (this.#folders.size >= 20_000) this.#folders.clear();
    this.#folders.set(path, position);
    return position;
  }
}

function splitGlob(pattern: string): string[] {
  return pattern.replace(/\/$/, '').split('/');
}

/** Whether a pattern that has come so far ends with this name; as `step`, but nothing is kept of it. */
function endsAt({ segments, at }: State, name: string): boolean {
  const segment = segments[at];
  if (segment === undefined || !(segment.any || segment.matches(name))) return false;
  for (let next = segment.any ? at : at + 1; ; next++) {
    if (next === segments.length) return true;
    if (segments[next]?.any !== true) return false;
  }
}

function step(from: Position, child: string): Position {
  if (from.matched) return from;
  const name = nfc(child);
  const states: State[] = [];
  for (const { segments, at } of from.states) {
    const segment = segments[at];
    if (segment === undefined) continue;
    if (segment.any) pushState(states, segments, at);
    else if (segment.matches(name)) pushState(states, segments, at + 1);
  }
  return states.some(isDone) ? { matched: true, states: [] } : { matched: false, states };
}

/** `**` may also stand for nothing: the state behind it holds as well. The same state is entered once. */
function pushState(states: State[], segments: readonly Segment[], at: number): void {
  if (states.some((state) => state.segments === segments && state.at === at)) return;
  states.push({ segments, at });
  if (segments[at]?.any === true) pushState(states, segments, at + 1);
}

function isDone(state: State): boolean {
  return state.at === state.segments.length;
}

function compileSegment(text: string): Segment {
  if (text === '**') return { any: true, matches: () => true };
  const glob = nfc(text);
  if (!/[*?[]/.test(glob)) return { any: false, matches: (name) => name === glob };
  const tail = glob.slice(1);
  if (glob.startsWith('*') && !/[*?[]/.test(tail)) return { any: false, matches: (name) => name.endsWith(tail) };
  const tokens = tokenize(glob);
  return { any: false, matches: (name) => matchTokens(tokens, [...name]) };
}

/** macOS may give a name in another normal form than the pattern was typed in. */
function nfc(text: string): string {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return text.normalize('NFC');
  return text;
}

type Token = '*' | ((char: string) => boolean);

function tokenize(glob: string): Token[] {
  const chars = [...glob];
  const tokens: Token[] = [];
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] ?? '';
    const end = char === '[' ? setEnd(chars, i) : -1;
    if (end > 0) {
      tokens.push(charSet(chars.slice(i + 1, end)));
      i = end;
    } else if (char === '*') {
      tokens.push('*');
    } else {
      tokens.push(char === '?' ? () => true : (found) => found === char);
    }
  }
  return tokens;
}

/** Where the set that starts at `open` ends; a ] right after [ or [! is a member. -1 if it does not end. */
function setEnd(chars: readonly string[], open: number): number {
  const first = chars[open + 1] === '!' ? open + 2 : open + 1;
  return chars.indexOf(']', first + 1);
}

function hasOpenSet(glob: string): boolean {
  const chars = [...glob];
  for (let i = 0; i < chars.length; i++) {
    if (chars[i] !== '[') continue;
    i = setEnd(chars, i);
    if (i < 0) return true;
  }
  return false;
}

function charSet(body: readonly string[]): (char: string) => boolean {
  const negated = body[0] === '!';
  const chars = negated ? body.slice(1) : body;
  const ranges: [number, number][] = [];
  for (let i = 0; i < chars.length; i++) {
    const isRange = chars[i + 1] === '-' && i + 2 < chars.length;
    ranges.push([codeOf(chars[i]), codeOf(chars[isRange ? i + 2 : i])]);
    if (isRange) i += 2;
  }
  return (char) => ranges.some(([low, high]) => codeOf(char) >= low && codeOf(char) <= high) !== negated;
}

function codeOf(char: string | undefined): number {
  return char?.codePointAt(0) ?? 0;
}

/** Greedy, going back to the last star only: a later star makes an earlier one's choice final. */
function matchTokens(tokens: readonly Token[], chars: readonly string[]): boolean {
  let star = -1;
  let starAt = 0;
  let t = 0;
  for (let c = 0; c < chars.length; ) {
    const token = tokens[t];
    if (token === '*') {
      star = t++;
      starAt = c;
    } else if (token?.(chars[c] ?? '') === true) {
      t++;
      c++;
    } else if (star >= 0) {
      t = star + 1;
      c = ++starAt;
    } else {
      return false;
    }
  }
  while (tokens[t] === '*') t++;
  return t === tokens.length;
}
