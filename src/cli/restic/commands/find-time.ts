/** Times as `find --oldest` and `--newest` take them: restic's formats, in local time unless a zone is named. */
import { localZone, zoneName } from '../../../archive/local-zone.js';
import { SyncError } from '../../../base/errors.js';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const CLOCK = String.raw`(?<hour>\d{1,2}):(?<minute>\d\d)`;
const SECOND = String.raw`:(?<second>\d\d)(?:[.,](?<fraction>\d{1,9}))?`;
const ZONE = String.raw`(?: +(?:(?<sign>[+-])(?<zoneHours>\d\d)(?<zoneMinutes>\d\d)|(?<zone>[A-Z]{3,4}(?:[+-]\d{1,2})?)))?`;
const REST = `(?: +${CLOCK}(?:${SECOND}${ZONE})?)?`;
/** "2006-01-02 15:04:05 -0700", "02.01.2006 15:04", "Mon Jan 2 15:04:05 -0700 MST 2006". */
const FORMATS: readonly RegExp[] = [
  new RegExp(String.raw`^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)${REST}$`),
  new RegExp(String.raw`^(?<day>\d\d)\.(?<month>\d\d)\.(?<year>\d{4})${REST}$`),
  new RegExp(
    String.raw`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) +(?<name>[A-Z][a-z]{2}) +(?<day>\d{1,2}) +${CLOCK}${SECOND} +` +
      String.raw`(?<sign>[+-])(?<zoneHours>\d\d)(?<zoneMinutes>\d\d) +[A-Z]{3,4} +(?<year>\d{4})$`,
  ),
];
const MS = 1_000_000n;
/** Seconds. */
const HALF_YEAR = 182 * 86_400;

/** Nanoseconds since 1970. Throws 'usage' in restic's words. */
export function parseFindTime(text: string): bigint {
  for (const format of FORMATS) {
    const parts = format.exec(text)?.groups;
    const time = parts === undefined ? undefined : timeOf(parts);
    if (time !== undefined) return time;
  }
  throw new SyncError('usage', `unable to parse time: ${JSON.stringify(text)}`);
}

type Parts = Readonly<Record<string, string | undefined>>;

/** undefined for what no calendar has. */
function timeOf(parts: Parts): bigint | undefined {
  const number = (name: string): number => Number(parts[name] ?? 0);
  const month = parts['name'] === undefined ? number('month') - 1 : MONTHS.indexOf(parts['name']);
  const [year, day, hour, minute, second] = ['year', 'day', 'hour', 'minute', 'second'].map(number);
  if (year === undefined || day === undefined || hour === undefined) return undefined;
  if (minute === undefined || second === undefined || hour > 23 || minute > 59 || second > 59) return undefined;
  const utc = new Date(0);
  utc.setUTCFullYear(year, month, day);
  utc.setUTCHours(hour, minute, second);
  if (month < 0 || utc.getUTCMonth() !== month || utc.getUTCDate() !== day) return undefined;
  const local = new Date(0);
  local.setFullYear(year, month, day);
  local.setHours(hour, minute, second);
  const offset = offsetOf(parts, utc.getTime() / 1000);
  const ms = offset === undefined ? local.getTime() : utc.getTime() - offset * 60_000;
  return BigInt(ms) * MS + BigInt((parts['fraction'] ?? '').padEnd(9, '0'));
}

/**
 * Minutes east of UTC of a clock that shows `seconds` since 1970; undefined for the local one. Names are those of the
 * local zone; all others, also "GMT+3", Go takes for UTC.
 */
function offsetOf({ sign, zoneHours, zoneMinutes, zone }: Parts, seconds: number): number | undefined {
  if (sign !== undefined) return (sign === '-' ? -1 : 1) * (Number(zoneHours) * 60 + Number(zoneMinutes));
  if (zone === undefined) return undefined;
  const local = localZone();
  // At that time, else in the other half of the year.
  for (const at of [seconds, seconds + HALF_YEAR, seconds - HALF_YEAR]) {
    if (zoneName(at, local(at)) === zone) return local(at) / 60;
  }
  return 0;
}
