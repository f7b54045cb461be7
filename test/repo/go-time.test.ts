import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { fromUtf8 } from '../../src/base/bytes.js';
import { formatGoTime, formatGoTimeAt, GO_ZERO_TIME, isGoTime, parseGoTime } from '../../src/repo/go-time.js';
import { failureOf, goldenFiles } from './golden.js';

const SECOND = 1_000_000_000n;

/** The time text, its nanoseconds, its offset; the first rows are what restic wrote for files with these times. */
const KNOWN: [string, bigint, number][] = [
  ['1969-12-31T20:30:00-03:30', 0n, -210],
  ['1969-12-31T20:29:59.999999999-03:30', -1n, -210],
  ['2001-02-03T00:35:06.12-03:30', 981_173_106n * SECOND + 120_000_000n, -210],
  ['2021-02-27T18:42:37.97-03:30', 1_614_463_957n * SECOND + 970_000_000n, -210],
  ['2021-07-01T09:30:00.000000001-02:30', 1_625_140_800n * SECOND + 1n, -150],
  ['2038-01-18T23:44:08-03:30', 2n ** 31n * SECOND, -210],
  ['2446-05-10T20:08:54-02:30', 15_032_385_534n * SECOND, -150],
  ['1970-01-01T00:00:00Z', 0n, 0],
  ['2000-02-29T23:59:59.5Z', 951_868_799n * SECOND + 500_000_000n, 0],
  ['1900-03-01T00:00:00Z', -2_203_891_200n * SECOND, 0],
  ['2024-01-01T05:45:00+05:45', 1_704_067_200n * SECOND, 345],
  [GO_ZERO_TIME, -62_135_596_800n * SECOND, 0],
  ['0000-01-01T00:00:00Z', -62_167_219_200n * SECOND, 0],
  ['9999-12-31T23:59:59.999999999Z', 253_402_300_799n * SECOND + 999_999_999n, 0],
];

describe('times', () => {
  it.each(KNOWN)('%s', (text, ns, offset) => {
    expect(parseGoTime(text)).toBe(ns);
    expect(formatGoTime(ns, offset)).toBe(text);
  });

  test('every time in restic\u2019s trees comes out as it went in', () => {
    const texts = goldenFiles('tree-', '.json').flatMap(([, bytes]) =>
      [...fromUtf8(bytes).matchAll(/"[amc]time":"([^"]*)"/g)].map((match) => match[1] ?? ''),
    );
    expect(texts.length).toBeGreaterThan(500);
    for (const text of texts) {
      const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)$/.exec(text) ?? [];
      const offset = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
      expect(formatGoTime(parseGoTime(text), offset)).toBe(text);
    }
  });

  test('any number of digits is read, those behind the ninth are dropped', () => {
    expect(parseGoTime('1970-01-01T00:00:00.070Z')).toBe(70_000_000n);
    expect(parseGoTime('1970-01-01T00:00:00.1234567899Z')).toBe(123_456_789n);
    expect(parseGoTime('1969-12-31T23:59:59.5Z')).toBe(-500_000_000n);
    expect(parseGoTime('1970-01-01T00:00:00.000+00:00')).toBe(0n);
  });
});

describe('years beyond four digits are moved to the nearest that has them', () => {
  const year = (n: number): bigint =>
    (BigInt(Date.UTC(2000, 0, 1)) / 1000n + BigInt((n - 2000) / 400) * 12_622_780_800n) * SECOND;
  const rows: [bigint, number, string][] = [
    [year(10_000), 0, '9999-01-01T00:00:00Z'],
    [year(10_000), -60, '9999-12-31T23:00:00-01:00'],
    [year(20_000) + (31n + 28n) * 86_400n * SECOND + 7n, 0, '9999-03-01T00:00:00.000000007Z'],
    [year(-400), 0, '0000-01-01T00:00:00Z'],
    [year(0) - 1n, 0, '0000-12-31T23:59:59.999999999Z'],
    [2n ** 63n - 1n, 0, '2262-04-11T23:47:16.854775807Z'],
    [-(2n ** 63n), 0, '1677-09-21T00:12:43.145224192Z'],
  ];
  it.each(rows)('%s ns, offset %i: %s', (ns, offset, text) => expect(formatGoTime(ns, offset)).toBe(text));
});

describe('an offset with seconds', () => {
  // As restic wrote the times of files under TZ=Europe/Amsterdam and TZ=Africa/Monrovia.
  const rows: [bigint, number, string][] = [
    [-(2n ** 31n) * SECOND, 1172, '1901-12-13T21:05:24+00:19'],
    [0n, -2670, '1969-12-31T23:15:30-00:44'],
    [0n, 30, '1970-01-01T00:00:30+00:00'],
    [0n, -30, '1969-12-31T23:59:30+00:00'],
    [0n, 0, '1970-01-01T00:00:00Z'],
  ];
  it.each(rows)('%s ns, offset %i s: %s', (ns, offset, text) => expect(formatGoTimeAt(ns, offset)).toBe(text));
});

describe('what is no time', () => {
  const wrong = [
    '',
    'now',
    '2021-02-27',
    '2021-02-27T23:12:37',
    '2021-02-27 23:12:37Z',
    '2021-02-27t23:12:37z',
    '2021-2-27T23:12:37Z',
    '2021-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2021-00-01T00:00:00Z',
    '2021-13-01T00:00:00Z',
    '2021-04-31T00:00:00Z',
    '2021-01-00T00:00:00Z',
    '2021-01-01T24:00:00Z',
    '2021-01-01T00:60:00Z',
    '2021-01-01T00:00:60Z',
    '2021-01-01T00:00:00,5Z',
    '2021-01-01T00:00:00.Z',
    '2021-01-01T00:00:00+1:00',
    '2021-01-01T00:00:00+24:00',
    '2021-01-01T00:00:00+00:60',
    '12021-01-01T00:00:00Z',
    '-021-01-01T00:00:00Z',
    '2021-01-01T00:00:00Z ',
    '2021-01-01T00:00:00ZZ',
    '２021-01-01T00:00:00Z',
  ];
  it.each(wrong)('%j', (text) => {
    expect(isGoTime(text)).toBe(false);
    expect(failureOf(() => parseGoTime(text)).code).toBe('damaged');
  });
});

test('property: format and parse are inverse, and agree with Date', () => {
  const ns = fc.bigInt({ min: -62_135_596_800n * SECOND, max: 253_402_214_400n * SECOND });
  fc.assert(
    fc.property(ns, fc.integer({ min: -1439, max: 1439 }), (time, offset) => {
      const text = formatGoTime(time, offset);
      if (/^(0000|9999)/.test(text)) return;
      expect(isGoTime(text)).toBe(true);
      expect(parseGoTime(text)).toBe(time);
      const ms = (time - (((time % 1_000_000n) + 1_000_000n) % 1_000_000n)) / 1_000_000n;
      expect(formatGoTime(ms * 1_000_000n, 0).slice(0, 19)).toBe(new Date(Number(ms)).toISOString().slice(0, 19));
    }),
    { numRuns: 500 },
  );
});
