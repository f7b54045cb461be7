/**
 * How fast a walk may go without letting others have their turn, and whether the disk answers from memory. A call that
 * blocks costs a tenth of one through the thread pool, as long as nothing has to be waited for: a network share, or a
 * virus scanner that looks at each file, make it worth asking for several at once.
 */

/** Others, such as an answer of the server, wait no longer than this. */
const SLICE_MS = 10;
/** One look of so many is timed. */
const EVERY = 8;
/** So many decide. */
const SAMPLES = 16;
/** From memory it takes 3 to 8 us (ext4, node 20 and 24); the thread pool adds 20 us and more. */
const SLOW_MS = 0.04;

export class Pace {
  #since = performance.now();
  #looks = 0;
  #slow = 0;

  /** Whether most looks had to wait. Decided once: a busy moment makes some of them slow, not most. */
  get isSlow(): boolean {
    return this.#slow > SAMPLES / 2;
  }

  /** Runs one look, and times some of the first ones. */
  time<T>(look: () => T): T {
    this.#looks += 1;
    if (this.#looks > EVERY * SAMPLES || this.#looks % EVERY !== 0) return look();
    const begun = performance.now();
    try {
      return look();
    } finally {
      if (performance.now() - begun > SLOW_MS) this.#slow += 1;
    }
  }

  /** Lets others have their turn, if they have waited for long enough. */
  async turn(): Promise<void> {
    if (performance.now() - this.#since < SLICE_MS) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.#since = performance.now();
  }
}
