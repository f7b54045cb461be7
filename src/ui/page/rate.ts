/** How fast it goes and how long it still takes, from counts that come in bursts. Pure. */

export interface Sample {
  /** By the server's clock, milliseconds since the task began. */
  readonly elapsedMs: number;
  readonly bytesDone: number;
}

export interface Rate {
  add(sample: Sample): void;
  /** Bytes in a second, smoothed; undefined until there is something to tell. */
  readonly bytesPerSecond: number | undefined;
  /** Milliseconds for `bytesLeft`; undefined while that would be guessing. */
  left(bytesLeft: number): number | undefined;
}

/** The older half of what is known weighs half as much after that time. */
const HALF_LIFE_MS = 4_000;
const BELIEVABLE_AFTER_MS = 3_000;
const LONGEST_MS = 24 * 3_600_000;

export function createRate(): Rate {
  let first: Sample | undefined;
  let last: Sample | undefined;
  let smooth: number | undefined;
  return {
    add(sample) {
      // A new phase counts from the beginning.
      if (last === undefined || sample.bytesDone < last.bytesDone) {
        first = sample;
        last = sample;
        smooth = undefined;
        return;
      }
      const ms = sample.elapsedMs - last.elapsedMs;
      if (ms <= 0) return;
      const now = ((sample.bytesDone - last.bytesDone) * 1000) / ms;
      const keep = 0.5 ** (ms / HALF_LIFE_MS);
      smooth = smooth === undefined ? now : smooth * keep + now * (1 - keep);
      last = sample;
    },
    get bytesPerSecond() {
      return smooth !== undefined && smooth >= 1 ? smooth : undefined;
    },
    left(bytesLeft) {
      if (smooth === undefined || smooth < 1 || first === undefined || last === undefined) return undefined;
      if (last.elapsedMs - first.elapsedMs < BELIEVABLE_AFTER_MS) return undefined;
      const ms = (bytesLeft * 1000) / smooth;
      return bytesLeft > 0 && ms < LONGEST_MS ? ms : undefined;
    },
  };
}
