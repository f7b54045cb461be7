/**
 * Each call given up at each of its requests: it ends with 'aborted', its lock goes, nothing of it runs on. A request
 * that is cut off has had its effect here, which is the worse case: a lock that was stored has to be found and removed.
 */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { isSyncError, SyncError } from '../../src/base/errors.js';
import { backup } from '../../src/library/backup.js';
import { check } from '../../src/library/check.js';
import { copy } from '../../src/library/copy.js';
import { forget } from '../../src/library/forget.js';
import { prune } from '../../src/library/prune.js';
import type { Repository } from '../../src/library/repository.js';
import { restore } from '../../src/library/restore.js';
import { tempFolder } from '../helpers/temp.js';
import type { MemoryRepository } from './env.js';
import { all, backedUp, gameFolder, memoryRepository } from './env.js';

type Call = (repo: Repository, signal: AbortSignal) => Promise<unknown>;

const targets = tempFolder();
const cwd = gameFolder();

const CALLS: Readonly<Record<string, Call>> = {
  snapshots: (repo, signal) => all(repo.snapshots({}, { signal })),
  snapshot: (repo, signal) => repo.snapshot('latest', { signal }),
  walk: (repo, signal) => all(repo.walk('latest', { signal })),
  blobs: (repo, signal) => all(repo.blobs({ signal })),
  readFile: (repo, signal) => all(repo.readFile('latest', '/game/saves/Home/level.dat', { signal })),
  archive: (repo, signal) => all(repo.archive('latest', { signal })),
  backup: (repo, signal) => backup(repo, { cwd, paths: ['game'], parent: 'none', signal }),
  restore: (repo, signal) => restore(repo, 'latest', { target: mkdtempSync(join(targets, 'x')), signal }),
  check: (repo, signal) => check(repo, { readData: 'all', signal }),
  forget: (repo, signal) => forget(repo, { keep: { last: 1 }, prune: { maxUnused: { bytes: 0 } }, signal }),
  prune: (repo, signal) => prune(repo, { signal }),
};

/** Gives the call up when its `k`th request has been carried out, but not answered; undefined if it ends before. */
async function giveUpAt(k: number, { repo, backend }: MemoryRepository, call: Call): Promise<unknown> {
  const controller = new AbortController();
  let count = 0;
  backend.after = async ({ signal }) => {
    count += 1;
    if (count === k) {
      controller.abort();
      // Until all who are concerned know.
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (signal?.aborted) throw new SyncError('aborted', 'cancelled');
  };
  try {
    await call(repo, controller.signal);
    return undefined;
  } catch (error) {
    return error;
  } finally {
    backend.after = () => undefined;
  }
}

describe('given up at any request', () => {
  it.concurrent.each(Object.entries(CALLS))('%s ends, and leaves no lock', async (_name, call) => {
    const made = await memoryRepository();
    await backedUp(made.repo, cwd);
    await backup(made.repo, { cwd, paths: ['game'], exclude: ['big.jar'], hostname: 'pc' });
    let [tried, cut] = [0, 0];
    for (let k = 1; ; k++) {
      const error = await giveUpAt(k, made, call);
      const requests = made.backend.calls.length;
      expect(await made.backend.names('locks'), `request ${k}`).toEqual(error === undefined ? expect.anything() : []);
      if (error === undefined) break;
      tried += 1;
      expect(tried, String(error)).toBeLessThan(200);
      if (isSyncError(error, 'aborted')) cut += 1;
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(made.backend.calls.length, 'nothing runs on').toBe(requests);
    }
    expect(tried).toBeGreaterThan(3);
    expect(cut).toBe(tried);
    expect((await check(made.repo, { readData: 'all' })).isSound).toBe(true);
    await made.repo.close();
    expect(await made.backend.names('locks')).toEqual([]);
  });

  it('copy leaves no lock in either repository', async () => {
    const [from, to] = [await memoryRepository(), await memoryRepository()];
    await backedUp(from.repo, cwd);
    for (const side of [from, to]) {
      for (let k = 1; ; k++) {
        const error = await giveUpAt(k, side, (_, signal) => copy(from.repo, to.repo, { signal }));
        expect([await from.backend.names('locks'), await to.backend.names('locks')]).toEqual([[], []]);
        if (error === undefined) break;
        expect(isSyncError(error, 'aborted'), String(error)).toBe(true);
      }
    }
    expect((await check(to.repo, { readData: 'all' })).isSound).toBe(true);
    await Promise.all([from.repo.close(), to.repo.close()]);
  });
});

describe('given up before it begins', () => {
  let made: MemoryRepository;
  beforeAll(async () => {
    made = await memoryRepository();
    await backedUp(made.repo, cwd);
  });

  it.each(Object.entries(CALLS))('%s asks for nothing', async (_name, call) => {
    await made.repo.snapshot('latest');
    const requests = made.backend.calls.length;
    const error = await call(made.repo, AbortSignal.abort()).catch((reason: unknown) => reason);
    expect(isSyncError(error, 'aborted')).toBe(true);
    expect(made.backend.calls.length).toBe(requests);
  });
});

describe('close', () => {
  it('gives up what is under way, and gives its lock back', async () => {
    const { repo, backend } = await memoryRepository();
    await backedUp(repo, cwd);
    const reading = repo.readFile('latest', '/game/mods/big.jar')[Symbol.asyncIterator]();
    await reading.next();
    const running = backup(repo, { cwd, paths: ['game'], parent: 'none' }).catch((error: unknown) => error);
    await repo.close();
    expect(await backend.names('locks')).toEqual([]);
    expect(isSyncError(await running, 'aborted')).toBe(true);
    const next = await Promise.resolve(reading.next()).catch((error: unknown) => error);
    expect(isSyncError(next, 'aborted')).toBe(true);
    await repo.close();
    expect(isSyncError(await repo.snapshot('latest').catch((error: unknown) => error), 'usage')).toBe(true);
  });
});
