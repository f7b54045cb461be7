import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Pace } from '../../src/archive/pace.js';
import { type ScanFilter, scanFolder } from '../../src/archive/scan.js';
import { onPosix } from '../helpers/only-where.js';
import { tempFolder } from '../helpers/temp.js';

const ALL: ScanFilter = { includesFile: () => true, includesFolder: () => true, mayContain: () => true };

/** Looks of `ms` each, on a clock of our own. */
function paceAfter(looks: readonly number[]): Pace {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const pace = new Pace();
  for (const ms of looks) {
    pace.time(() => {
      now += ms;
    });
  }
  return pace;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the pace of a walk', () => {
  it('is slow where most looks wait', () => {
    expect(paceAfter(Array.from({ length: 128 }, () => 0.3)).isSlow).toBe(true);
    expect(paceAfter(Array.from({ length: 128 }, () => 0.006)).isSlow).toBe(false);
  });

  it('is not slow for a few looks that were held up, however long', () => {
    expect(paceAfter(Array.from({ length: 128 }, (_, i) => (i % 32 === 31 ? 50 : 0.006))).isSlow).toBe(false);
  });

  it('is decided by the first looks', () => {
    expect(paceAfter(Array.from({ length: 1000 }, (_, i) => (i < 128 ? 0.006 : 1))).isSlow).toBe(false);
  });

  it('gives a failed look on', () => {
    expect(() =>
      new Pace().time(() => {
        throw new Error('no');
      }),
    ).toThrow('no');
  });

  it('lets others have their turn after some milliseconds, and not before', async () => {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const pace = new Pace();
    let turns = 0;
    setImmediate(() => {
      turns += 1;
    });
    await pace.turn();
    expect(turns).toBe(0);
    now = 20;
    await pace.turn();
    expect(turns).toBe(1);
  });
});

describe('a walk over a slow disk', () => {
  onPosix('finds what a walk over a fast one finds', async () => {
    const folder = tempFolder();
    for (let i = 0; i < 6; i++) {
      mkdirSync(join(folder, `d${i}`, 'empty'), { recursive: true });
      for (let j = 0; j < 40; j++) writeFileSync(join(folder, `d${i}`, `${j}`), 'x'.repeat(j));
      symlinkSync('0', join(folder, `d${i}`, 'link'));
    }
    const fast = await scanFolder(folder, ALL);
    let now = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 1));
    const slow = await scanFolder(folder, ALL);
    // The clock was asked twice for each of the looks that decide, and the rest went another way.
    expect(clock.mock.calls.length).toBeGreaterThan(16);
    expect(new Map([...slow.entries].sort())).toEqual(new Map([...fast.entries].sort()));
    expect([slow.entries.size, slow.unreadable, slow.skipped]).toEqual([6 * 42, [], []]);
  });
});
