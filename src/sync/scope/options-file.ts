/**
 * The game's options.txt, lines of `key:value`, of which some belong to the machine: the monitor's size, how far it can
 * render. Everything works on bytes, one character each: what is not UTF-8, and every line end, stays as it is.
 */
import type { Bytes } from '../../base/bytes.js';
import { utf8 } from '../../base/bytes.js';

export const OPTIONS_FILE = 'options.txt';
/** Bytes. The game writes some ten thousand; a larger file is synchronised as it is. */
export const LARGEST_OPTIONS: number = 256 * 1024;

interface Line {
  /** Undefined unless it is one of the machine's. */
  readonly key: string | undefined;
  readonly value: string;
  /** "\n" or "\r\n"; at the end of the file it may be missing. */
  readonly end: string;
  readonly whole: string;
}

/** The cloud's file with this PC's values; what only this PC has of its own is added. */
export function withLocalValues(cloud: Bytes, local: Bytes, keys: ReadonlySet<string>): Bytes {
  const [theirs, mine] = [parse(cloud, keys), parse(local, keys)];
  const values = valuesOf(mine);
  const known = valuesOf(theirs);
  const [first] = theirs;
  const end = first?.end.endsWith('\n') ? first.end : '\n';
  const missing = [...values].filter(([key]) => !known.has(key)).map(([key, value]) => `${key}:${value}${end}`);
  const lines = replaceValues(theirs, values);
  const isOpen = theirs.at(-1)?.whole.endsWith('\n') === false;
  return join(isOpen ? [...missing, ...lines] : [...lines, ...missing]);
}

/** This PC's file with the cloud's values where the cloud has one. */
export function withCloudValues(local: Bytes, cloud: Bytes, keys: ReadonlySet<string>): Bytes {
  return join(replaceValues(parse(local, keys), valuesOf(parse(cloud, keys))));
}

/** What is left without the machine's lines: equal if two files differ in nothing else. */
export function sharedPart(file: Bytes, keys: ReadonlySet<string>): string {
  const shared = parse(file, keys).filter(({ key }) => key === undefined);
  return shared.map(({ whole }) => whole).join('');
}

function parse(file: Bytes, keys: ReadonlySet<string>): Line[] {
  const machine = new Set([...keys].map((key) => toText(utf8(key))));
  const wholes = toText(file).match(/[^\n]*\n|[^\n]+$/g) ?? [];
  return wholes.map((whole) => {
    const end = /\r*\n?$/.exec(whole)?.[0] ?? '';
    const line = whole.slice(0, whole.length - end.length);
    const colon = line.indexOf(':');
    const key = line.slice(0, Math.max(colon, 0));
    return { key: colon >= 0 && machine.has(key) ? key : undefined, value: line.slice(colon + 1), end, whole };
  });
}

/** Of two lines with one key the game heeds the last. */
function valuesOf(lines: readonly Line[]): Map<string, string> {
  return new Map(lines.flatMap(({ key, value }) => (key === undefined ? [] : [[key, value] as const])));
}

/** In the last line of each key. */
function replaceValues(lines: readonly Line[], values: ReadonlyMap<string, string>): string[] {
  const last = new Map(lines.map(({ key }, i) => [key, i]));
  return lines.map(({ key, end, whole }, i) => {
    const value = key === undefined || last.get(key) !== i ? undefined : values.get(key);
    return value === undefined ? whole : `${key}:${value}${end}`;
  });
}

function join(lines: readonly string[]): Bytes {
  return Buffer.from(lines.join(''), 'latin1');
}

function toText(bytes: Bytes): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
