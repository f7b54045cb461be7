/** Which locks `unlock` takes away. */
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { removeLocks } from '../../src/maintain/remove-locks.js';
import type { LockFile } from '../../src/repo/lock-file.js';
import { type TestRepository, testRepository } from '../helpers/repository.js';

/** No process has a number so high. */
const DEAD = 2 ** 22 + 1;
const NOW = Date.parse('2026-11-22T12:00:00Z');

function lock(minutesOld: number, parts: Partial<LockFile> = {}): LockFile {
  const time = new Date(NOW - minutesOld * 60_000).toISOString();
  return { time, exclusive: false, hostname: 'another', username: 'u', pid: 1, ...parts };
}

async function withLocks(locks: readonly LockFile[]): Promise<TestRepository> {
  const test = await testRepository();
  for (const one of locks) await test.repo.locks.save(one);
  return test;
}

describe('removeLocks', () => {
  it.each([
    ['a fresh one of another machine', lock(5), 0],
    ['an old one of another machine', lock(31), 1],
    ['a fresh one of this machine that runs', lock(0, { hostname: hostname(), pid: process.pid }), 0],
    ['an old one of this machine that runs', lock(31, { hostname: hostname(), pid: process.pid }), 1],
    ['a fresh one of this machine whose process is gone', lock(0, { hostname: hostname(), pid: DEAD }), 1],
    ['one from the future', lock(-600), 0],
  ])('%s', async (_, one, count) => {
    const { repo, backend } = await withLocks([one]);
    expect(await removeLocks(repo, { now: NOW })).toBe(count);
    expect((await backend.names('locks')).length).toBe(1 - count);
  });

  it('leaves what it cannot read, unless all are to go', async () => {
    const { repo, backend } = await withLocks([lock(1), lock(60)]);
    await backend.replace('locks', 'ab'.repeat(32), new Uint8Array(100));
    await backend.replace('locks', 'cd'.repeat(32), new Uint8Array(0));
    expect(await removeLocks(repo, { now: NOW })).toBe(1);
    expect((await backend.names('locks')).length).toBe(3);
    expect(await removeLocks(repo, { now: NOW, all: true })).toBe(3);
    expect(await backend.names('locks')).toEqual([]);
  });
});
