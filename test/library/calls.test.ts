/** Calls and streams under way: given up, left early, closed. */
import { describe, expect, it } from 'vitest';
import { Calls } from '../../src/library/calls.js';
import { at, rejection } from '../helpers/repository.js';
import { all } from './env.js';

/** A source that says when it is freed, and counts for ever unless told how far. */
function counting(log: string[], end = Number.POSITIVE_INFINITY) {
  return async function* (): AsyncGenerator<number, void, void> {
    log.push('begun');
    try {
      for (let i = 0; i < end; i++) yield i;
    } finally {
      await Promise.resolve();
      log.push('freed');
    }
  };
}

describe('a stream', () => {
  it('begins when it is asked for the first item, and again each time it is gone through', async () => {
    const log: string[] = [];
    const stream = new Calls().stream(undefined, counting(log, 2));
    const idle = stream[Symbol.asyncIterator]();
    expect(log).toEqual([]);
    expect(await all(stream)).toEqual([0, 1]);
    expect(await all(stream)).toEqual([0, 1]);
    expect(log).toEqual(['begun', 'freed', 'begun', 'freed']);
    expect(await idle.return?.()).toEqual({ done: true, value: undefined });
    expect(await idle.next()).toEqual({ done: true, value: undefined });
    expect(log.length).toBe(4);
  });

  it('is freed when its loop is left', async () => {
    const log: string[] = [];
    const calls = new Calls();
    for await (const i of calls.stream(undefined, counting(log))) if (i === 2) break;
    expect(log).toEqual(['begun', 'freed']);
    const thrown = (async () => {
      for await (const _ of calls.stream(undefined, counting(log))) throw new Error('of the consumer');
    })();
    await expect(thrown).rejects.toThrow('of the consumer');
    expect(log.slice(2)).toEqual(['begun', 'freed']);
  });

  it('is freed as soon as it is given up, while its consumer is busy, who is told with the next item', async () => {
    for (const by of ['signal', 'close'] as const) {
      const log: string[] = [];
      const calls = new Calls();
      const controller = new AbortController();
      const items = calls.stream(controller.signal, counting(log))[Symbol.asyncIterator]();
      expect(await items.next()).toEqual({ done: false, value: 0 });
      if (by === 'signal') controller.abort('enough');
      else await calls.close();
      await new Promise((resolve) => setImmediate(resolve));
      expect(log).toEqual(['begun', 'freed']);
      const error = await rejection(Promise.resolve(items.next()));
      expect(error.code).toBe('aborted');
      if (by === 'signal') expect(error.cause).toBe('enough');
      expect(await items.next()).toEqual({ done: true, value: undefined });
    }
  });

  it('tells the error of its source, once', async () => {
    const items = new Calls()
      .stream(undefined, async function* (): AsyncGenerator<number, void, void> {
        yield 1;
        throw new Error('of the source');
      })
      [Symbol.asyncIterator]();
    await items.next();
    await expect(items.next()).rejects.toThrow('of the source');
    expect(await items.next()).toEqual({ done: true, value: undefined });
  });

  it('never begins for a signal that has fired, or after the end', async () => {
    const log: string[] = [];
    const calls = new Calls();
    expect((await rejection(all(calls.stream(AbortSignal.abort(), counting(log))))).code).toBe('aborted');
    await calls.close();
    expect((await rejection(all(calls.stream(undefined, counting(log))))).code).toBe('usage');
    expect(log).toEqual([]);
  });
});

describe('a call', () => {
  it('ends with "aborted" whatever it threw after its signal fired, but keeps a result', async () => {
    const calls = new Calls();
    const controller = new AbortController();
    const late = calls.run(controller.signal, async () => {
      controller.abort();
      throw new Error('something else');
    });
    expect((await rejection(late)).code).toBe('aborted');
    expect((await rejection(calls.run(controller.signal, async () => 1))).code).toBe('aborted');
    const other = new AbortController();
    const done = calls.run(other.signal, async () => {
      other.abort();
      return 'done';
    });
    expect(await done).toBe('done');
  });

  it('is waited for by close, which is told once', async () => {
    const calls = new Calls();
    const log: string[] = [];
    const running = calls.run(undefined, async (signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      await Promise.resolve();
      log.push('ended');
      signal.throwIfAborted();
    });
    const failed = rejection(running);
    await Promise.all([calls.close(), calls.close()]);
    expect(log).toEqual(['ended']);
    expect((await failed).code).toBe('aborted');
  });

  it('leaves no listener on a signal that lives on', async () => {
    const calls = new Calls();
    const { signal } = new AbortController();
    const counts: string[] = [];
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      counts.push('+');
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      counts.push('-');
      remove(...args);
    };
    await calls.run(signal, async () => 1);
    await calls.run(signal, () => Promise.reject(new Error('x'))).catch(() => undefined);
    await all(calls.stream(signal, counting([], 1)));
    for await (const _ of calls.stream(signal, counting([]))) break;
    expect(counts.join('')).toBe('+-+-+-+-');
    expect(at(counts, 0)).toBe('+');
  });
});
