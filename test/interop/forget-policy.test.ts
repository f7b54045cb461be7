/** The keep policy against restic's: which snapshots of many it keeps, and the reasons it gives. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { SnapshotId, TreeId } from '../../src/base/ids.js';
import { planForget } from '../../src/maintain/forget.js';
import { parseKeepDuration } from '../../src/maintain/keep-duration.js';
import type { KeepPolicy, Period } from '../../src/maintain/policy.js';
import { PERIODS } from '../../src/maintain/policy.js';
import { formatGoTime, parseGoTime } from '../../src/repo/go-time.js';
import { encodeTree } from '../../src/repo/tree.js';
import { type LocalRepository, localRepository } from '../helpers/local-repository.js';
import { describeInterop, restic } from '../helpers/peers.js';

const groups = z.array(
  z.object({
    host: z.string(),
    keep: z.array(z.object({ id: z.string() })).nullable(),
    remove: z.array(z.object({ id: z.string() })).nullable(),
    reasons: z.array(z.object({ snapshot: z.object({ id: z.string() }), matches: z.array(z.string()) })).nullable(),
  }),
);

interface Verdict {
  readonly remove: readonly string[];
  readonly reasons: readonly (readonly [string, readonly string[]])[];
}

const OFFSETS = [0, 60, 120, -300, -240, 330, 765, -720];
const NOW = parseGoTime('2026-11-22T12:00:00Z');
const SECOND = 1_000_000_000n;
const HOST_COUNT = 3;

/** Most within weeks, some years apart, some in the future; at any offset, and with any fraction of a second. */
function randomTime(random: () => number): string {
  const span = [3600, 86_400 * 3, 86_400 * 60, 86_400 * 900, 86_400 * 8000][Math.floor(random() * 5)] ?? 0;
  const future = random() < 0.03 ? span / 1000 : 0;
  const ns = NOW - BigInt(Math.floor(random() * span - future)) * SECOND - BigInt(Math.floor(random() * 1e9));
  return formatGoTime(ns, OFFSETS[Math.floor(random() * OFFSETS.length)] ?? 0);
}

function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function storeTree({ repo }: LocalRepository): Promise<TreeId> {
  return repo.write({}, async (session) => {
    const id = await session.saveTree(encodeTree([]));
    await session.flush();
    return id;
  });
}

async function storeSnapshots(local: LocalRepository, count: number): Promise<void> {
  const tree = await storeTree(local);
  const random = randomNumbers(4711);
  for (let i = 0; i < count; i++) {
    const tags = ['a', 'b', 'c'].filter(() => random() < 0.2);
    const hostname = `host${Math.floor(random() * HOST_COUNT)}`;
    await local.repo.saveSnapshot({ time: randomTime(random), tree, paths: ['/data'], hostname, tags });
  }
}

const count = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 50, max: 200 }), fc.constant(Infinity));
const span = fc
  .record({ y: fc.nat(3), m: fc.nat(20), d: fc.nat(60), h: fc.nat(100) }, { requiredKeys: [] })
  .map((parts) =>
    Object.entries(parts)
      .map(([unit, n]) => `${n}${unit}`)
      .join(''),
  )
  .filter((text) => /[1-9]/.test(text));

interface Flags {
  readonly last?: number;
  readonly periods: Partial<Record<Period, number>>;
  readonly within?: string;
  readonly periodsWithin: Partial<Record<Period, string>>;
  readonly tags: readonly (readonly string[])[];
}

const perPeriod = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<Partial<Record<Period, T>>> =>
  fc.dictionary(fc.constantFrom(...PERIODS), value, { maxKeys: 3 });

const flags: fc.Arbitrary<Flags> = fc
  .record(
    {
      last: count,
      periods: perPeriod(count),
      within: span,
      periodsWithin: perPeriod(span),
      tags: fc.array(fc.constantFrom(['a'], ['a', 'b'], [''], ['z']), { maxLength: 2 }),
    },
    { requiredKeys: ['periods', 'periodsWithin', 'tags'] },
  )
  .filter(
    (one) => one.last !== undefined || Object.keys(one.periods).length + Object.keys(one.periodsWithin).length > 0,
  );

function argumentsOf({ last, periods, within, periodsWithin, tags }: Flags): string[] {
  const number = (value: number): string => (value === Infinity ? 'unlimited' : String(value));
  return [
    ...(last === undefined ? [] : [`--keep-last=${number(last)}`]),
    ...Object.entries(periods).map(([period, value]) => `--keep-${period}=${number(value)}`),
    ...(within === undefined ? [] : [`--keep-within=${within}`]),
    ...Object.entries(periodsWithin).map(([period, value]) => `--keep-within-${period}=${value}`),
    ...tags.map((list) => `--keep-tag=${list.join(',')}`),
  ];
}

function policyOf({ last, periods, within, periodsWithin, tags }: Flags): KeepPolicy {
  const spans = Object.entries(periodsWithin).map(([period, value]) => [period, parseKeepDuration(value)] as const);
  return {
    last,
    periods,
    within: within === undefined ? undefined : parseKeepDuration(within),
    periodsWithin: Object.fromEntries(spans),
    tags,
  };
}

async function theirs(local: LocalRepository, one: Flags, zone: string): Promise<Map<string, Verdict>> {
  const args = ['forget', '--dry-run', '--no-lock', '--json', '--no-cache', '--unsafe-allow-remove-all'];
  const { code, stdout, stderr } = await restic('restic-latest', [...args, ...argumentsOf(one)], {
    repo: local.path,
    password: local.password,
    env: { TZ: zone },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return new Map(
    groups.parse(JSON.parse(stdout)).map(({ host, remove, reasons }) => [
      host,
      {
        remove: (remove ?? []).map(({ id }) => id),
        reasons: (reasons ?? []).map(({ snapshot, matches }) => [snapshot.id, matches] as const),
      },
    ]),
  );
}

async function ours(local: LocalRepository, one: Flags): Promise<Map<string, Verdict>> {
  const plan = await planForget(local.repo, { policy: policyOf(one), allowRemoveAll: true });
  return new Map(
    plan.groups.map(({ key, keep, remove }) => [
      key.hostname,
      {
        remove: remove.map(({ id }): SnapshotId => id),
        reasons: keep.map(({ snapshot, reasons }) => [snapshot.id, reasons] as const),
      },
    ]),
  );
}

describeInterop('the keep policy is that of restic', ['restic-latest'], () => {
  let local: LocalRepository;
  const zone = process.env['TZ'];
  beforeAll(async () => {
    local = await localRepository();
    await storeSnapshots(local, 400);
  });
  afterAll(() => {
    if (zone === undefined) Reflect.deleteProperty(process.env, 'TZ');
    else process.env['TZ'] = zone;
  });

  describe.each(['UTC', 'Europe/Berlin', 'America/New_York'])('in the zone %s', (where) => {
    it('for any policy', async () => {
      process.env['TZ'] = where;
      const property = fc.asyncProperty(flags, async (one) => {
        expect(await ours(local, one)).toEqual(await theirs(local, one, where));
      });
      await fc.assert(property, { numRuns: 12, seed: 20_261_122 });
    });
  });

  it.each([
    { newest: '2025-04-30T02:30:00+02:00', change: '2025-03-30T01:00:00Z' },
    { newest: '2025-11-26T02:30:00+01:00', change: '2025-10-26T01:00:00Z' },
  ])('where the clock is changed, a month before $newest', async ({ newest, change }) => {
    process.env['TZ'] = 'Europe/Berlin';
    const changing = await localRepository();
    const tree = await storeTree(changing);
    for (let minutes = -120; minutes <= 120; minutes += 15) {
      const time = formatGoTime(parseGoTime(change) + BigInt(minutes) * 60n * SECOND);
      await changing.repo.saveSnapshot({ time, tree, paths: ['/data'], hostname: 'host' });
    }
    await changing.repo.saveSnapshot({ time: newest, tree, paths: ['/data'], hostname: 'host' });
    const one: Flags = { within: '1m', periods: {}, periodsWithin: {}, tags: [] };
    const mine = await ours(changing, one);
    expect(mine.get('host')?.remove.length).toBeGreaterThan(3);
    expect(mine).toEqual(await theirs(changing, one, 'Europe/Berlin'));
  });
});
