import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatLocalTime, localZone } from '../../src/archive/local-zone.js';
import { parseZoneFile, zoneAt } from '../../src/archive/zone-file.js';
import { parseZoneRule, ruleAt } from '../../src/archive/zone-rule.js';
import { itIf } from '../helpers/only-where.js';
import { tempFolder } from '../helpers/temp.js';

const at = (text: string): number => Date.parse(text) / 1000;

/** "+01:00" of the rule at a time in UTC. */
function offsetAt(rule: string, time: string): number {
  const parsed = parseZoneRule(rule);
  if (parsed === undefined) throw new Error(`${rule} is no rule`);
  // The sum makes 0 of -0.
  return ruleAt(parsed, at(time)).offset / 3600 + 0;
}

describe('a rule for clocks', () => {
  it.each([
    ['UTC0', '2030-01-01T00:00:00Z', 0],
    ['EST5', '2030-07-01T00:00:00Z', -5],
    ['<+0545>-5:45', '2030-07-01T00:00:00Z', 5.75],
    ['CET-1CEST,M3.5.0,M10.5.0/3', '2040-03-25T00:59:59Z', 1],
    ['CET-1CEST,M3.5.0,M10.5.0/3', '2040-03-25T01:00:00Z', 2],
    ['CET-1CEST,M3.5.0,M10.5.0/3', '2040-10-28T00:59:59Z', 2],
    ['CET-1CEST,M3.5.0,M10.5.0/3', '2040-10-28T01:00:00Z', 1],
    ['EST5EDT', '2040-03-11T07:00:00Z', -4],
    ['EST5EDT', '2040-03-11T06:59:59Z', -5],
    ['EST5EDT,M3.2.0,M11.1.0', '2040-11-04T06:00:00Z', -5],
    // South of the equator.
    ['AEST-10AEDT,M10.1.0,M4.1.0/3', '2040-01-01T00:00:00Z', 11],
    ['AEST-10AEDT,M10.1.0,M4.1.0/3', '2040-06-01T00:00:00Z', 10],
    ['AEST-10AEDT,M10.1.0,M4.1.0/3', '2040-12-01T00:00:00Z', 11],
    // Half an hour, in winter, and with hours below 0 and above 24.
    ['<+1030>-10:30<+11>-11,M10.1.0,M4.1.0', '2040-01-01T00:00:00Z', 11],
    ['IST-1GMT0,M10.5.0,M3.5.0/1', '2040-07-01T00:00:00Z', 1],
    ['IST-1GMT0,M10.5.0,M3.5.0/1', '2040-01-01T00:00:00Z', 0],
    ['<-02>2<-01>,M3.5.0/-1,M10.5.0/0', '2040-03-25T00:59:59Z', -2],
    ['<-02>2<-01>,M3.5.0/-1,M10.5.0/0', '2040-03-25T01:00:00Z', -1],
    ['IST-2IDT,M3.4.4/26,M10.5.0', '2040-03-22T23:59:59Z', 2],
    ['IST-2IDT,M3.4.4/26,M10.5.0', '2040-03-23T00:00:00Z', 3],
    // Days of the year, with and without 29 February.
    ['AAA0BBB,J60,J61', '2040-03-01T02:00:00Z', 1],
    ['AAA0BBB,J60,J61', '2041-03-01T02:00:00Z', 1],
    ['AAA0BBB,59,60', '2040-02-29T02:00:00Z', 1],
    ['AAA0BBB,59,60', '2041-03-01T02:00:00Z', 1],
  ])('%s at %s', (rule, time, hours) => expect(offsetAt(rule, time)).toBe(hours));

  it.each(['', 'X', '5', 'CET', 'CET-1CEST,', 'CET-1CEST,M3.5.0', 'CET-1CEST,M3.5.0,M10.5.0 ', 'CET-1CEST,x,y'])(
    '%j is none',
    (text) => expect(parseZoneRule(text)).toBeUndefined(),
  );
});

const ZONES = '/usr/share/zoneinfo';
const hasZones = (() => {
  try {
    return parseZoneFile(readFileSync(join(ZONES, 'Europe/Berlin'))) !== undefined;
  } catch {
    return false;
  }
})();
const withZones = itIf(hasZones, `there are no zones in ${ZONES}`);

describe('a zone file', () => {
  withZones('agrees with what Node knows of recent times', () => {
    const names = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Sydney', 'Pacific/Auckland', 'UTC'];
    const zones = names.map((name) => {
      const zone = parseZoneFile(readFileSync(join(ZONES, name)));
      const format = new Intl.DateTimeFormat('en', { timeZone: name, timeZoneName: 'longOffset' });
      return { zone, format };
    });
    fc.assert(
      fc.property(fc.integer({ min: at('1985-01-01'), max: at('2060-01-01') }), (seconds) => {
        for (const { zone, format } of zones) {
          const text = format.formatToParts(seconds * 1000).find(({ type }) => type === 'timeZoneName')?.value;
          const [, sign, hours, minutes] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(text ?? '') ?? [];
          const expected = (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60);
          expect(zone && zoneAt(zone, seconds).offset + 0).toBe(expected + 0);
        }
      }),
    );
  });

  withZones('is refused where it is cut off, and never followed out of its bounds', () => {
    const bytes = readFileSync(join(ZONES, 'Europe/Berlin'));
    for (let length = 0; length < bytes.length; length += 7) {
      const zone = parseZoneFile(bytes.subarray(0, length));
      expect(zone === undefined || zoneAt(zone, 0).offset === 3600).toBe(true);
    }
    expect(parseZoneFile(new Uint8Array(200))).toBeUndefined();
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (place, value) => {
        const broken = Uint8Array.from(bytes);
        broken[place] = value;
        const zone = parseZoneFile(broken);
        if (zone !== undefined) expect(Number.isInteger(zoneAt(zone, 1e9).offset)).toBe(true);
      }),
    );
  });
});

describe('the local zone', () => {
  const shown = (tz: string | undefined, ns: bigint): string => formatLocalTime(ns, localZone(tz, 'linux'));

  withZones('is that of TZ', () => {
    const summer = BigInt(at('2026-07-01T12:00:00Z')) * 1_000_000_000n + 120n;
    expect(shown('Europe/Berlin', summer)).toBe('2026-07-01T14:00:00.00000012+02:00');
    expect(shown(':Europe/Berlin', summer)).toBe('2026-07-01T14:00:00.00000012+02:00');
    expect(shown(join(ZONES, 'Asia/Kathmandu'), summer)).toBe('2026-07-01T17:45:00.00000012+05:45');
    // Minutes are all that Go writes of an offset, whatever the clocks did.
    expect(shown('Europe/Amsterdam', BigInt(at('1900-01-01T00:00:00Z')) * 1_000_000_000n)).toMatch(
      /^1900-01-01T00:(19:32\+00:19|17:30\+00:17)$/,
    );
    // The second below, not the one above, is what decides before 1970.
    expect(shown('Europe/Berlin', -1n)).toBe('1970-01-01T00:59:59.999999999+01:00');
  });

  it('is UTC where TZ names none', () => {
    for (const tz of ['', 'UTC', ':', 'No/Such', '../../etc/passwd', '/no/such', 'CET-1CEST,M3.5.0,M10.5.0/3']) {
      expect(shown(tz, 0n)).toBe('1970-01-01T00:00:00Z');
    }
    const noZone = join(tempFolder(), 'zone');
    writeFileSync(noZone, 'TZif, but not really');
    expect(shown(noZone, 0n)).toBe('1970-01-01T00:00:00Z');
  });

  it('is what Node knows of it on Windows', () => {
    const now = Date.now();
    expect(localZone(undefined, 'win32')(now / 1000)).toBe(-60 * new Date(now).getTimezoneOffset());
  });
});
