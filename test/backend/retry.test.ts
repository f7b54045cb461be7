import { describe, expect, it } from 'vitest';
import { memoryBackend } from '../../src/backend/memory.js';
import { restBackend } from '../../src/backend/rest.js';
import type { RetryEvent, RetryOptions } from '../../src/backend/retry.js';
import { retryBackend } from '../../src/backend/retry.js';
import { utf8 } from '../../src/base/bytes.js';
import { SyncError, throwIfAborted } from '../../src/base/errors.js';
import { patternBytes, sha256 } from './conformance.js';
import type { Fault } from './faulty.js';
import { FaultyBackend } from './faulty.js';
import { bodyOf, freePort, scriptedServer } from './scripted-server.js';

const data = patternBytes(2000);
const name = sha256(data);
const cut = (): SyncError => new SyncError('unreachable', 'the connection was cut', { retryable: true });

/** Time that passes only while the backend sleeps. */
function virtualTime(): { options: RetryOptions; slept: number[]; pass: (ms: number) => void } {
  const slept: number[] = [];
  let time = 0;
  const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
    throwIfAborted(signal);
    slept.push(ms);
    time += ms;
  };
  return { options: { sleep, now: () => time, random: () => 0.5 }, slept, pass: (ms) => (time += ms) };
}

const failTimes =
  (times: number, error: () => Error = cut): Fault =>
  async (_method, count, run) => {
    if (count <= times) throw error();
    return run();
  };

describe('retry', () => {
  it('repeats a passing failure with growing, capped pauses', async () => {
    const { options, slept } = virtualTime();
    const inner = new FaultyBackend(memoryBackend(), failTimes(9));
    const events: RetryEvent[] = [];
    const backend = retryBackend(inner, {
      ...options,
      connectBudgetMs: 1e9,
      maxDelayMs: 30_000,
      onRetry: (event) => events.push(event),
    });
    expect(await backend.list('keys')).toEqual([]);
    expect(slept).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000]);
    expect(events[1]).toMatchObject({
      operation: 'listing keys',
      attempt: 2,
      delayMs: 2000,
      error: { code: 'unreachable' },
    });
  });

  it('spreads the pauses by half to both sides', async () => {
    const { options, slept } = virtualTime();
    for (const random of [0, 0.999999]) {
      const inner = new FaultyBackend(memoryBackend(), failTimes(1));
      await retryBackend(inner, { ...options, random: () => random }).list('keys');
    }
    expect(slept[0]).toBe(500);
    expect(slept[1]).toBeCloseTo(1500, 1);
  });

  it('waits as long as the server asks, within the cap', async () => {
    const { options, slept } = virtualTime();
    const busy = (): SyncError => new SyncError('server', '503', { retryable: true, details: { retryAfterMs: 7000 } });
    const inner = new FaultyBackend(memoryBackend(), failTimes(1, busy));
    await retryBackend(inner, { ...options, connectBudgetMs: 1e9 }).list('keys');
    expect(slept).toEqual([7000]);
  });

  it('does not repeat what will fail again', async () => {
    const { options, slept } = virtualTime();
    const backend = retryBackend(memoryBackend(), options);
    await expect(backend.read('data', name)).rejects.toMatchObject({ code: 'not-found' });
    await backend.write('data', name, data);
    await expect(backend.write('data', name, data)).rejects.toMatchObject({ code: 'exists' });
    const broken = retryBackend(
      new FaultyBackend(
        memoryBackend(),
        failTimes(1, () => new TypeError('bug')),
      ),
      options,
    );
    await expect(broken.list('keys')).rejects.toThrow(TypeError);
    expect(slept).toEqual([]);
  });

  it('gives up after `attempts` and after `maxElapsedMs`, saying so with the last error', async () => {
    for (const limits of [{ attempts: 4 }, { maxElapsedMs: 8000 }]) {
      const { options, slept } = virtualTime();
      const fault: Fault = async (method, _count, run) => {
        if (method === 'list') return run();
        throw cut();
      };
      const backend = retryBackend(new FaultyBackend(memoryBackend(), fault), { ...options, ...limits });
      await backend.list('keys');
      const message = expect.stringMatching(/was cut \(gave up after 4 tries in 7\.0 s\)/);
      await expect(backend.read('data', name)).rejects.toMatchObject({ code: 'unreachable', retryable: true, message });
      expect(slept).toEqual([1000, 2000, 4000]);
    }
  });

  it('repeats at least once however long the first try took', async () => {
    const { options, pass } = virtualTime();
    await expect(async () => {
      const fault: Fault = async (method, count, run) => {
        pass(300_000);
        if (method === 'write' && count === 1) throw cut();
        return run();
      };
      const backend = retryBackend(new FaultyBackend(memoryBackend(), fault), { ...options, maxElapsedMs: 10 });
      await backend.list('keys');
      await backend.write('data', name, data);
      expect(await backend.read('data', name)).toEqual(data);
    }).not.toThrow();
  });

  it('repeats a read that came short, and a removal', async () => {
    const { options, slept } = virtualTime();
    const inner = memoryBackend();
    await inner.write('data', name, data);
    const fault: Fault = async (method, count, run) => {
      const result = await run();
      if (method === 'remove' && count === 1) throw cut();
      return result instanceof Uint8Array && count === 1 ? (Object(result.subarray(1)) as typeof result) : result;
    };
    const backend = retryBackend(new FaultyBackend(inner, fault), options);
    expect(await backend.read('data', name, { offset: 5, length: 100 })).toEqual(data.slice(5, 105));
    await backend.remove('data', name);
    expect(slept).toHaveLength(2);
  });

  it('ends its pause when the signal fires', async () => {
    const inner = new FaultyBackend(memoryBackend(), failTimes(99));
    const controller = new AbortController();
    const backend = retryBackend(inner, {
      baseDelayMs: 60_000,
      connectBudgetMs: 1e9,
      onRetry: () => setTimeout(() => controller.abort(), 20),
    });
    const begun = performance.now();
    await expect(backend.list('keys', { signal: controller.signal })).rejects.toMatchObject({ code: 'aborted' });
    expect(performance.now() - begun).toBeLessThan(5000);
    expect(inner.calls).toHaveLength(1);
  });
});

describe('an upload whose answer was lost', () => {
  /** Stores the file, then loses the answer of the first try. */
  const loseAnswer: Fault = async (method, count, run) => {
    const result = await run();
    if (method === 'write' && count === 1) throw cut();
    return result;
  };

  it('has succeeded if the file is there in its size', async () => {
    const { options } = virtualTime();
    const store = memoryBackend();
    const inner = new FaultyBackend(store, loseAnswer);
    await retryBackend(inner, options).write('data', name, data);
    expect(inner.calls).toEqual(['write', 'write', 'stat']);
    expect(await store.read('data', name)).toEqual(data);
  });

  it('has succeeded for config only if the bytes are ours', async () => {
    const { options } = virtualTime();
    const store = memoryBackend();
    await retryBackend(new FaultyBackend(store, loseAnswer), options).write('config', '', utf8('ours'));
    const theirs = memoryBackend();
    await theirs.write('config', '', utf8('them'));
    const backend = retryBackend(new FaultyBackend(theirs, failTimes(1)), options);
    await expect(backend.write('config', '', utf8('ours'))).rejects.toMatchObject({ code: 'exists' });
  });

  it('has failed if what is there has another size', async () => {
    const { options } = virtualTime();
    const store = memoryBackend();
    await store.write('data', name, data.subarray(1));
    const backend = retryBackend(new FaultyBackend(store, failTimes(1)), options);
    await expect(backend.write('data', name, data)).rejects.toMatchObject({ code: 'damaged' });
  });

  it('is found out even if the question is cut, too', async () => {
    const { options } = virtualTime();
    const fault: Fault = async (method, count, run) => {
      if (method === 'stat' && count === 1) throw cut();
      return loseAnswer(method, count, run);
    };
    const inner = new FaultyBackend(memoryBackend(), fault);
    await retryBackend(inner, options).write('data', name, data);
    expect(inner.calls).toEqual(['write', 'write', 'stat', 'write', 'stat']);
  });

  it('is no excuse for a first try that finds the file there, nor for a real refusal', async () => {
    const { options } = virtualTime();
    const forbidden = (): SyncError => new SyncError('forbidden', '403');
    const fault: Fault = async (method, count, run) => {
      if (method !== 'write') return run();
      throw count === 1 ? cut() : forbidden();
    };
    const backend = retryBackend(new FaultyBackend(memoryBackend(), fault), options);
    await expect(backend.write('data', name, data)).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('survives a real server that stores the file and then cuts the line', async () => {
    const server = await scriptedServer();
    server.appendOnly = true;
    server.scripts.push(async ({ method, path, request, response, count }) => {
      if (method !== 'POST' || count > 1) return false;
      server.files.set(path, await bodyOf(request));
      response.destroy();
      return true;
    });
    const backend = retryBackend(restBackend({ url: server.url }), { baseDelayMs: 5 });
    await backend.write('data', name, data);
    expect(server.seen.map(({ method }) => method)).toEqual(['POST', 'POST', 'HEAD', 'HEAD']);
    await expect(backend.write('data', name, data)).rejects.toMatchObject({ code: 'exists' });
    await backend.close();
    await server.close();
  });
});

describe('the connect budget', () => {
  it('ends all tries of a server that never answered', async () => {
    const { options, slept } = virtualTime();
    const backend = retryBackend(new FaultyBackend(memoryBackend(), failTimes(99)), options);
    await expect(backend.list('snapshots')).rejects.toMatchObject({ code: 'unreachable' });
    expect(slept).toEqual([1000, 2000]);
    await expect(backend.write('data', name, data)).rejects.toMatchObject({ code: 'unreachable' });
    expect(slept).toEqual([1000, 2000, 1000, 2000]);
  });

  it.each(['not-found', 'unauthorized'] as const)("no longer counts after an answer, be it '%s'", async (code) => {
    const { options, slept } = virtualTime();
    const fault: Fault = async (_method, count, run) => {
      if (count === 1) throw new SyncError(code, 'no');
      if (count < 8) throw cut();
      return run();
    };
    const backend = retryBackend(new FaultyBackend(memoryBackend(), fault), options);
    await expect(backend.stat('config', '')).rejects.toMatchObject({ code });
    expect(await backend.stat('config', '')).toBeUndefined();
    expect(slept).toHaveLength(6);
  });

  it('cuts off a call that hangs, with real time, and one whose backend does not even listen', async () => {
    const hang: Fault = () => new Promise(() => {});
    const backend = retryBackend(new FaultyBackend(memoryBackend(), hang), { connectBudgetMs: 150 });
    const begun = performance.now();
    const error = { code: 'unreachable', message: expect.stringContaining('listing snapshots') };
    await expect(backend.list('snapshots')).rejects.toMatchObject(error);
    expect(performance.now() - begun).toBeLessThan(4000);
  });

  it('holds for a refused connection', async () => {
    const url = `http://127.0.0.1:${await freePort()}/`;
    const backend = retryBackend(restBackend({ url }), { connectBudgetMs: 200, baseDelayMs: 30 });
    const begun = performance.now();
    const message = expect.stringContaining('gave up after');
    await expect(backend.list('snapshots')).rejects.toMatchObject({ code: 'unreachable', message });
    expect(performance.now() - begun).toBeLessThan(4000);
    await backend.close();
  });
});

describe('with a real server', () => {
  it('500, then a cut, then an answer is an answer', async () => {
    const server = await scriptedServer();
    server.scripts.push(({ response, count }) => {
      if (count === 1) response.writeHead(500).end();
      if (count === 2) response.destroy();
      if (count === 3) response.socket?.end('HTTP/1.1 200 OK\r\nconte');
      return count <= 3;
    });
    const backend = retryBackend(restBackend({ url: server.url }), { baseDelayMs: 5 });
    expect(await backend.list('keys')).toEqual([]);
    expect(server.seen).toHaveLength(4);
    await backend.close();
    await server.close();
  });
});
