import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { zerosAtStart } from '../../src/worker/zeros.js';

describe('zeros at the start', () => {
  it.each([
    [0, 0, 0],
    [1, 0, 1],
    [4096, 0, 4096],
    [4095, 1, 0],
    [4096, 1, 4096],
    [10_000, 5, 8192],
    [500_000, 0, 500_000],
    [65_536 + 4096, 7, 65_536 + 4096],
  ])('%d zeros and %d other bytes: %d', (zeros, others, found) => {
    expect(zerosAtStart(new Uint8Array(zeros + others).fill(1, zeros))).toBe(found);
  });

  it('are zeros, and all or whole blocks', () => {
    fc.assert(
      fc.property(fc.nat(20_000), fc.nat(20_000), (zeros, others) => {
        const bytes = new Uint8Array(zeros + others).fill(1, zeros);
        const found = zerosAtStart(bytes);
        expect(bytes.subarray(0, found).every((byte) => byte === 0)).toBe(true);
        expect(others === 0 ? found === zeros : found === zeros - (zeros % 4096)).toBe(true);
      }),
    );
  });
});
