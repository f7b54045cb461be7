import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRange } from '../../src/server/ranges.js';

describe('parseRange', () => {
  it('gives what slicing gives', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(60), fc.nat(60), (size, from, extra) => {
        const bytes = Array.from({ length: size }, (_, i) => i);
        const answer = parseRange(`bytes=${from}-${from + extra}`, size);
        const wanted = bytes.slice(from, from + extra + 1);
        if (size === 0) expect(answer.kind).toBe('whole');
        else if (wanted.length === 0) expect(answer.kind).toBe('unsatisfiable');
        else expect(answer).toEqual({ kind: 'part', start: from, length: wanted.length });
      }),
    );
  });

  it('never leaves the file, whatever is asked', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^bytes=[-0-9, ]{0,12}$/), fc.nat(30), (header, size) => {
        const answer = parseRange(header, size);
        if (answer.kind !== 'part') return;
        expect(answer.length).toBeGreaterThan(0);
        expect(answer.start + answer.length).toBeLessThanOrEqual(size);
      }),
    );
  });

  it('cuts numbers beyond any file down to its end', () => {
    expect(parseRange('bytes=1-99999999999999999999', 5)).toEqual({ kind: 'part', start: 1, length: 4 });
    expect(parseRange('bytes=99999999999999999999-', 5).kind).toBe('unsatisfiable');
    expect(parseRange('bytes=-0', 5).kind).toBe('unsatisfiable');
  });
});
