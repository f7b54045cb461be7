/** The keep policy on the command line of `forget`. */
import { SyncError } from '../../../base/errors.js';
import type { KeepDuration } from '../../../maintain/keep-duration.js';
import { parseKeepDuration } from '../../../maintain/keep-duration.js';
import type { KeepPolicy } from '../../../maintain/policy.js';
import { PERIODS } from '../../../maintain/policy.js';
import type { Flag } from '../command.js';
import { splitTags } from '../filter-flags.js';
import type { FlagValues } from '../flag-values.js';
import { flagError, messageOf } from '../plain-error.js';

const SHORT: Readonly<Record<string, string>> = {
  last: 'l',
  hourly: 'H',
  daily: 'd',
  weekly: 'w',
  monthly: 'm',
  yearly: 'y',
};

function countFlag(name: string): Flag {
  const what = name === 'last' ? 'snapshots' : `${name} snapshots`;
  const help = `keep the last n ${what} ('unlimited' for all of them)`;
  const flag: Flag = { name: `keep-${name}`, kind: 'text', value: 'n', help };
  const short = SHORT[name];
  return short === undefined ? flag : { ...flag, short };
}

function withinFlag(name: string, what: string): Flag {
  const help = `keep ${what} that are newer than this (as 1y5m7d2h) before the latest snapshot`;
  return { name, kind: 'text', value: 'duration', help };
}

export const POLICY_FLAGS: readonly Flag[] = [
  countFlag('last'),
  ...PERIODS.map(countFlag),
  withinFlag('keep-within', 'all snapshots'),
  ...PERIODS.map((period) => withinFlag(`keep-within-${period}`, `${period} snapshots`)),
  {
    name: 'keep-tag',
    kind: 'texts',
    value: 'taglist',
    help: 'keep snapshots with these tags (can be given several times; one list of them has to fit)',
  },
];

/** Throws 'usage'. */
export function policyOf(flags: FlagValues): KeepPolicy {
  const counts = PERIODS.map((period) => [period, countOf(flags, period)] as const);
  const spans = PERIODS.map((period) => [period, spanOf(flags, `keep-within-${period}`)] as const);
  return {
    last: countOf(flags, 'last'),
    periods: Object.fromEntries(counts),
    within: spanOf(flags, 'keep-within'),
    periodsWithin: Object.fromEntries(spans),
    tags: flags.texts('keep-tag').map(splitTags),
  };
}

/** "3", "unlimited". */
function countOf(flags: FlagValues, name: string): number | undefined {
  const text = flags.text(`keep-${name}`);
  if (text === undefined) return undefined;
  if (text === 'unlimited') return Number.POSITIVE_INFINITY;
  const flag = `-${SHORT[name]}, --keep-${name}`;
  if (!/^[+-]?\d{1,15}$/.test(text)) throw flagError(text, flag, 'give a whole number, or unlimited');
  if (Number(text) < 0) throw flagError(text, flag, "negative values not allowed, use 'unlimited' instead");
  return Number(text);
}

function spanOf(flags: FlagValues, name: string): KeepDuration | undefined {
  const text = flags.text(name);
  if (text === undefined) return undefined;
  if (/(^|[ymdh])-\d+[ymdh]/.test(text)) {
    throw new SyncError('usage', 'durations containing negative values are not allowed for --keep-within*');
  }
  try {
    return parseKeepDuration(text);
  } catch (error) {
    throw flagError(text, `--${name}`, messageOf(error));
  }
}
