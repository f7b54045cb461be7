/** Bounded concurrency without polling: a counting limit, and a map over many items with few in flight. */
import { throwIfAborted } from './errors.js';

/** At most `size` units held at once; waiters are served in order of arrival. */
export class Semaphore {
  readonly #size: number;
  readonly #waiting: { units: number; resolve: () => void }[] = [];
  #used = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** Waits until `units` are free (a request larger than the whole is cut down to it), and returns their release. */
  async acquire(units = 1): Promise<() => void> {
    const wanted = Math.min(units, this.#size);
    if (this.#waiting.length > 0 || this.#used + wanted > this.#size) {
      await new Promise<void>((resolve) => this.#waiting.push({ units: wanted, resolve }));
    } else {
      this.#used += wanted;
    }
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.#used -= wanted;
      this.#serve();
    };
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    const release = await this.acquire();
    try {
      return await work();
    } finally {
      release();
    }
  }

  #serve(): void {
    for (let next = this.#waiting[0]; next && this.#used + next.units <= this.#size; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#used += next.units;
      next.resolve();
    }
  }
}

/**
 * Runs `work` over `items`, at most `limit` at once. The first error, or the signal, stops the start of further items;
 * it is thrown when everything that was started has ended, so that callers may clean up.
 */
export async function forEachLimit<T>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const slots = new Semaphore(limit);
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  try {
    let release = await slots.acquire();
    for await (const item of items) {
      if (failures.length > 0 || signal?.aborted) break;
      const task: Promise<void> = work(item)
        .catch((error: unknown) => {
          failures.push(error);
        })
        .finally(release)
        .finally(() => running.delete(task));
      running.add(task);
      // Not a race of all that run: at a limit of some hundred that is most of the garbage of a program.
      release = await slots.acquire();
    }
  } finally {
    await Promise.all(running);
  }
  if (failures.length > 0) throw failures[0];
  throwIfAborted(signal);
}
