/** Values on the command line: sizes, durations, times. All throw 'usage', naming the text. */
import { SyncError } from '../../base/errors.js';

const SUFFIXES: Readonly<Record<string, number>> = { '': 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** Bytes: "500", "5M", "1g". */
export function parseSize(text: string): number {
  const [, digits, suffix] = /^(\d+)([bkmgt]?)$/i.exec(text.trim()) ?? [];
  const bytes = Number(digits) * (SUFFIXES[(suffix ?? '').toLowerCase()] ?? Number.NaN);
  if (digits === undefined || !Number.isSafeInteger(bytes)) {
    throw new SyncError('usage', `"${text}" is not a size: give a whole number, perhaps with k, M, G or T behind it`);
  }
  return bytes;
}

const DURATION_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Milliseconds: "10s", "1h30m", "1.5h", "0". */
export function parseDuration(text: string): number {
  if (text === '0') return 0;
  const parts = [...text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
    throw new SyncError('usage', `"${text}" is not a duration: write it as 30s, 5m or 1h30m`);
  }
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (DURATION_MS[unit ?? ''] ?? 0), 0);
}

/** Nanoseconds since 1970 of "2012-11-01 22:08:41" in local time; the time of day may be absent. */
export function parseRepoTime(text: string): bigint {
  const match = /^(\d{4})-(\d\d)-(\d\d)(?: (\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text.trim());
  const [, year, month, day, hour = '0', minute = '0', second = '0'] = match ?? [];
  const date = new Date(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const fits = date.getMonth() === Number(month) - 1 && date.getDate() === Number(day);
  if (match === null || !fits || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) {
    throw new SyncError('usage', `"${text}" is not a time: write it as 2012-11-01 22:08:41`);
  }
  return BigInt(date.getTime()) * 1_000_000n;
}
