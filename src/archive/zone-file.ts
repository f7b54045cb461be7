/**
 * A file of the system's time zone database (TZif, RFC 8536): when the clocks of a place changed. Node's own database
 * differs from the system's in old times, and restic, in whose notation times are stored, reads these files.
 *   "TZif" | version | 15 unused | 6 counts (u32 BE) | times | types of times | types | names | …
 *   from version 2: once more, with times of 8 bytes, and "\n<rule>\n" at the end
 */
import type { Bytes } from '../base/bytes.js';
import { fromUtf8 } from '../base/bytes.js';
import type { ZoneMoment, ZoneRule } from './zone-rule.js';
import { parseZoneRule, ruleAt } from './zone-rule.js';

/** Offsets are seconds east of UTC. */
interface ZoneType extends ZoneMoment {
  readonly isSummer: boolean;
}

export interface ZoneFile {
  /** Seconds since 1970 at which the type of the same place in `kinds` begins to hold; ascending. */
  readonly times: readonly number[];
  readonly kinds: readonly ZoneType[];
  /** Before the first time. */
  readonly first: ZoneType;
  /** After the last one. */
  readonly rule: ZoneRule | undefined;
}

const HEADER = 44;
const MAGIC = 0x545a6966;

/** undefined for what is no such file. */
export function parseZoneFile(bytes: Bytes): ZoneFile | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const old = readBlock(view, 0, 4);
    // Version 1 is a zero byte.
    if (old === undefined || bytes[4] === 0) return old?.file;
    const block = readBlock(view, old.end, 8);
    if (block === undefined) return undefined;
    const rule = /^\n([^\n]+)\n/.exec(fromUtf8(bytes.subarray(block.end)))?.[1];
    return { ...block.file, rule: rule === undefined ? undefined : parseZoneRule(rule) };
  } catch (error) {
    // It ends too early.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** What holds at `seconds` since 1970. */
export function zoneAt(zone: ZoneFile, seconds: number): ZoneMoment {
  const { times, kinds, first, rule } = zone;
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? 0) <= seconds) low = middle + 1;
    else high = middle;
  }
  if (low === times.length && rule !== undefined) return ruleAt(rule, seconds);
  return low === 0 ? first : (kinds[low - 1] ?? first);
}

function readBlock(view: DataView, at: number, width: 4 | 8): { file: ZoneFile; end: number } | undefined {
  if (view.getUint32(at) !== MAGIC) return undefined;
  const count = (index: number): number => view.getUint32(at + 20 + 4 * index);
  const [utcCount, wallCount, leapCount, timeCount, typeCount, nameSize] = [0, 1, 2, 3, 4, 5].map(count);
  if (utcCount === undefined || wallCount === undefined || leapCount === undefined) return undefined;
  if (timeCount === undefined || typeCount === undefined || nameSize === undefined || typeCount === 0) return undefined;
  const timesAt = at + HEADER;
  const kindsAt = timesAt + timeCount * width;
  const typesAt = kindsAt + timeCount;
  const namesAt = typesAt + 6 * typeCount;
  const types = Array.from({ length: typeCount }, (_, i) => {
    const at = typesAt + 6 * i;
    const name = readName(view, namesAt + view.getUint8(at + 5));
    return { offset: view.getInt32(at), isSummer: view.getUint8(at + 4) !== 0, name };
  });
  const times = Array.from({ length: timeCount }, (_, i) =>
    width === 4 ? view.getInt32(timesAt + 4 * i) : Number(view.getBigInt64(timesAt + 8 * i)),
  );
  const indexes = Array.from({ length: timeCount }, (_, i) => view.getUint8(kindsAt + i));
  const first = firstType(types, indexes);
  const kinds = indexes.map((index) => types[index]);
  if (first === undefined || !kinds.every((kind) => kind !== undefined)) return undefined;
  const end = namesAt + nameSize + leapCount * (width + 4) + wallCount + utcCount;
  return { file: { times, kinds, first, rule: undefined }, end };
}

/** Up to the zero byte that ends it. */
function readName(view: DataView, at: number): string {
  let name = '';
  for (let i = at; view.getUint8(i) !== 0; i++) name += String.fromCharCode(view.getUint8(i));
  return name;
}

/** What held before the first entry, by the rules of Go: the first type if no entry uses it, else one without summer. */
function firstType(types: readonly ZoneType[], indexes: readonly number[]): ZoneType | undefined {
  if (!indexes.includes(0)) return types[0];
  const [index] = indexes;
  if (index !== undefined && types[index]?.isSummer) {
    const before = types.slice(0, index).findLast((type) => !type.isSummer);
    if (before !== undefined) return before;
  }
  return types.find((type) => !type.isSummer) ?? types[0];
}
