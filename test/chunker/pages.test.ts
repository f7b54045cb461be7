import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Bytes } from '../../src/base/bytes.js';
import { utf8 } from '../../src/base/bytes.js';
import { MAX_CHUNK } from '../../src/chunker/chunker.js';
import type { PageLayout } from '../../src/chunker/pages.js';
import { pageLayoutOf } from '../../src/chunker/pages.js';

const KIB = 1024;
const NOTHING = new Uint8Array(0);
const GIB = 1024 * 1024 * KIB;
const REGION = { head: 8 * KIB, group: 16 * KIB, fine: 8 * KIB };

/** The first 100 bytes of a database, with this page size as it is written. */
function sqliteStart(pageSize: number): Bytes {
  const start = new Uint8Array(100);
  start.set(utf8('SQLite format 3\0'));
  start.set([pageSize >> 8, pageSize & 0xff], 16);
  return start;
}

describe('which files are cut by pages', () => {
  test.each(['r.0.0.mca', 'saves/W/region/r.-1.3.mca', 'R.0.0.MCA', 'old/r.0.0.mcr', 'entities/r.1.1.Mca'])(
    '%s is a region file, whatever is in it',
    (path) => {
      expect(pageLayoutOf(path, NOTHING, 1e6)).toEqual(REGION);
      expect(pageLayoutOf(path, new Uint8Array(8192).fill(0xff), 1e6 + 1)).toEqual(REGION);
    },
  );

  test.each(['c.0.0.mcc', 'r.0.0.mca.bak', 'mca', 'level.dat', 'r.0.0.mcap', 'mods/a.jar', ''])(
    '%j is none',
    (path) => {
      expect(pageLayoutOf(path, new Uint8Array(8192), 1e6)).toBeUndefined();
    },
  );

  test.each([512, 1024, 2048, 4096, 8192, 16_384, 32_768])('a database with pages of %i bytes', (page) => {
    const layout = pageLayoutOf('DistantHorizons.sqlite', sqliteStart(page), 1e7);
    expect(layout).toEqual({ head: page, group: Math.max(page, 16 * KIB), fine: Math.max(page, 8 * KIB) });
  });

  test('a database with pages of 64 KiB, which is written as 1: no blob is less than a page', () => {
    const page = 64 * KIB;
    expect(pageLayoutOf('map.db', sqliteStart(1), 1e7)).toEqual({ head: page, group: page, fine: page });
  });

  test.each([0, 2, 256, 511, 513, 1000, 4097, 65_535])('%i is no page size', (written) => {
    expect(pageLayoutOf('map.db', sqliteStart(written), 1e7)).toBeUndefined();
  });

  test('garbage, other words and starts cut short are no database', () => {
    const whole = sqliteStart(4096);
    for (let length = 0; length <= 16; length++) {
      expect(pageLayoutOf('map.db', whole.subarray(0, length), 1e7)).toBeUndefined();
    }
    for (let at = 0; at < 16; at++) {
      const other = whole.slice();
      other[at] = (other[at] ?? 0) ^ 1;
      expect(pageLayoutOf('map.db', other, 1e7)).toBeUndefined();
    }
  });

  test('a file of less than two groups is one blob, as other small files are', () => {
    const limit = REGION.head + REGION.group;
    expect(pageLayoutOf('r.0.0.mca', NOTHING, 0)).toBeUndefined();
    expect(pageLayoutOf('r.0.0.mca', NOTHING, limit)).toBeUndefined();
    expect(pageLayoutOf('r.0.0.mca', NOTHING, limit + 1)).toEqual(REGION);
  });

  test.each([
    [0, 16],
    [0.5, 16],
    [0.51, 32],
    [1, 32],
    [1.01, 64],
    [16, 512],
    [20, 1024],
    [10_000, 1024],
  ])('with %f GiB in all a group has %i KiB', (total, group) => {
    expect(pageLayoutOf('r.0.0.mca', NOTHING, 2e7, total * GIB)).toEqual({ ...REGION, group: group * KIB });
    const size = Math.max(2e7, total * GIB);
    expect(pageLayoutOf('map.db', sqliteStart(4096), size)).toMatchObject({ group: group * KIB });
  });

  test('all of it are whole pages, and no blob is longer than a reader takes, at any size of file and page', () => {
    const check = (layout: PageLayout | undefined, page: number): void => {
      if (layout === undefined) throw new Error('no layout');
      for (const length of [layout.head, layout.group, layout.fine]) {
        expect(length % page).toBe(0);
        expect(length).toBeGreaterThan(0);
        expect(length).toBeLessThanOrEqual(MAX_CHUNK);
      }
    };
    fc.assert(
      fc.property(fc.integer({ min: 9, max: 16 }), fc.integer({ min: 200_000, max: 2 ** 50 }), (power, size) => {
        const page = 2 ** power;
        check(pageLayoutOf('map.db', sqliteStart(page === 65_536 ? 1 : page), size), page);
        check(pageLayoutOf('r.0.0.mca', NOTHING, size), 4096);
      }),
    );
  });
});
