import { describe, expect, it } from 'vitest';
import { limitBackend } from '../../src/backend/limit.js';
import { memoryBackend } from '../../src/backend/memory.js';
import { patternBytes, sha256 } from './conformance.js';
import type { Fault } from './faulty.js';
import { FaultyBackend } from './faulty.js';

const files = Array.from({ length: 20 }, (_, i) => patternBytes(10 + i, i + 1));

describe('limit', () => {
  it.each([1, 2, 5])('runs at most %i calls at once, of any kind, also after failures', async (connections) => {
    let running = 0;
    let most = 0;
    const fault: Fault = async (_method, count, run) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running--;
      if (count % 3 === 0) throw new Error('no');
      return run();
    };
    const backend = limitBackend(new FaultyBackend(memoryBackend(), fault), connections);
    const calls = files.flatMap((data) => [
      backend.write('data', sha256(data), data),
      backend.stat('data', sha256(data)),
      backend.list('data'),
      backend.remove('data', sha256(data)),
    ]);
    const results = await Promise.allSettled(calls);
    expect(most).toBe(connections);
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(24);
  });

  it.each([2, 5])('of %i places leaves one to calls that are no writes', async (connections) => {
    let finish = (): void => {};
    const gate = new Promise<void>((resolve) => (finish = resolve));
    const fault: Fault = async (method, _count, run) => {
      if (method === 'write') await gate;
      return run();
    };
    const backend = limitBackend(new FaultyBackend(memoryBackend(), fault), connections);
    const writes = files.map((data) => backend.write('data', sha256(data), data));
    expect(await backend.list('data')).toEqual([]);
    await backend.remove('locks', sha256(new Uint8Array(1)));
    finish();
    await Promise.all(writes);
    expect(await backend.list('data')).toHaveLength(files.length);
  });

  it('lets a waiting call go when its signal fires, and its place with it', async () => {
    let finish = (): void => {};
    const gate = new Promise<void>((resolve) => (finish = resolve));
    const fault: Fault = async (_method, count, run) => {
      if (count === 1) await gate;
      return run();
    };
    const inner = new FaultyBackend(memoryBackend(), fault);
    const backend = limitBackend(inner, 1);
    const first = backend.list('keys');
    const controller = new AbortController();
    const waiting = [1, 2, 3].map(() => backend.list('keys', { signal: controller.signal }));
    const last = backend.list('keys');
    controller.abort();
    for (const result of await Promise.allSettled(waiting))
      expect(result).toMatchObject({ reason: { code: 'aborted' } });
    finish();
    expect(await first).toEqual([]);
    expect(await last).toEqual([]);
    expect(inner.calls).toHaveLength(2);
  });
});
