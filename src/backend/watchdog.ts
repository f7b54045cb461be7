/** Ends an exchange that makes no progress, or whose caller gives up, through one AbortController. */
import { SyncError } from '../base/errors.js';
import { onAbort } from './abort.js';

export class Watchdog {
  readonly #controller = new AbortController();
  readonly #action: string;
  readonly #stop: () => void;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(action: string, signal: AbortSignal | undefined) {
    this.#action = action;
    this.#stop = onAbort(signal, (error) => this.#controller.abort(error));
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** From now on `ms` milliseconds without a `beat` end the exchange with `reason`. */
  expect(ms: number, reason: string): void {
    clearTimeout(this.#timer);
    if (this.#closed) return; // the answer came before the whole upload was sent
    this.#timer = setTimeout(() => {
      const message = `${this.#action}: ${reason} within ${ms / 1000} s`;
      this.#controller.abort(new SyncError('unreachable', message, { retryable: true }));
    }, ms);
  }

  /** There was progress. */
  beat(): void {
    this.#timer?.refresh();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#stop();
  }
}
