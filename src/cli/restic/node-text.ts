/** Entries of a tree as restic lists them. */
import type { Zone } from '../../archive/local-zone.js';
import { localZone } from '../../archive/local-zone.js';
import { civilFromDays, GO_ZERO_TIME, parseGoTime, secondsOf } from '../../repo/go-time.js';
import type { NodeType, TreeNode } from '../../repo/tree.js';
import { formatBytesLikeRestic } from '../../ui/bytes.js';

export interface LongFormat {
  /** Type, permissions, owner, size and time before the path. */
  readonly long: boolean;
  /** Sizes as "1.234 KiB". */
  readonly human: boolean;
}

/** Bits of Go's FileMode, from 2^31 down. */
const KINDS = 'dalTLDpSugct?';
const HIGHEST = 31;
/** Seconds. */
const DAY = 86_400;

const TYPE_BITS: Readonly<Record<NodeType, readonly number[]>> = {
  file: [],
  dir: [31],
  symlink: [27],
  dev: [26],
  chardev: [26, 21],
  fifo: [25],
  socket: [24],
  irregular: [],
};

/** The line of an entry. */
export function nodeLine(path: string, node: TreeNode, { long, human }: LongFormat): string {
  if (!long) return path;
  const size = human ? formatBytesLikeRestic(node.size ?? 0) : String(node.size ?? 0).padStart(6);
  const mode = permissions(withTypeBits(node));
  const owner = `${String(node.uid ?? 0).padStart(5)} ${String(node.gid ?? 0).padStart(5)}`;
  const target = node.type === 'symlink' ? ` -> ${node.linktarget ?? ''}` : '';
  return `${mode} ${owner} ${size} ${localTime(node.mtime)} ${path}${target}`;
}

/** "drwxr-xr-x" as Go writes a mode: a letter in front for each bit above the nine, "dgrwxrwxr-x" where ls has an "s". */
export function permissions(mode: number): string {
  let letters = '';
  for (const [i, letter] of [...KINDS].entries()) if (hasBit(mode, HIGHEST - i)) letters += letter;
  const bits = [...'rwxrwxrwx'].map((letter, i) => (hasBit(mode, 8 - i) ? letter : '-'));
  return (letters === '' ? '-' : letters) + bits.join('');
}

/** "2012-11-01 22:08:41" in local time; what was never set is Go's first moment. */
export function localTime(time: string | undefined): string {
  const seconds = secondsOf(parseGoTime(time ?? GO_ZERO_TIME));
  const local = seconds + currentZone()(seconds);
  const days = Math.floor(local / DAY);
  const { year, month, day } = civilFromDays(days);
  const clock = local - days * DAY;
  const date = `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
  return `${date} ${two(Math.floor(clock / 3600))}:${two(Math.floor(clock / 60) % 60)}:${two(clock % 60)}`;
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}

let known: { readonly tz: string | undefined; readonly zone: Zone } | undefined;

/** Looked up once, as reading it takes longer than using it. */
function currentZone(): Zone {
  const tz = process.env['TZ'];
  if (known === undefined || known.tz !== tz) known = { tz, zone: localZone(tz) };
  return known.zone;
}

function withTypeBits({ mode = 0, type }: TreeNode): number {
  let all = mode;
  for (const bit of TYPE_BITS[type]) if (!hasBit(all, bit)) all += 2 ** bit;
  return all;
}

function hasBit(mode: number, bit: number): boolean {
  return Math.floor(mode / 2 ** bit) % 2 === 1;
}
