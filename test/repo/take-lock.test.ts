/** What is loaded while the lock settles is a beginning only: under the lock the index is as it is then. */
import { describe, expect, it, vi } from 'vitest';
import type { IndexId } from '../../src/base/ids.js';
import type { Lockable } from '../../src/repo/take-lock.js';
import { takeLock } from '../../src/repo/take-lock.js';
import type { TestRepository } from '../helpers/repository.js';
import { at, noise, rejection, storeBlobs, testRepository } from '../helpers/repository.js';

vi.mock('../../src/base/sleep.js', async () => import('../helpers/no-wait.js'));

/** With blobs in two index files, opened anew with nothing loaded. */
async function filled(): Promise<TestRepository> {
  const test = await testRepository();
  await storeBlobs(test.repo, [noise(100)]);
  await storeBlobs(test.repo, [noise(200, 2), noise(300, 3)]);
  const repo = await test.reopen();
  repo.forgetIndex();
  return { ...test, repo };
}

describe('a lock with the index ahead', () => {
  it('has the index loaded when the work begins, and only if that was asked for', async () => {
    const { repo } = await filled();
    await repo.read({}, async () => expect(repo.index.blobCount).toBe(0));
    await repo.read({ indexAhead: true }, async () => expect(repo.index.blobCount).toBeGreaterThanOrEqual(3));
  });

  it('forgets under the lock what was pruned away while it settled', async () => {
    const { repo, backend } = await filled();
    const gone = at(await backend.list('index'), 0).name as IndexId;
    await repo.read({ indexAhead: true }, async () => {
      // As if it had happened between the two loads.
      await backend.remove('index', gone);
      const had = repo.index.blobCount;
      await repo.loadIndex();
      expect(repo.index.blobCount).toBeLessThan(had);
    });
  });

  it('tells a damaged index by the load under the lock, not by the one ahead', async () => {
    const { repo, backend } = await filled();
    const name = at(await backend.list('index'), 0).name;
    await backend.replace('index', name, noise(50));
    const error = await rejection(repo.read({ indexAhead: true }, () => repo.loadIndex()));
    expect(error.code).toBe('damaged');
  });

  it('leaves nothing running behind if the lock cannot be had', async () => {
    const { repo, backend } = await filled();
    const other = await takeLock(repo, { lock: { exclusive: true } });
    let isLoading = false;
    const slow: Lockable = {
      locks: repo.locks,
      loadIndex: (signal) => {
        isLoading = true;
        return new Promise((_, reject) => {
          signal?.addEventListener('abort', () => {
            isLoading = false;
            reject(signal.reason);
          });
        });
      },
    };
    expect((await rejection(takeLock(slow, { indexAhead: true }))).code).toBe('locked');
    expect(isLoading).toBe(false);
    await other.release();
    expect(await backend.list('locks')).toEqual([]);
  });
});

it('waits for the index that is under way before it hands out the lock', async () => {
  const { repo } = await filled();
  const done: string[] = [];
  const slow: Lockable = {
    locks: repo.locks,
    loadIndex: async () => {
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
      done.push('index');
    },
  };
  const lock = await takeLock(slow, { indexAhead: true });
  done.push('lock');
  await lock.release();
  expect(done).toEqual(['index', 'lock']);
});
