/**
 * Times as Go writes them into JSON: RFC 3339 with up to 9 digits of a second, trailing zeros left off, and the
 * writer's offset or Z. Nanoseconds since 1970 are bigints: a double loses them. Calendar arithmetic is proleptic
 * Gregorian, after Hinnant's days_from_civil, so that nothing depends on the range of Date.
 */
import { SyncError } from '../base/errors.js';

/** What Go writes for a time that was never set. */
export const GO_ZERO_TIME = '0001-01-01T00:00:00Z';

const NS = 1_000_000_000n;
const DAY = 86_400;
const SHAPE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * Nanoseconds since 1970 as RFC3339Nano in the zone `offsetMinutes` east of UTC. As restic does, a year outside of
 * 0..9999 in that zone is replaced by the nearer end, with month, day and time kept.
 */
export function formatGoTime(ns: bigint, offsetMinutes = 0): string {
  return formatGoTimeAt(ns, offsetMinutes * 60);
}

/** As `formatGoTime`, `offsetSeconds` east of UTC: before the railway, clocks differed by seconds. Go writes minutes. */
export function formatGoTimeAt(ns: bigint, offsetSeconds: number): string {
  const local = ns + BigInt(offsetSeconds) * NS;
  const fraction = modulo(local, NS);
  const seconds = (local - fraction) / NS;
  const secondOfDay = Number(modulo(seconds, BigInt(DAY)));
  const days = Number((seconds - BigInt(secondOfDay)) / BigInt(DAY));
  const { year, month, day } = clampYear(civilFromDays(days));
  const date = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
  const time = `${pad(Math.floor(secondOfDay / 3600), 2)}:${pad(Math.floor(secondOfDay / 60) % 60, 2)}:${pad(secondOfDay % 60, 2)}`;
  const digits = fraction === 0n ? '' : `.${fraction.toString().padStart(9, '0').replace(/0+$/, '')}`;
  return `${date}T${time}${digits}${formatOffset(offsetSeconds)}`;
}

/** Nanoseconds since 1970; digits behind the ninth are dropped, as in Go. Throws 'damaged' for what is no time. */
export function parseGoTime(text: string): bigint {
  const seconds = utcSeconds(text);
  if (seconds === undefined) throw new SyncError('damaged', `${JSON.stringify(text.slice(0, 60))} is not a time`);
  const digits = text.charAt(19) === '.' ? (/^\d+/.exec(text.slice(20))?.[0] ?? '') : '';
  return BigInt(seconds) * NS + BigInt(digits.slice(0, 9).padEnd(9, '0'));
}

/** Whole seconds since 1970, rounded down also before it. */
export function secondsOf(ns: bigint): number {
  return Number((ns - modulo(ns, NS)) / NS);
}

/** How a zone is called in which `offset` seconds east of UTC hold at `seconds` since 1970; undefined: by its offset. */
export type ZoneNames = (seconds: number, offset: number) => string | undefined;

/** As Go prints such a time: "2026-11-22 11:18:40.31 +0000 UTC". */
export function printGoTime(text: string, names: ZoneNames = () => undefined): string {
  const [, date, time, zone = 'Z'] = /^(.{10})T(.{8}(?:\.\d+)?)(.*)$/.exec(normalGoTime(text)) ?? [];
  if (zone === 'Z') return `${date} ${time} +0000 UTC`;
  const offset = zone.replace(':', '');
  const name = names(secondsOf(parseGoTime(text)), offsetSeconds(text) ?? 0);
  return `${date} ${time} ${offset} ${name ?? offset}`;
}

/** The same time as Go writes it: what others may have left in, zeros at a fraction's end or "+00:00", is gone. */
export function normalGoTime(text: string): string {
  const [, seconds = '', digits = '', zone = ''] = /^(.{19})(?:\.(\d+))?(.*)$/.exec(text) ?? [];
  const fraction = digits.slice(0, 9).replace(/0+$/, '');
  return `${seconds}${fraction === '' ? '' : `.${fraction}`}${/^[+-]00:00$/.test(zone) ? 'Z' : zone}`;
}

/** Whether `parseGoTime` takes the text. */
export function isGoTime(text: string): boolean {
  return utcSeconds(text) !== undefined;
}

/** Whole seconds since 1970, undefined if the text is not a time of RFC 3339 as Go reads it. */
function utcSeconds(text: string): number | undefined {
  if (!SHAPE.test(text)) return undefined;
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const offset = offsetSeconds(text);
  if (offset === undefined) return undefined;
  return daysFromCivil(year, month, day) * DAY + hour * 3600 + minute * 60 + second - offset;
}

function offsetSeconds(text: string): number | undefined {
  if (text.endsWith('Z')) return 0;
  const hours = twoDigits(text, text.length - 5);
  const minutes = twoDigits(text, text.length - 2);
  if (hours > 23 || minutes > 59) return undefined;
  const east = text.charAt(text.length - 6) === '+';
  return (east ? 1 : -1) * (hours * 3600 + minutes * 60);
}

function twoDigits(text: string, at: number): number {
  return (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48;
}

export interface CivilDay {
  readonly year: number;
  /** 1..12 */
  readonly month: number;
  /** 1..31 */
  readonly day: number;
}

/** Days since 1970-01-01. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** The day that is so many days after 1970-01-01. */
export function civilFromDays(days: number): CivilDay {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const leap = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leap) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

function clampYear(civil: CivilDay): CivilDay {
  const year = Math.min(Math.max(civil.year, 0), 9999);
  // 29 February of a year that has none is 1 March.
  if (civil.day > daysIn(year, civil.month)) return { year, month: civil.month + 1, day: 1 };
  return { ...civil, year };
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

function formatOffset(seconds: number): string {
  if (seconds === 0) return 'Z';
  const minutes = Math.trunc(seconds / 60);
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60), 2)}:${pad(size % 60, 2)}`;
}

function pad(value: number, digits: number): string {
  return value.toString().padStart(digits, '0');
}

function modulo(value: bigint, by: bigint): bigint {
  const rest = value % by;
  return rest < 0n ? rest + by : rest;
}
