/**
 * Which snapshots of a group a keep policy keeps, and why, as restic decides it: from the newest to the oldest; each
 * rule takes the newest snapshot of each hour, day, … as long as its number lasts; what any rule takes is kept.
 * Hours and days are those of the clock that the snapshot's own time shows, whatever its offset.
 */

import type { NamedSnapshot } from '../browse/select.js';
import { hasTags } from '../browse/select.js';
import { parseGoTime } from '../repo/go-time.js';
import type { KeepDuration } from './keep-duration.js';
import { before, formatKeepDuration, isZeroDuration } from './keep-duration.js';

export type Period = 'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly';

/** Rules that are absent, 0 or of no time keep nothing. */
export interface KeepPolicy {
  /** The newest so many; Infinity for all. */
  readonly last?: number | undefined;
  /** The newest snapshot of so many hours, days, … that have one; Infinity for all. */
  readonly periods?: Readonly<Partial<Record<Period, number | undefined>>> | undefined;
  /** All that are newer than so long before the newest of the group (of those that are not in the future). */
  readonly within?: KeepDuration | undefined;
  /** Of those, the newest of each hour, day, … */
  readonly periodsWithin?: Readonly<Partial<Record<Period, KeepDuration | undefined>>> | undefined;
  /** All that have all tags of one of the lists; the list [''] stands for those without tags. */
  readonly tags?: readonly (readonly string[])[] | undefined;
}

export interface KeptSnapshot {
  readonly snapshot: NamedSnapshot;
  /** As restic words them: "last snapshot", "daily within 7d", … */
  readonly reasons: readonly string[];
}

/** Both lists from the newest to the oldest. */
export interface PolicyResult {
  readonly keep: readonly KeptSnapshot[];
  readonly remove: readonly NamedSnapshot[];
}

export const PERIODS: readonly Period[] = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'];

/** What the clock of a snapshot's time shows; equal texts are the same hour, day, … */
const BUCKETS: Readonly<Record<Period, (time: string) => string>> = {
  hourly: (time) => time.slice(0, 13),
  daily: (time) => time.slice(0, 10),
  weekly: weekOf,
  monthly: (time) => time.slice(0, 7),
  yearly: (time) => time.slice(0, 4),
};

/** Whether nothing would be kept by it, whatever there is. */
export function isEmptyPolicy(policy: KeepPolicy): boolean {
  const { last = 0, within, tags = [], periods = {}, periodsWithin = {} } = policy;
  const counts = PERIODS.some((period) => (periods[period] ?? 0) > 0);
  const spans = PERIODS.some((period) => !isZeroDuration(periodsWithin[period]));
  return last <= 0 && isZeroDuration(within) && tags.length === 0 && !counts && !spans;
}

/** `now`: nanoseconds since 1970. A policy that is empty keeps nothing. */
export function applyPolicy(snapshots: readonly NamedSnapshot[], policy: KeepPolicy, now: bigint): PolicyResult {
  const sorted = newestFirst(snapshots);
  const latest = sorted.find(({ ns }) => ns < now)?.one.snapshot.time;
  const rules = [
    ...(policy.tags ?? []).map(tagRule),
    ...(isZeroDuration(policy.within) ? [] : [withinRule(latest, policy.within)]),
    countRule('last snapshot', policy.last, (_time, nr) => String(nr)),
    ...PERIODS.map((period) => countRule(`${period} snapshot`, policy.periods?.[period], BUCKETS[period])),
    ...PERIODS.map((period) => periodWithinRule(period, latest, policy.periodsWithin?.[period])),
  ];
  const keep: KeptSnapshot[] = [];
  const remove: NamedSnapshot[] = [];
  for (const [nr, { one, ns }] of sorted.entries()) {
    const candidate: Candidate = { one, ns, nr, isOldest: nr === sorted.length - 1 };
    const reasons = rules.map((rule) => rule(candidate)).filter((reason) => reason !== undefined);
    if (reasons.length > 0) keep.push({ snapshot: one, reasons });
    else remove.push(one);
  }
  return { keep, remove };
}

/** "keep 3 hourly, all yearly snapshots and all snapshots within 1y of the newest", as restic words it. */
export function describePolicy(policy: KeepPolicy): string {
  const counts = [
    describeCount(policy.last, 'latest'),
    ...PERIODS.map((period) => describeCount(policy.periods?.[period], period)),
  ].filter((text) => text !== undefined);
  const spans = PERIODS.flatMap((period) => {
    const span = policy.periodsWithin?.[period];
    return span === undefined || isZeroDuration(span) ? [] : [`${period} snapshots within ${formatKeepDuration(span)}`];
  });
  const parts = [[...(counts.length > 0 ? [`${counts.join(', ')} snapshots`] : []), ...spans].join(', ')];
  const { tags = [], within } = policy;
  if (tags.length > 0) parts.push(`all snapshots with tags [${tags.map(formatTags).join(' ')}]`);
  if (within !== undefined && !isZeroDuration(within)) {
    parts.push(`all snapshots within ${formatKeepDuration(within)} of the newest`);
  }
  const text = parts.filter((part) => part !== '').join(' and ');
  return text === '' ? 'remove' : `keep ${text}`;
}

function describeCount(count: number | undefined, what: string): string | undefined {
  if (count === undefined || count <= 0) return undefined;
  return `${count === Number.POSITIVE_INFINITY ? 'all' : count} ${what}`;
}

function formatTags(tags: readonly string[]): string {
  return `[${tags.join(', ')}]`;
}

interface Dated {
  readonly one: NamedSnapshot;
  /** Nanoseconds since 1970. */
  readonly ns: bigint;
}

interface Candidate extends Dated {
  /** 0 for the newest. */
  readonly nr: number;
  readonly isOldest: boolean;
}

/** Asked about each snapshot in turn; gives the reason to keep it. */
type Rule = (candidate: Candidate) => string | undefined;

/** Of equal times the order stays. */
function newestFirst(snapshots: readonly NamedSnapshot[]): Dated[] {
  const dated = snapshots.map((one) => ({ one, ns: parseGoTime(one.snapshot.time) }));
  return dated.sort((a, b) => (a.ns === b.ns ? 0 : a.ns < b.ns ? 1 : -1));
}

function tagRule(tags: readonly string[]): Rule {
  return ({ one }) => (hasTags(one.snapshot, tags) ? `has tags ${formatTags(tags)}` : undefined);
}

function withinRule(latest: string | undefined, span: KeepDuration | undefined): Rule {
  const isWithin = withinTest(latest, span);
  return ({ ns }) => (isWithin(ns) ? `within ${span === undefined ? '' : formatKeepDuration(span)}` : undefined);
}

/** With nothing but snapshots of the future there is no newest, and all are within. */
function withinTest(latest: string | undefined, span: KeepDuration | undefined): (ns: bigint) => boolean {
  if (span === undefined || isZeroDuration(span)) return () => false;
  const from = latest === undefined ? undefined : before(latest, span);
  return (ns) => from === undefined || ns > from;
}

/**
 * As long as the number lasts: the newest of each bucket, and the oldest of all, so that the history grows to its full
 * length.
 */
function countRule(reason: string, count: number | undefined, bucketOf: (time: string, nr: number) => string): Rule {
  let left = count ?? 0;
  const isNew = newBucket(reason, bucketOf);
  return (candidate) => {
    const found = left > 0 ? isNew(candidate) : undefined;
    if (found !== undefined) left -= 1;
    return found;
  };
}

function periodWithinRule(period: Period, latest: string | undefined, span: KeepDuration | undefined): Rule {
  const isWithin = withinTest(latest, span);
  const isNew = newBucket(`${period} within ${span === undefined ? '' : formatKeepDuration(span)}`, BUCKETS[period]);
  return (candidate) => (isWithin(candidate.ns) ? isNew(candidate) : undefined);
}

function newBucket(reason: string, bucketOf: (time: string, nr: number) => string): Rule {
  let last: string | undefined;
  return ({ one, nr, isOldest }) => {
    const bucket = bucketOf(one.snapshot.time, nr);
    if (bucket === last) return isOldest ? `oldest ${reason}` : undefined;
    last = bucket;
    return reason;
  };
}

/** Year and number of the week after ISO 8601: a week belongs to the year that its Thursday lies in. */
function weekOf(time: string): string {
  const date = new Date(0);
  date.setUTCFullYear(Number(time.slice(0, 4)), Number(time.slice(5, 7)) - 1, Number(time.slice(8, 10)));
  date.setUTCDate(date.getUTCDate() + 4 - (date.getUTCDay() || 7));
  const newYear = new Date(0);
  newYear.setUTCFullYear(date.getUTCFullYear(), 0, 1);
  const week = Math.floor((date.getTime() - newYear.getTime()) / (7 * 86_400_000));
  return `${date.getUTCFullYear()} ${week}`;
}
