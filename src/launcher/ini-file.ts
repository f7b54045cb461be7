/**
 * A launcher's settings file (prismlauncher.cfg, instance.cfg) as bytes, of which a change replaces one value and keeps
 * every other byte: order, comments, line endings, a missing last one, and what this program does not understand.
 * Only the root keys are seen: in QSettings' files those of `[General]`, in the plain ones all.
 */
import type { Bytes } from '../base/bytes.js';
import { type Dialect, decodeList, decodeValue, encodeValue } from './ini-value.js';

export interface IniFile {
  readonly bytes: Bytes;
  readonly dialect: Dialect;
  /** Undefined if the key is missing; the last one counts, as for the launcher. */
  get(key: string): string | undefined;
  /** The items of a list, as of AdditionalInstanceDirs. */
  getList(key: string): readonly string[];
  /** A new file; this one stays as it is. Line breaks in a value are escaped. */
  set(key: string, value: string): IniFile;
}

/** Places in the text: the value without the blanks around it. */
interface Entry {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  /** Up to here it is replaced: a comment behind a plain value goes, as it would cut off a new one that has a `#`. */
  readonly until: number;
}

interface Layout {
  readonly entries: readonly Entry[];
  /** Where the line ends after which a new root key belongs; undefined: `[General]` must be made first. */
  readonly anchor: number | undefined;
}

const CONFIG_VERSION = 'ConfigVersion';

/** `dialect` where the launcher is known to have only one; else by the key with which Prism marks its files. */
export function readIni(bytes: Bytes, dialect?: Dialect): IniFile {
  const text = Buffer.from(bytes).toString('latin1');
  const chosen = dialect ?? (findLast(layoutQt(text), CONFIG_VERSION) === undefined ? 'plain' : 'qt');
  const layout = chosen === 'qt' ? layoutQt(text) : layoutPlain(text);
  const raw = (key: string): string | undefined => {
    const entry = findLast(layout, key);
    return entry && text.slice(entry.start, entry.end);
  };
  return {
    bytes,
    dialect: chosen,
    get: (key) => {
      const found = raw(key);
      return found === undefined ? undefined : decodeValue(found, chosen);
    },
    getList: (key) => {
      const found = raw(key) ?? '';
      if (found === '' || found === '@Invalid()') return [];
      return chosen === 'qt' ? decodeList(found) : [decodeValue(found, chosen)];
    },
    set: (key, value) => {
      const changed = place(text, layout, key, encodeValue(value, chosen));
      return readIni(Buffer.from(changed, 'latin1'), chosen);
    },
  };
}

function findLast(layout: Layout, key: string): Entry | undefined {
  return layout.entries.findLast((entry) => entry.key === key);
}

function place(text: string, layout: Layout, key: string, raw: string): string {
  const entry = findLast(layout, key);
  if (entry !== undefined) return text.slice(0, entry.start) + raw + text.slice(entry.until);
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const line = `${key}=${raw}`;
  const { anchor } = layout;
  if (anchor === undefined) {
    const start = text.startsWith(BOM) ? BOM.length : 0;
    return `${text.slice(0, start)}[General]${newline}${line}${newline}${text.slice(start)}`;
  }
  return anchor === 0 ? line + newline + text : text.slice(0, anchor) + newline + line + text.slice(anchor);
}

/** UTF-8's mark, as latin1. */
const BOM = '\xef\xbb\xbf';
const SPACE = /[\t-\r ]/;

/** As QSettings walks a file: quotes may hold line breaks, a backslash hides what follows, `;` ends a line. */
function layoutQt(text: string): Layout {
  const entries: Entry[] = [];
  let isRoot = true;
  let anchor: number | undefined = text.trim() === '' ? 0 : undefined;
  let at = text.startsWith(BOM) ? BOM.length : 0;
  for (;;) {
    const line = nextLine(text, at);
    if (line === undefined) return { entries, anchor };
    at = line.end;
    const [, section] = /^\[([^\]]*)/.exec(text.slice(line.start, line.end)) ?? [];
    if (section !== undefined) isRoot = /^\s*general\s*$/i.test(section);
    if (isRoot) anchor = endOfLine(text, line.end);
    if (section !== undefined || line.equals < 0 || !isRoot) continue;
    const [start, end] = trimmed(text, line.equals + 1, line.end);
    entries.push({ key: text.slice(line.start, line.equals).trim(), start, end, until: end });
  }
}

interface Line {
  readonly start: number;
  readonly end: number;
  /** Of the first `=` outside of quotes; -1 without one. */
  readonly equals: number;
}

function nextLine(text: string, from: number): Line | undefined {
  let start = from;
  for (;;) {
    while (start < text.length && SPACE.test(text[start] ?? '')) start += 1;
    if (text[start] !== ';') break;
    start = endOfLine(text, start);
  }
  if (start >= text.length) return undefined;
  let equals = -1;
  let inQuotes = false;
  let i = start;
  for (; i < text.length; i++) {
    const char = text[i];
    if (char === '\\') i += isLineBreak(text.slice(i + 1, i + 3)) ? 2 : 1;
    else if (char === '"') inQuotes = !inQuotes;
    else if (inQuotes) continue;
    else if (char === '=' && equals < 0) equals = i;
    else if (char === '\n' || char === '\r' || char === ';') break;
  }
  return { start, end: Math.min(i, text.length), equals };
}

function isLineBreak(pair: string): boolean {
  return pair === '\r\n' || pair === '\n\r';
}

function endOfLine(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== '\r' && text[at] !== '\n') at += 1;
  return at;
}

/** As MultiMC reads a file: line by line, a `#` without a backslash starts a comment, but not at a line's beginning. */
function layoutPlain(text: string): Layout {
  const entries: Entry[] = [];
  let anchor = 0;
  let at = 0;
  for (const whole of text.split('\n')) {
    const end = at + whole.replace(/\r$/, '').length;
    const line = withoutComment(whole);
    const equals = line.indexOf('=');
    if (equals >= 0) {
      const [start, valueEnd] = trimmed(text, at + equals + 1, at + line.length);
      const [, until] = trimmed(text, start, end);
      entries.push({ key: line.slice(0, equals).trim(), start, end: valueEnd, until });
    }
    if (whole.trim() !== '') anchor = end;
    at += whole.length + 1;
  }
  return { entries, anchor };
}

function withoutComment(line: string): string {
  const hash = /[^\\]#/.exec(line);
  return hash === null ? line : line.slice(0, line.indexOf('#'));
}

function trimmed(text: string, from: number, to: number): [start: number, end: number] {
  let [start, end] = [from, to];
  while (start < end && SPACE.test(text[start] ?? '')) start += 1;
  while (end > start && SPACE.test(text[end - 1] ?? '')) end -= 1;
  return [start, end];
}
