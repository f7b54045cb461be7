/**
 * The rule at the end of a zone file, for times after its last entry: POSIX TZ as Go reads it, "CET-1CEST,M3.5.0,M10.5.0/3"
 * or "<+0330>-3:30". Days count from 1970-01-01, offsets are seconds east of UTC.
 */
import { civilFromDays, daysFromCivil } from '../repo/go-time.js';

/** One of the two changes of a year, as seconds since its first midnight in local time. */
type Change = (year: number) => number;

/** What holds at some time. */
export interface ZoneMoment {
  readonly offset: number;
  /** "CET", or "-03" where nobody has made a name. */
  readonly name: string;
}

export interface ZoneRule {
  readonly standard: ZoneMoment;
  /** Absent where clocks never change. */
  readonly summer?: ZoneMoment & { readonly begin: Change; readonly end: Change };
}

const DAY = 86_400;
const HOUR = 3600;
const NAME = /^(?:<[^>]*>|[A-Za-z]{3,})/;
const CLOCK = /^[+-]?\d{1,3}(?::\d{1,2}(?::\d{1,2})?)?/;
/** What applies to a zone with summer time and without dates: those of the USA. */
const USUAL_DATES = ',M3.2.0,M11.1.0';

/** undefined for what is no such rule; the last entry of the file then holds for ever. */
export function parseZoneRule(text: string): ZoneRule | undefined {
  const rest = new Rest(text);
  const name = rest.name();
  const standard = rest.clock();
  if (name === undefined || standard === undefined) return undefined;
  const moment = { offset: -standard, name };
  if (rest.text === '' || rest.text.startsWith(',')) return { standard: moment };
  const summerName = rest.name();
  if (summerName === undefined) return undefined;
  const summer = rest.text === '' || rest.text.startsWith(',') ? standard - HOUR : rest.clock();
  if (rest.text === '') rest.text = USUAL_DATES;
  const begin = change(rest);
  const end = change(rest);
  if (summer === undefined || begin === undefined || end === undefined || rest.text !== '') return undefined;
  return { standard: moment, summer: { offset: -summer, name: summerName, begin, end } };
}

/** At `seconds` since 1970. */
export function ruleAt(rule: ZoneRule, seconds: number): ZoneMoment {
  const { standard, summer } = rule;
  if (summer === undefined) return standard;
  const { year } = civilFromDays(Math.floor(seconds / DAY));
  const ofYear = seconds - daysFromCivil(year, 1, 1) * DAY;
  const begin = summer.begin(year) - standard.offset;
  const end = summer.end(year) - summer.offset;
  // South of the equator the year begins and ends in summer.
  const isSummer = begin <= end ? ofYear >= begin && ofYear < end : ofYear < end || ofYear >= begin;
  return isSummer ? summer : standard;
}

/** What is left of the text. */
class Rest {
  text: string;

  constructor(text: string) {
    this.text = text;
  }

  take(pattern: RegExp): string | undefined {
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.text = this.text.slice(found.length);
    return found;
  }

  /** "CET" or "<+0330>". */
  name(): string | undefined {
    return this.take(NAME)?.replace(/^<|>$/g, '');
  }

  /** "[+-]hh[:mm[:ss]]" in seconds; POSIX counts west of UTC. */
  clock(): number | undefined {
    const found = this.take(CLOCK);
    if (found === undefined) return undefined;
    const [hours = 0, minutes = 0, seconds = 0] = found.replace(/^[+-]/, '').split(':').map(Number);
    return (found.startsWith('-') ? -1 : 1) * (hours * HOUR + minutes * 60 + seconds);
  }
}

function change(rest: Rest): Change | undefined {
  const date = rest.take(/^,(?:J\d+|\d+|M\d+\.\d+\.\d+)/);
  if (date === undefined) return undefined;
  const clock = rest.take(/^\//) === undefined ? 2 * HOUR : rest.clock();
  if (clock === undefined) return undefined;
  const [a = 0, b = 0, c = 0] = date
    .replace(/^,[JM]?/, '')
    .split('.')
    .map(Number);
  // Day 60 of Jn is 1 March in every year.
  if (date.startsWith(',J')) return (year) => (a - 1 + (a >= 60 && isLeap(year) ? 1 : 0)) * DAY + clock;
  if (date.startsWith(',M')) return (year) => dayOfWeek(year, a, b, c) * DAY + clock;
  return () => a * DAY + clock;
}

/** Day of the year (from 0) of the week-th `weekday` (0 = Sunday) of the month; the last one for week 5. */
function dayOfWeek(year: number, month: number, week: number, weekday: number): number {
  const first = daysFromCivil(year, month, 1);
  const next = month === 12 ? daysFromCivil(year + 1, 1, 1) : daysFromCivil(year, month + 1, 1);
  // 1970-01-01 was a Thursday.
  const dayOfFirst = (((first + 4) % 7) + 7) % 7;
  let day = first + ((weekday - dayOfFirst + 7) % 7) + (week - 1) * 7;
  while (day >= next) day -= 7;
  return day - daysFromCivil(year, 1, 1);
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}
