/**
 * Spans of the calendar as `forget --keep-within` takes them ("1y5m7d2h"), and the instant that lies so long before a
 * snapshot. Reckoned as restic does, in the zone of the snapshot's time: its own offset, or, where that is what this
 * machine's zone has at that instant, this machine's zone with its changes between summer and winter.
 */
import { SyncError } from '../base/errors.js';
import { parseGoTime } from '../repo/go-time.js';

/** Whole numbers, none negative. */
export interface KeepDuration {
  readonly years: number;
  readonly months: number;
  readonly days: number;
  readonly hours: number;
}

type Unit = keyof KeepDuration;

const UNITS: ReadonlyMap<string, Unit> = new Map([
  ['y', 'years'],
  ['m', 'months'],
  ['d', 'days'],
  ['h', 'hours'],
]);
const NS_PER_MS = 1_000_000n;
const NS_PER_HOUR = 3_600_000n * NS_PER_MS;

/** Years, months, days and hours in any order; of one unit given twice the last counts. Throws 'usage'. */
export function parseKeepDuration(text: string): KeepDuration {
  const span = { years: 0, months: 0, days: 0, hours: 0 };
  for (let rest = text; rest !== ''; ) {
    const digits = /^-?\d+/.exec(rest)?.[0];
    if (digits === undefined) throw new SyncError('usage', 'no number found');
    const letter = rest.charAt(digits.length);
    if (letter === '') throw new SyncError('usage', `no unit found after number ${digits}`);
    const unit = UNITS.get(letter);
    if (unit === undefined) throw new SyncError('usage', `invalid unit '${letter}' found after number ${digits}`);
    if (!Number.isSafeInteger(Number(digits))) throw new SyncError('usage', `the number ${digits} is too large`);
    if (digits.startsWith('-')) throw new SyncError('usage', `a duration cannot be negative: ${digits}${letter}`);
    span[unit] = Number(digits);
    rest = rest.slice(digits.length + 1);
  }
  return span;
}

/** "1y5m7d2h", without the parts that are zero; '' for no time at all. */
export function formatKeepDuration(span: KeepDuration): string {
  return [...UNITS].map(([letter, unit]) => (span[unit] === 0 ? '' : `${span[unit]}${letter}`)).join('');
}

export function isZeroDuration(span: KeepDuration | undefined): boolean {
  return span === undefined || formatKeepDuration(span) === '';
}

/** Nanoseconds since 1970 of the instant that lies `span` before `time` (RFC 3339); undefined before all of history. */
export function before(time: string, span: KeepDuration): bigint | undefined {
  const ns = parseGoTime(time);
  const offsetMs = offsetOf(time);
  const wall = new Date(Number(floorToMs(ns)) + offsetMs);
  const year = wall.getUTCFullYear() - span.years;
  // Days and months that do not exist run over into the next, as in Go.
  wall.setUTCFullYear(year, wall.getUTCMonth() - span.months, wall.getUTCDate() - span.days);
  const wallMs = wall.getTime();
  if (Number.isNaN(wallMs)) return undefined;
  const ms = isLocal(time, ns, offsetMs) ? localToUtc(wallMs) : wallMs - offsetMs;
  return BigInt(ms) * NS_PER_MS + (ns - floorToMs(ns) * NS_PER_MS) - BigInt(span.hours) * NS_PER_HOUR;
}

function isLocal(time: string, ns: bigint, offsetMs: number): boolean {
  return !time.endsWith('Z') && localOffset(Number(floorToMs(ns))) === offsetMs;
}

/** Where the clock was changed a wall time is there twice or not at all; the choice is the one that Go makes. */
function localToUtc(wallMs: number): number {
  const guess = wallMs - localOffset(wallMs);
  return wallMs - localOffset(guess);
}

/** Milliseconds by which this machine's clocks are ahead of UTC at an instant. */
function localOffset(ms: number): number {
  return -new Date(ms).getTimezoneOffset() * 60_000;
}

/** Milliseconds, of "…+02:00". */
function offsetOf(time: string): number {
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)$/.exec(time) ?? [];
  if (sign === undefined) return 0;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

function floorToMs(ns: bigint): bigint {
  const rest = ns % NS_PER_MS;
  return (ns - (rest < 0n ? rest + NS_PER_MS : rest)) / NS_PER_MS;
}
