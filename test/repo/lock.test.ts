import { hostname } from 'node:os';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { utf8 } from '../../src/base/bytes.js';
import { SyncError } from '../../src/base/errors.js';
import type { LockId } from '../../src/base/ids.js';
import type { HeldLock, LockOptions, LockStore } from '../../src/repo/lock.js';
import { acquireLock, isDead, STALE_MS } from '../../src/repo/lock.js';
import type { LockFile } from '../../src/repo/lock-file.js';
import type { FaultyBackend } from '../helpers/faulty-backend.js';
import { untilAborted } from '../helpers/faulty-backend.js';
import { addData, at, commitEmpty, rejection, testRepository } from '../helpers/repository.js';

const MINUTE = 60_000;

interface Locks {
  readonly backend: FaultyBackend;
  readonly store: LockStore;
  /** Another's lock, taken `ageMs` ago. */
  put(lock?: Partial<LockFile>, ageMs?: number): Promise<LockId>;
}

async function locks(): Promise<Locks> {
  const { backend, repo } = await testRepository();
  const store = repo.locks;
  const put = (lock: Partial<LockFile> = {}, ageMs = 0): Promise<LockId> => {
    const time = new Date(Date.now() - ageMs).toISOString();
    return store.save({ time, exclusive: false, hostname: 'other-pc', username: 'alex', pid: 4711, ...lock });
  };
  return { backend, store, put };
}

/** Takes a lock while the clock is the test's. */
async function take(store: LockStore, options?: LockOptions): Promise<HeldLock> {
  const pending = acquireLock(store, options);
  pending.catch(() => undefined);
  await vi.advanceTimersByTimeAsync(250);
  return pending;
}

/** Lets time pass with the process asleep: the clock goes on, timers do not. */
function sleepFor(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('taking a lock', () => {
  it('lets any number in that are not exclusive', async () => {
    const { backend, store, put } = await locks();
    await put();
    const one = await take(store);
    const two = await take(store);
    expect(await backend.names('locks')).toHaveLength(3);
    await one.release();
    await two.release();
    expect(await backend.names('locks')).toHaveLength(1);
  });

  it.each([
    [true, false],
    [false, true],
    [true, true],
  ])('keeps out where one side is exclusive: theirs %s, ours %s', async (theirs, exclusive) => {
    const { backend, store, put } = await locks();
    const id = await put({ exclusive: theirs });
    const error = await rejection(take(store, { exclusive }));
    expect(error.code).toBe('locked');
    expect(error.message).toMatch(/alex@other-pc \(process 4711\)/);
    expect(await backend.names('locks')).toEqual([id]);
  });

  it('waits for the holder as long as it may', async () => {
    const { backend, store, put } = await locks();
    const id = await put({ exclusive: true });
    const waits: string[] = [];
    const pending = take(store, { waitMs: MINUTE, onWait: (holder) => waits.push(holder) });
    await vi.advanceTimersByTimeAsync(20_000);
    await backend.remove('locks', id);
    await vi.advanceTimersByTimeAsync(10_000);
    await (await pending).release();
    expect(waits.length).toBeGreaterThan(1);
    await put({ exclusive: true });
    const late = rejection(take(store, { waitMs: MINUTE }));
    await vi.advanceTimersByTimeAsync(59_000);
    expect(vi.getTimerCount()).toBeGreaterThan(0);
    await vi.advanceTimersByTimeAsync(2_000);
    expect((await late).code).toBe('locked');
  });

  it('stops waiting when the caller gives up', async () => {
    const { store, put } = await locks();
    await put({ exclusive: true });
    const stop = new AbortController();
    const pending = rejection(take(store, { waitMs: 60 * MINUTE, signal: stop.signal }));
    await vi.advanceTimersByTimeAsync(3_000);
    stop.abort();
    expect((await pending).code).toBe('aborted');
  });

  it('withdraws its file when the caller gives up between the two looks', async () => {
    const { backend, store } = await locks();
    const stop = new AbortController();
    const pending = rejection(acquireLock(store, { signal: stop.signal }));
    await vi.advanceTimersByTimeAsync(50);
    expect(await backend.names('locks')).toHaveLength(1);
    stop.abort();
    expect((await pending).code).toBe('aborted');
    expect(await backend.names('locks')).toEqual([]);
  });

  it('never gives two exclusive ones that race, and one in the end if they wait', async () => {
    const { backend, store } = await locks();
    const both = [acquireLock(store, { exclusive: true }), acquireLock(store, { exclusive: true })];
    const settled = Promise.allSettled(both);
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await settled).filter((one) => one.status === 'fulfilled').length).toBeLessThanOrEqual(1);
    for (const one of await settled) if (one.status === 'fulfilled') await one.value.release();
    expect(await backend.names('locks')).toEqual([]);

    let held = 0;
    const turn = async (): Promise<void> => {
      const lock = await acquireLock(store, { exclusive: true, waitMs: 10 * MINUTE });
      held += 1;
      expect(held).toBe(1);
      held -= 1;
      await lock.release();
    };
    const turns = Promise.all([turn(), turn(), turn()]);
    await vi.advanceTimersByTimeAsync(5 * MINUTE);
    await turns;
  });

  it('sees a lock that came between its two looks', async () => {
    const { backend, store, put } = await locks();
    const pending = rejection(acquireLock(store, { exclusive: true }));
    await vi.advanceTimersByTimeAsync(100);
    const id = await put();
    await vi.advanceTimersByTimeAsync(200);
    expect((await pending).code).toBe('locked');
    expect(await backend.names('locks')).toEqual([id]);
  });

  it('clears dead locks away', async () => {
    const { backend, store, put } = await locks();
    await put({ exclusive: true }, STALE_MS + 1000);
    const alive = await put({}, STALE_MS - MINUTE);
    const lock = await take(store);
    expect(await backend.names('locks')).toEqual([alive, lock.id].sort());
  });

  it('passes over empty files and vanished ones, and stops at one it cannot read', async () => {
    const { backend, store } = await locks();
    await backend.write('locks', 'aa'.repeat(32), new Uint8Array(0));
    await (await take(store)).release();
    backend.before = (call) => {
      if (call.method === 'read') throw new SyncError('not-found', 'gone');
    };
    await backend.write('locks', 'bb'.repeat(32), utf8('nonsense'));
    await (await take(store)).release();
    backend.before = () => undefined;
    const error = await rejection(take(store));
    expect(error.code).toBe('locked');
    expect(error.message).toContain('bbbbbbbb');
    expect(error.message).toContain('restic unlock');
    expect(await backend.names('locks')).toHaveLength(2);
  });

  it('passes on what the server says, and leaves no lock', async () => {
    const { backend, store } = await locks();
    let lists = 0;
    backend.before = (call) => {
      if (call.method === 'list' && ++lists === 2) throw new SyncError('server', 'broken');
    };
    expect((await rejection(take(store))).code).toBe('server');
    expect(await backend.names('locks')).toEqual([]);
  });
});

describe('a dead lock', () => {
  const base = { exclusive: true, username: 'alex', hostname: hostname() };
  const lock = (ageMs: number, pid: number, host = hostname()): LockFile => {
    return { ...base, hostname: host, pid, time: new Date(Date.now() - ageMs).toISOString() };
  };
  // Larger than what any system gives out.
  const noProcess = 2 ** 31 - 2;

  it('is one that nobody renewed for half an hour', () => {
    expect(isDead(lock(STALE_MS + 1, 1, 'other'), Date.now())).toBe(true);
    expect(isDead(lock(STALE_MS - 1, 1, 'other'), Date.now())).toBe(false);
    expect(isDead(lock(-60 * MINUTE, 1, 'other'), Date.now())).toBe(false);
    expect(isDead({ ...lock(0, 1, 'other'), time: '0001-01-01T00:00:00Z' }, Date.now())).toBe(true);
    expect(isDead({ ...lock(0, 1, 'other'), time: '2020-02-27T23:12:37.976543210+01:00' }, Date.now())).toBe(true);
  });

  it('is one of a process of this PC that is gone, once it has missed two renewals', () => {
    expect(isDead(lock(11 * MINUTE, noProcess), Date.now())).toBe(true);
    // Perhaps of another PC of the same name, where the process lives.
    expect(isDead(lock(9 * MINUTE, noProcess), Date.now())).toBe(false);
    expect(isDead(lock(11 * MINUTE, noProcess, 'other'), Date.now())).toBe(false);
    expect(isDead(lock(11 * MINUTE, process.pid), Date.now())).toBe(false);
    expect(isDead(lock(11 * MINUTE, process.ppid), Date.now())).toBe(false);
  });

  it.each([0, -1, 2 ** 40])('is not judged by a process id that is none: %i', (pid) => {
    expect(isDead(lock(11 * MINUTE, pid), Date.now())).toBe(false);
  });
});

describe('holding a lock', () => {
  it('replaces it every five minutes, the new one before the old one goes', async () => {
    const { backend, store } = await locks();
    const begun = backend.done.length;
    const lock = await take(store);
    const seen = new Set<string>();
    for (let minute = 0; minute < 60; minute++) {
      await vi.advanceTimersByTimeAsync(MINUTE);
      const names = await backend.names('locks');
      expect(names).toEqual([lock.id]);
      const file = await store.load(lock.id);
      expect(Date.now() - Date.parse(file.time)).toBeLessThan(6 * MINUTE);
      seen.add(lock.id);
    }
    expect(seen.size).toBeGreaterThan(8);
    expect(lock.lost.aborted).toBe(false);
    const order = backend.done
      .slice(begun)
      .filter((line) => line.endsWith('locks') && !line.startsWith('list') && !line.startsWith('read'));
    expect(order.slice(1, 4)).toEqual(['write locks', 'stat locks', 'remove locks']);
    await lock.release();
    expect(await backend.names('locks')).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('bears failures for 22 minutes, then it is lost', async () => {
    const { backend, store } = await locks();
    const lock = await take(store);
    backend.before = () => {
      throw new SyncError('unreachable', 'no answer');
    };
    await vi.advanceTimersByTimeAsync(20 * MINUTE);
    expect(lock.lost.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(4 * MINUTE);
    expect(lock.lost.aborted).toBe(true);
    expect(lock.lost.reason).toMatchObject({ code: 'locked' });
    backend.before = () => undefined;
    await lock.release();
    expect(await backend.names('locks')).toEqual([]);
  });

  it('recovers when the server comes back in time, and clears what could not be removed', async () => {
    const { backend, store } = await locks();
    const lock = await take(store);
    backend.before = (call) => {
      if (call.method === 'remove') throw new SyncError('unreachable', 'no answer');
    };
    await vi.advanceTimersByTimeAsync(11 * MINUTE);
    expect((await backend.names('locks')).length).toBeGreaterThan(1);
    backend.before = () => undefined;
    await vi.advanceTimersByTimeAsync(6 * MINUTE);
    expect(await backend.names('locks')).toEqual([lock.id]);
    expect(lock.lost.aborted).toBe(false);
  });

  it('is lost when somebody has removed it', async () => {
    const { backend, store } = await locks();
    const lock = await take(store);
    await backend.replace('locks', lock.id, undefined);
    await vi.advanceTimersByTimeAsync(6 * MINUTE);
    expect(lock.lost.reason).toMatchObject({ code: 'locked' });
    await expect(lock.ensureFresh()).rejects.toMatchObject({ code: 'locked' });
    await lock.release();
    expect(await backend.names('locks')).toEqual([]);
  });

  it('survives a sleeping PC if nobody has taken it for dead', async () => {
    const { backend, store } = await locks();
    const lock = await take(store);
    const before = lock.id;
    sleepFor(8 * 60 * MINUTE);
    await lock.ensureFresh();
    expect(lock.id).not.toBe(before);
    expect(await backend.names('locks')).toEqual([lock.id]);
    await lock.release();
  });

  it('does not survive a sleeping PC if another has cleared it away', async () => {
    const { backend, store } = await locks();
    const lock = await take(store);
    sleepFor(8 * 60 * MINUTE);
    await (await take(store, { exclusive: true })).release();
    await expect(lock.ensureFresh()).rejects.toMatchObject({ code: 'locked' });
    expect(lock.lost.aborted).toBe(true);
    await lock.release();
    expect(await backend.names('locks')).toEqual([]);
  });

  it('asks the server nothing while it is fresh', async () => {
    const { backend, store } = await locks();
    const lock = await take(store);
    backend.calls.length = 0;
    await lock.ensureFresh();
    expect(backend.calls).toEqual([]);
    await lock.release();
    await lock.release();
  });

  it('never renews twice at once', async () => {
    const { backend, store } = await locks();
    const lock = await take(store);
    let writes = 0;
    backend.before = async (call) => {
      if (call.method !== 'write') return;
      writes += 1;
      await new Promise((resolve) => setTimeout(resolve, 3 * MINUTE));
    };
    await vi.advanceTimersByTimeAsync(7 * MINUTE);
    expect(writes).toBe(1);
    await vi.advanceTimersByTimeAsync(2 * MINUTE);
    backend.before = () => undefined;
    await lock.release();
    expect(await backend.names('locks')).toEqual([]);
  });

  it('stops a session that lost it: nothing is made reachable', async () => {
    const { backend, repo } = await testRepository();
    const pending = rejection(
      repo.write({}, async (session) => {
        await addData(repo, session, utf8('some bytes'));
        await backend.replace('locks', at(await backend.names('locks'), 0), undefined);
        sleepFor(60 * MINUTE);
        await commitEmpty(session);
      }),
    );
    await vi.advanceTimersByTimeAsync(500);
    const error = await pending;
    expect(error.code).toBe('locked');
    expect(await backend.names('index')).toEqual([]);
    expect(await backend.names('snapshots')).toEqual([]);
    expect(await backend.names('locks')).toEqual([]);
  });

  it('cuts uploads off when it is lost', async () => {
    const { backend, repo } = await testRepository();
    backend.before = async (call) => {
      if (call.method === 'write' && call.type === 'data') await untilAborted(call.signal);
    };
    const pending = rejection(
      repo.write({ packSize: 100 }, async (session) => {
        await addData(
          repo,
          session,
          new Uint8Array(200).map((_, i) => i * 7),
        );
        await backend.replace('locks', at(await backend.names('locks'), 0), undefined);
        await session.flush();
      }),
    );
    await vi.advanceTimersByTimeAsync(6 * MINUTE);
    expect((await pending).code).toBe('locked');
  });
});
