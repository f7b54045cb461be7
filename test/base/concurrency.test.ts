import { describe, expect, it } from 'vitest';
import { forEachLimit } from '../../src/base/concurrency.js';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('forEachLimit', () => {
  it('has at most so many under way', async () => {
    let now = 0;
    let most = 0;
    await forEachLimit(Array.from({ length: 20 }), 3, async () => {
      now += 1;
      most = Math.max(most, now);
      await pause(1);
      now -= 1;
    });
    expect([now, most]).toEqual([0, 3]);
  });

  it.each(['an error', 'the signal', 'the items'])(
    'ends after all it has started, whatever ends it: %s',
    async (what) => {
      const stop = new AbortController();
      let running = 0;
      let started = 0;
      async function* items(): AsyncGenerator<number> {
        yield* [0, 1, 2];
        if (what === 'the items') throw new Error('no more items');
        yield* [3, 4, 5];
      }
      const work = async (item: number): Promise<void> => {
        started += 1;
        running += 1;
        if (item === 2 && what === 'the signal') stop.abort();
        await pause(item === 2 ? 1 : 20);
        running -= 1;
        if (item === 2 && what === 'an error') throw new Error('of the work');
      };
      await expect(forEachLimit(items(), 3, work, stop.signal)).rejects.toThrow(/no more items|cancelled|of the work/);
      expect([running, started]).toEqual([0, 3]);
    },
  );
});
