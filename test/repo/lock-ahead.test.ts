/** Work that begins while its lock settles: nothing leaves before the lock is held and the index is known to be true. */
import { describe, expect, it, vi } from 'vitest';
import { orAbort } from '../../src/backend/abort.js';
import { SyncError } from '../../src/base/errors.js';
import type { BlobId, IndexId } from '../../src/base/ids.js';
import type { Repository } from '../../src/repo/repository.js';
import type { Call, FaultyBackend } from '../helpers/faulty-backend.js';
import { addData, at, commitEmpty, noise, rejection, storeBlobs, testRepository } from '../helpers/repository.js';

vi.mock('../../src/base/sleep.js', async () => import('../helpers/no-wait.js'));

const AHEAD = { ahead: true } as const;

interface Opened {
  readonly repo: Repository;
  readonly backend: FaultyBackend;
  /** The blob that is stored: noise(100). */
  readonly known: BlobId;
}

/** With one blob in it, opened anew with nothing loaded. */
async function filled(): Promise<Opened> {
  const { repo: first, backend, reopen } = await testRepository();
  const { ids } = await storeBlobs(first, [noise(100)]);
  const repo = await reopen();
  repo.forgetIndex();
  backend.done.length = 0;
  return { repo, backend, known: at(ids, 0) };
}

/** Holds the second look at the locks back until it is told to go on: so long the lock settles. */
function settling(backend: FaultyBackend): () => void {
  let goOn = (): void => undefined;
  const told = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  let isWritten = false;
  backend.before = async ({ method, type, signal }: Call) => {
    if (type !== 'locks') return;
    if (method === 'write') isWritten = true;
    if (method === 'list' && isWritten) await orAbort(told, signal);
  };
  return goOn;
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
};

describe('a write ahead', () => {
  it('knows what is stored and packs what is new, but sends nothing before the lock is held', async () => {
    const { repo, backend, known } = await filled();
    const settle = settling(backend);
    let isAdded = false;
    const writing = repo.write(AHEAD, async (session) => {
      expect(session.claim('data', known)).toBe(false);
      await addData(repo, session, noise(200, 2));
      isAdded = true;
      await session.flush();
      return commitEmpty(session);
    });
    await turns();
    expect(isAdded).toBe(true);
    expect(backend.done.filter((call) => call.startsWith('write'))).toEqual(['write locks']);
    settle();
    await writing;
    expect(backend.done.filter((call) => /write|remove/.test(call))).toEqual([
      'write locks',
      'write data',
      'write index',
      'write snapshots',
      'remove locks',
    ]);
  });

  it('is done once more if the index was pruned away meanwhile', async () => {
    const { repo, backend } = await filled();
    const settle = settling(backend);
    const plain = noise(100);
    const news: boolean[] = [];
    const writing = repo.write(AHEAD, async (session) => {
      const before = session.stats.dataBlobs;
      await addData(repo, session, plain);
      news.push(session.stats.dataBlobs > before);
      return commitEmpty(session);
    });
    await turns();
    expect(news).toEqual([false]);
    for (const { name } of await backend.list('index')) await backend.remove('index', name);
    for (const { name } of await backend.list('data')) await backend.remove('data', name);
    settle();
    await writing;
    expect(news).toEqual([false, true]);
    expect((await backend.names('data')).length).toBeGreaterThan(0);
    expect(await backend.names('snapshots')).toHaveLength(2);
    expect(await backend.names('locks')).toEqual([]);
  });

  it('is done once more also if it failed by what was pruned away', async () => {
    const { repo, backend } = await filled();
    const settle = settling(backend);
    let times = 0;
    const gone = at(await backend.names('index'), 0) as IndexId;
    const writing = repo.write(AHEAD, async () => {
      times += 1;
      if (times === 1) throw new Error('what the index names is not there');
      return times;
    });
    await turns();
    await backend.remove('index', gone);
    settle();
    expect(await writing).toBe(2);
  });

  it('does not do twice what failed for another reason, nor where index files were added only', async () => {
    const { repo, backend } = await filled();
    const settle = settling(backend);
    let times = 0;
    const writing = repo.write(AHEAD, async () => {
      times += 1;
      throw new Error('of its own');
    });
    await turns();
    await backend.replace('index', 'ab'.repeat(32), noise(10));
    settle();
    await expect(writing).rejects.toThrow('of its own');
    expect(times).toBe(1);
    expect(await backend.names('locks')).toEqual([]);
  });

  it('tells that the repository is locked, whatever else went wrong, and leaves nothing', async () => {
    const { repo, backend } = await filled();
    let error: unknown;
    await repo.exclusively({}, async () => {
      error = await rejection(
        repo.write(AHEAD, async (session) => {
          await addData(repo, session, noise(300, 3));
          throw new Error('of its own');
        }),
      );
    });
    expect(error).toMatchObject({ code: 'locked' });
    expect(backend.done).not.toContain('write data');
    expect(await backend.names('locks')).toEqual([]);
    expect(repo.index.claimCount).toBe(0);
  });

  it('forgets what it packed for nothing: a later write brings it', async () => {
    const { repo, backend } = await filled();
    const settle = settling(backend);
    const writing = repo.write(AHEAD, async (session) => {
      await addData(repo, session, noise(400, 4));
      throw new Error('changed my mind');
    });
    await turns();
    settle();
    await expect(writing).rejects.toThrow('changed my mind');
    backend.done.length = 0;
    await storeBlobs(repo, [noise(400, 4)]);
    expect(backend.done).toContain('write data');
  });

  it('waits for the lock, and for what it shows, also where the work does not', async () => {
    const { repo, backend } = await filled();
    const settle = settling(backend);
    let times = 0;
    let isDone = false;
    const writing = repo
      .write(AHEAD, async () => {
        times += 1;
      })
      .finally(() => {
        isDone = true;
      });
    await turns();
    expect(isDone).toBe(false);
    await backend.remove('index', at(await backend.names('index'), 0));
    settle();
    await writing;
    expect(times).toBe(2);
  });

  it('tells a damaged index by the load under the lock', async () => {
    const { repo, backend } = await filled();
    await backend.replace('index', at(await backend.names('index'), 0), noise(50));
    let times = 0;
    const error = await rejection(
      repo.write(AHEAD, async () => {
        times += 1;
      }),
    );
    expect(error.code).toBe('damaged');
    expect(times).toBe(0);
  });

  it('ends when the caller gives up', async () => {
    const { repo, backend } = await filled();
    settling(backend);
    const stop = new AbortController();
    const writing = repo.write({ ...AHEAD, signal: stop.signal }, async (session) => {
      await addData(repo, session, noise(500, 5));
      await session.underLock();
    });
    await turns();
    stop.abort(new Error('cancelled'));
    await expect(writing).rejects.toThrow('cancelled');
    expect(await backend.names('locks')).toEqual([]);
  });
});

describe('a read ahead', () => {
  it('has the index loaded while the lock settles, and only if that was asked for', async () => {
    const { repo, backend, known } = await filled();
    await repo.read({}, async () => expect(repo.index.blobCount).toBe(0));
    const settle = settling(backend);
    let isHeld = false;
    let plain: unknown;
    const reading = repo.read(AHEAD, async (lock) => {
      plain = await repo.loadBlob('data', known);
      await lock.held();
      isHeld = true;
    });
    await turns();
    expect(plain).toEqual(noise(100));
    expect(isHeld).toBe(false);
    settle();
    await reading;
    expect(isHeld).toBe(true);
    expect(await backend.names('locks')).toEqual([]);
  });

  it('is done once more if the index was pruned away meanwhile, which ends the first time', async () => {
    const { repo, backend } = await filled();
    const settle = settling(backend);
    const ended: unknown[] = [];
    const reading = repo.read(AHEAD, async ({ signal }) => {
      ended.push(undefined);
      if (ended.length > 1) return repo.index.blobCount;
      return orAbort(new Promise<number>(() => undefined), signal);
    });
    await turns();
    await backend.remove('index', at(await backend.names('index'), 0));
    settle();
    expect(await reading).toBe(0);
    expect(ended).toHaveLength(2);
  });

  it('ends when the lock cannot be had, and leaves nothing', async () => {
    const { repo, backend } = await filled();
    await repo.exclusively({}, async () => {
      const reading = repo.read(AHEAD, ({ signal }) => orAbort(new Promise<void>(() => undefined), signal));
      expect((await rejection(reading)).code).toBe('locked');
    });
    expect(await backend.names('locks')).toEqual([]);
  });

  it('goes without a lock where none can be stored', async () => {
    const { repo, backend, known } = await filled();
    backend.before = ({ method, type }) => {
      if (method === 'write' && type === 'locks') throw new SyncError('forbidden', 'the server answered 403');
    };
    const plain = await repo.read(AHEAD, async (lock) => {
      await lock.held();
      return repo.loadBlob('data', known);
    });
    expect(plain).toEqual(noise(100));
  });
});
