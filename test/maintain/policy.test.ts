/** The keep policy by hand-made examples; test/interop/forget-policy.test.ts compares it with restic's at random. */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { SnapshotId, TreeId } from '../../src/base/ids.js';
import type { NamedSnapshot } from '../../src/browse/select.js';
import { before, formatKeepDuration, isZeroDuration, parseKeepDuration } from '../../src/maintain/keep-duration.js';
import type { KeepPolicy } from '../../src/maintain/policy.js';
import { applyPolicy, describePolicy, isEmptyPolicy } from '../../src/maintain/policy.js';
import { formatGoTime, parseGoTime } from '../../src/repo/go-time.js';

const NOW = parseGoTime('2030-01-01T00:00:00Z');
const TREE = '00'.repeat(32) as TreeId;

function snapshot(time: string, tags?: readonly string[]): NamedSnapshot {
  const id = time.padEnd(64, '0') as SnapshotId;
  const base = { time, tree: TREE, paths: ['/x'] };
  return { id, snapshot: tags === undefined ? base : { ...base, tags } };
}

/** Time → reasons, the newest first; what is removed has none. */
function verdict(times: readonly string[], policy: KeepPolicy): [string, string][] {
  const { keep, remove } = applyPolicy(
    times.map((time) => snapshot(time)),
    policy,
    NOW,
  );
  const all = [
    ...keep.map((one) => [one.snapshot.snapshot.time, one.reasons.join(', ')] as [string, string]),
    ...remove.map((one) => [one.snapshot.time, ''] as [string, string]),
  ];
  return all.sort(([a], [b]) => (parseGoTime(a) < parseGoTime(b) ? 1 : -1));
}

describe('counted rules', () => {
  const times = [
    '2026-01-01T10:00:00Z',
    '2026-01-01T10:30:00Z',
    '2026-01-01T11:00:00Z',
    '2026-01-02T10:00:00Z',
    '2026-02-02T10:00:00Z',
  ];

  it('take the newest of each, and the oldest while some are left', () => {
    expect(verdict(times, { periods: { hourly: 10 } })).toEqual([
      ['2026-02-02T10:00:00Z', 'hourly snapshot'],
      ['2026-01-02T10:00:00Z', 'hourly snapshot'],
      ['2026-01-01T11:00:00Z', 'hourly snapshot'],
      ['2026-01-01T10:30:00Z', 'hourly snapshot'],
      ['2026-01-01T10:00:00Z', 'oldest hourly snapshot'],
    ]);
    expect(verdict(times, { periods: { hourly: 4 } }).at(-1)).toEqual(['2026-01-01T10:00:00Z', '']);
  });

  it('stop at their number', () => {
    expect(verdict(times, { last: 1, periods: { daily: 2 } })).toEqual([
      ['2026-02-02T10:00:00Z', 'last snapshot, daily snapshot'],
      ['2026-01-02T10:00:00Z', 'daily snapshot'],
      ['2026-01-01T11:00:00Z', ''],
      ['2026-01-01T10:30:00Z', ''],
      ['2026-01-01T10:00:00Z', ''],
    ]);
  });

  it('take all for Infinity', () => {
    expect(verdict(times, { last: Number.POSITIVE_INFINITY }).every(([, why]) => why === 'last snapshot')).toBe(true);
  });

  it('go by the weeks of ISO 8601', () => {
    const weeks = ['2026-12-31T12:00:00Z', '2027-01-01T12:00:00Z', '2027-01-03T23:59:59Z', '2027-01-04T00:00:00Z'];
    expect(verdict(weeks, { periods: { weekly: 2 } }).map(([, why]) => why)).toEqual([
      'weekly snapshot',
      'weekly snapshot',
      '',
      '',
    ]);
  });

  it('go by the clock of the snapshot', () => {
    const zones = ['2026-05-01T23:30:00-08:00', '2026-05-02T00:30:00+09:00', '2026-05-02T00:30:00Z'];
    // In UTC: 2 May 07:30, 1 May 15:30, 2 May 00:30.
    expect(verdict(zones, { periods: { daily: 3 } })).toEqual([
      ['2026-05-01T23:30:00-08:00', 'daily snapshot'],
      ['2026-05-02T00:30:00Z', 'daily snapshot'],
      ['2026-05-02T00:30:00+09:00', 'oldest daily snapshot'],
    ]);
  });
});

describe('rules by time', () => {
  it('reach back from the newest', () => {
    const times = ['2026-03-01T00:00:00Z', '2026-03-01T00:00:00.000000001Z', '2026-03-11T00:00:00Z'];
    expect(verdict(times, { within: parseKeepDuration('10d') }).map(([, why]) => why)).toEqual([
      'within 10d',
      'within 10d',
      '',
    ]);
  });

  it('do not reckon from the future', () => {
    const times = ['2026-03-01T00:00:00Z', '2026-03-11T00:00:00Z', '2040-01-01T00:00:00Z'];
    expect(verdict(times, { within: parseKeepDuration('1d') }).map(([, why]) => why)).toEqual([
      'within 1d',
      'within 1d',
      '',
    ]);
    expect(verdict(['2040-01-01T00:00:00Z'], { within: parseKeepDuration('1h') }).map(([, why]) => why)).toEqual([
      'within 1h',
    ]);
  });

  it('take the newest of each hour, day, …', () => {
    const times = ['2026-03-01T01:00:00Z', '2026-03-10T01:00:00Z', '2026-03-10T02:00:00Z', '2026-03-11T00:00:00Z'];
    expect(verdict(times, { periodsWithin: { daily: parseKeepDuration('3d') } }).map(([, why]) => why)).toEqual([
      'daily within 3d',
      'daily within 3d',
      '',
      '',
    ]);
  });
});

describe('rules by tags', () => {
  it('keep those with all tags of a list', () => {
    const all = [
      snapshot('2026-01-01T00:00:00Z', ['a', 'b']),
      snapshot('2026-01-02T00:00:00Z', ['a']),
      snapshot('2026-01-03T00:00:00Z'),
    ];
    const kept = (tags: readonly (readonly string[])[]): string[] =>
      applyPolicy(all, { tags }, NOW).keep.map(
        (one) => `${one.snapshot.snapshot.time.slice(8, 10)}: ${one.reasons.join(', ')}`,
      );
    expect(kept([['a', 'b']])).toEqual(['01: has tags [a, b]']);
    expect(kept([['a'], ['b']])).toEqual(['02: has tags [a]', '01: has tags [a], has tags [b]']);
    expect(kept([['']])).toEqual(['03: has tags []']);
    expect(kept([['z']])).toEqual([]);
  });
});

describe('an empty policy', () => {
  it('keeps nothing', () => {
    expect(applyPolicy([snapshot('2026-01-01T00:00:00Z')], {}, NOW).remove.length).toBe(1);
  });

  it.each<[KeepPolicy, boolean]>([
    [{}, true],
    [{ last: 0, periods: { daily: 0 }, within: parseKeepDuration('0d'), tags: [] }, true],
    [{ last: 1 }, false],
    [{ periods: { yearly: Number.POSITIVE_INFINITY } }, false],
    [{ within: parseKeepDuration('1h') }, false],
    [{ periodsWithin: { weekly: parseKeepDuration('1m') } }, false],
    [{ tags: [['']] }, false],
  ])('%j is empty: %s', (policy, expected) => {
    expect(isEmptyPolicy(policy)).toBe(expected);
  });
});

describe('a policy in words', () => {
  it.each<[KeepPolicy, string]>([
    [{}, 'remove'],
    [{ last: 1 }, 'keep 1 latest snapshots'],
    [
      {
        periods: { hourly: 3, yearly: Number.POSITIVE_INFINITY },
        periodsWithin: { daily: parseKeepDuration('3d'), yearly: parseKeepDuration('2y') },
        tags: [['t1'], ['t2', 't3']],
        within: parseKeepDuration('3h5d1y'),
      },
      'keep 3 hourly, all yearly snapshots, daily snapshots within 3d, yearly snapshots within 2y and all snapshots with tags [[t1] [t2, t3]] and all snapshots within 1y5d3h of the newest',
    ],
  ])('%j', (policy, text) => {
    expect(describePolicy(policy)).toBe(text);
  });
});

describe('durations', () => {
  it('are read in any order', () => {
    expect(parseKeepDuration('3h5d1y')).toEqual({ years: 1, months: 0, days: 5, hours: 3 });
    expect(formatKeepDuration(parseKeepDuration('2h7d5m1y'))).toBe('1y5m7d2h');
    expect(formatKeepDuration(parseKeepDuration('5d6d'))).toBe('6d');
    expect([isZeroDuration(parseKeepDuration('')), isZeroDuration(parseKeepDuration('0d'))]).toEqual([true, true]);
  });

  it.each([
    ['5', 'no unit found after number 5'],
    ['5x', "invalid unit 'x' found after number 5"],
    ['d', 'no number found'],
    ['unlimited', 'no number found'],
    ['1d 2h', 'no number found'],
    ['-1d', 'a duration cannot be negative: -1d'],
    ['99999999999999999999d', 'the number 99999999999999999999 is too large'],
  ])('%s is refused', (text, message) => {
    expect(() => parseKeepDuration(text)).toThrow(message);
  });

  const zone = process.env['TZ'];
  afterEach(() => {
    if (zone === undefined) Reflect.deleteProperty(process.env, 'TZ');
    else process.env['TZ'] = zone;
  });

  const go = (time: string, span: string): string => {
    const ns = before(time, parseKeepDuration(span));
    return ns === undefined ? 'before all' : formatGoTime(ns);
  };

  it('are reckoned on the calendar', () => {
    expect(go('2026-03-31T10:00:00.123456789Z', '1m')).toBe('2026-03-03T10:00:00.123456789Z');
    expect(go('2024-02-29T10:00:00Z', '1y')).toBe('2023-03-01T10:00:00Z');
    expect(go('2026-01-01T00:00:00+05:00', '1d')).toBe('2025-12-30T19:00:00Z');
    expect(go('2026-01-01T00:00:00Z', '25h')).toBe('2025-12-30T23:00:00Z');
    expect(go('2026-01-01T00:00:00Z', '99999999y')).toBe('before all');
  });

  it('know of summer time where the snapshot has the time of this machine', () => {
    process.env['TZ'] = 'Europe/Berlin';
    expect(go('2026-07-01T12:00:00+02:00', '6m')).toBe('2026-01-01T11:00:00Z');
    expect(go('2026-07-01T10:00:00Z', '6m')).toBe('2026-01-01T10:00:00Z');
    expect(go('2026-07-01T12:00:00+03:00', '6m')).toBe('2026-01-01T09:00:00Z');
    // 02:30 was not there on 29 March, and was there twice on 25 October.
    expect(go('2026-04-29T02:30:00+02:00', '1m')).toBe('2026-03-29T01:30:00Z');
    expect(go('2026-11-25T02:30:00+01:00', '1m')).toBe('2026-10-25T01:30:00Z');
  });
});

describe('any policy', () => {
  const times = fc.array(
    fc
      .tuple(fc.integer({ min: 0, max: 100_000 }), fc.constantFrom(0, 120, -300))
      .map(([hours, offset]) => formatGoTime(1_400_000_000_000_000_000n + BigInt(hours) * 3_600_000_000_000n, offset)),
    { minLength: 1, maxLength: 40 },
  );
  const policies = fc.record({
    last: fc.nat(5),
    periods: fc.record({
      hourly: fc.nat(5),
      daily: fc.nat(5),
      weekly: fc.nat(5),
      monthly: fc.nat(5),
      yearly: fc.nat(5),
    }),
  });

  it('parts the snapshots, keeps the newest, and at most as many as its numbers say', () => {
    fc.assert(
      fc.property(times, policies, (some, policy) => {
        const { keep, remove } = applyPolicy(
          some.map((time) => snapshot(time)),
          policy,
          NOW,
        );
        expect(keep.length + remove.length).toBe(some.length);
        const most = policy.last + Object.values(policy.periods).reduce((sum, count) => sum + count, 0);
        expect(keep.length).toBeLessThanOrEqual(most);
        if (most > 0) expect(keep[0]?.reasons.length).toBeGreaterThan(0);
      }),
    );
  });
});
