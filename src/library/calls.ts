/**
 * What is under way on an open repository. Every call has a signal of its own, which fires with its caller's and when
 * the repository is closed; from then on the call can end only with 'aborted'. Nothing runs on after `close`.
 */
import { setMaxListeners } from 'node:events';
import { SyncError, throwIfAborted } from '../base/errors.js';

type Source<T> = AsyncGenerator<T, void, void>;

/** Calls by the signal that they were given. It gets one listener, as node warns of many, and one may serve all calls. */
const given = new WeakMap<AbortSignal, Set<Call>>();

function listen(signal: AbortSignal, call: Call): void {
  const known = given.get(signal);
  if (known !== undefined) {
    known.add(call);
    return;
  }
  given.set(signal, new Set([call]));
  signal.addEventListener('abort', passOn, { once: true });
}

function unlisten(signal: AbortSignal, call: Call): void {
  const calls = given.get(signal);
  if (calls?.delete(call) !== true || calls.size > 0) return;
  // A signal may live as long as the program.
  given.delete(signal);
  signal.removeEventListener('abort', passOn);
}

function passOn(this: AbortSignal): void {
  for (const call of given.get(this) ?? []) call.stop(this.reason);
}

export class Call {
  readonly #stop = new AbortController();
  readonly #given: AbortSignal | undefined;
  readonly #onEnd: () => void;
  /** Ends what the call has under way; resolves when that is over. */
  settle: () => Promise<unknown> = () => Promise.resolve();

  constructor(signal: AbortSignal | undefined, onEnd: () => void) {
    this.#given = signal;
    this.#onEnd = onEnd;
    // Each request that waits listens to it.
    setMaxListeners(0, this.#stop.signal);
    if (signal !== undefined) listen(signal, this);
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  stop(reason: unknown): void {
    this.#stop.abort(reason);
  }

  cancel(): Promise<unknown> {
    this.stop(new SyncError('aborted', 'the repository was closed'));
    return this.settle();
  }

  end(): void {
    if (this.#given !== undefined) unlisten(this.#given, this);
    this.#onEnd();
  }
}

export class Calls {
  readonly #open = new Set<Call>();
  #isClosed = false;

  /** Throws 'usage' after `close`, 'aborted' if the signal has fired. */
  begin(signal: AbortSignal | undefined): Call {
    if (this.#isClosed) throw new SyncError('usage', 'the repository is closed');
    throwIfAborted(signal);
    const call: Call = new Call(signal, () => this.#open.delete(call));
    this.#open.add(call);
    return call;
  }

  /** `work` gets the call's signal, and must end soon after it fires. */
  async run<T>(signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const call = this.begin(signal);
    // What is thrown at once counts as what is thrown later.
    const result = (async () => work(call.signal))();
    call.settle = () => Promise.allSettled([result]);
    try {
      return await result;
    } catch (error) {
      throwIfAborted(call.signal);
      throw error;
    } finally {
      call.end();
    }
  }

  /** Can be gone through several times; each time is a call, which begins with the first item that is asked for. */
  stream<T>(signal: AbortSignal | undefined, source: (signal: AbortSignal) => Source<T>): AsyncIterable<T> {
    return { [Symbol.asyncIterator]: () => new CallIterator(() => this.begin(signal), source) };
  }

  /** Cancels what is under way and waits for its end. Later calls are refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#open].map((call) => call.cancel()));
  }
}

/**
 * A generator that frees what it holds as soon as its call is cancelled, also while its consumer is busy elsewhere. The
 * consumer is told with the next item it asks for: what was cut off must not look complete.
 */
class CallIterator<T> implements AsyncIterator<T, void, void> {
  readonly #begin: () => Call;
  readonly #make: (signal: AbortSignal) => Source<T>;
  #under: { readonly call: Call; readonly source: Source<T> } | undefined;
  #isOver = false;

  constructor(begin: () => Call, make: (signal: AbortSignal) => Source<T>) {
    this.#begin = begin;
    this.#make = make;
  }

  async next(): Promise<IteratorResult<T, void>> {
    if (this.#isOver) return { done: true, value: undefined };
    const { call, source } = this.#start();
    try {
      const step = await source.next();
      throwIfAborted(call.signal);
      if (step.done === true) this.#end(call);
      return step;
    } catch (error) {
      this.#end(call);
      await call.settle();
      throwIfAborted(call.signal);
      throw error;
    }
  }

  async return(): Promise<IteratorResult<T, void>> {
    const under = this.#under;
    if (under !== undefined && !this.#isOver) {
      this.#end(under.call);
      await under.source.return();
    }
    this.#isOver = true;
    return { done: true, value: undefined };
  }

  #start(): { readonly call: Call; readonly source: Source<T> } {
    if (this.#under !== undefined) return this.#under;
    const call = this.#begin();
    const source = this.#make(call.signal);
    // Of a call that is cancelled, or has failed, nobody wants to know what failed on the way out.
    call.settle = () => Promise.allSettled([source.return()]);
    call.signal.addEventListener('abort', () => void call.settle(), { once: true });
    this.#under = { call, source };
    return this.#under;
  }

  #end(call: Call): void {
    this.#isOver = true;
    call.end();
  }
}
