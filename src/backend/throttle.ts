/** Bytes per second, shared by all transfers of one direction: whoever takes bytes waits until they are paid for. */
import { sleep } from '../base/sleep.js';

/** Pauses shorter than this are saved up: timers are not exact. */
const LEAST_PAUSE_MS = 5;

export class Throttle {
  readonly #bytesPerMs: number;
  /** Up to when the line is booked, in ms of performance.now(). */
  #bookedUntil = 0;

  constructor(bytesPerSecond: number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
  }

  /** A good size for one piece: a quarter of a second's. */
  get piece(): number {
    return Math.max(512, Math.floor(this.#bytesPerMs * 250));
  }

  /** Resolves when these bytes fit the rate. */
  async take(bytes: number, signal?: AbortSignal): Promise<void> {
    const now = performance.now();
    const begin = Math.max(now, this.#bookedUntil);
    this.#bookedUntil = begin + bytes / this.#bytesPerMs;
    const pause = this.#bookedUntil - now;
    if (pause >= LEAST_PAUSE_MS) await sleep(pause, signal);
  }
}
