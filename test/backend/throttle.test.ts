/** Transfer limits: the rate over a while, whoever takes how much. */
import { describe, expect, it } from 'vitest';
import { Throttle } from '../../src/backend/throttle.js';

describe('Throttle', () => {
  it('lets no more through than its rate, from several takers', async () => {
    const throttle = new Throttle(100_000);
    const start = performance.now();
    await Promise.all(Array.from({ length: 10 }, () => throttle.take(3000)));
    // 30,000 bytes at 100,000 a second; the upper bound is for a machine under load.
    const elapsed = performance.now() - start;
    expect(elapsed).toBeGreaterThan(280);
    expect(elapsed).toBeLessThan(5000);
  });

  it('does not save up a pause for later', async () => {
    const throttle = new Throttle(100_000);
    await throttle.take(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const start = performance.now();
    await throttle.take(10_000);
    expect(performance.now() - start).toBeGreaterThan(80);
  });

  it('ends with its signal', async () => {
    const throttle = new Throttle(1);
    await expect(throttle.take(1_000_000, AbortSignal.timeout(20))).rejects.toMatchObject({ code: 'aborted' });
  });
});
