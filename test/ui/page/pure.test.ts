/** The parts of the page that need no browser: rate and time left, places, names. */
import { describe, expect, it } from 'vitest';
import { plainName, shorten } from '../../../src/ui/page/names.js';
import { parsePlace, placeOf } from '../../../src/ui/page/place.js';
import { createRate } from '../../../src/ui/page/rate.js';

const MB = 1_000_000;

describe('the rate', () => {
  it('is told once something has moved, and smooths bursts', () => {
    const rate = createRate();
    rate.add({ elapsedMs: 0, bytesDone: 0 });
    expect(rate.bytesPerSecond).toBeUndefined();
    for (let second = 1; second <= 20; second += 1) rate.add({ elapsedMs: second * 1000, bytesDone: second * MB });
    expect(rate.bytesPerSecond).toBeCloseTo(MB);
    rate.add({ elapsedMs: 20_500, bytesDone: 30 * MB });
    expect(rate.bytesPerSecond).toBeLessThan(4 * MB);
    expect(rate.bytesPerSecond).toBeGreaterThan(MB);
  });

  it('tells no time that would be a guess', () => {
    const rate = createRate();
    rate.add({ elapsedMs: 0, bytesDone: 0 });
    rate.add({ elapsedMs: 2_000, bytesDone: 2 * MB });
    expect(rate.left(10 * MB)).toBeUndefined();
    rate.add({ elapsedMs: 4_000, bytesDone: 4 * MB });
    expect(rate.left(10 * MB)).toBeCloseTo(10_000);
    expect(rate.left(0)).toBeUndefined();
    expect(rate.left(1e12)).toBeUndefined();
  });

  it('begins anew with another phase, and takes no sample twice', () => {
    const rate = createRate();
    rate.add({ elapsedMs: 0, bytesDone: 0 });
    rate.add({ elapsedMs: 5_000, bytesDone: 50 * MB });
    rate.add({ elapsedMs: 5_000, bytesDone: 50 * MB });
    expect(rate.bytesPerSecond).toBeCloseTo(10 * MB);
    rate.add({ elapsedMs: 6_000, bytesDone: 0 });
    expect(rate.bytesPerSecond).toBeUndefined();
    expect(rate.left(MB)).toBeUndefined();
  });
});

describe('places', () => {
  it('come back as they were, whatever a name holds', () => {
    const values = {
      instance: 'i 1',
      version: 'v',
      time: '2026-11-22T19:30:00+01:00',
      path: 'saves/a?b#c&d=e %20',
      world: 'saves/Wörld',
    };
    expect(parsePlace(placeOf('inside', values))).toEqual({ page: 'inside', ...values });
  });

  it('are the overview where they are none', () => {
    const empty = { page: 'status', instance: '', version: '', time: '', path: '', world: '' };
    expect(['', '#', '#/', '#/elsewhere', '#/constructor'].map(parsePlace)).toEqual(Array(5).fill(empty));
  });
});

describe('names', () => {
  it('are cut in the middle, between letters', () => {
    expect(shorten('short', 9)).toBe('short');
    expect(shorten('abcdefghijkl', 9)).toBe('abcde…jkl');
    expect(shorten('😀'.repeat(20), 4)).toBe('😀😀…😀');
  });

  it('show what cannot be seen, and end the direction that they have', () => {
    expect(plainName('a\u202eb\u0000')).toBe('\u2068a\\u{202e}b\\u{0}\u2069');
  });
});
