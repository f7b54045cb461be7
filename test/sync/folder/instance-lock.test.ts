import { fork } from 'node:child_process';
import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { acquireInstanceLock, type InstanceLock, type LockHolder } from '../../../src/sync/folder/instance-lock.js';
import { onLinux } from '../../helpers/only-where.js';
import { temporaryFolder } from '../temporary-folder.js';

async function lockFiles(folder: string): Promise<string[]> {
  return await readdir(join(folder, 'lock'));
}

/** The file that a process leaves behind that is killed while it holds the lock. */
async function leaveBehind(folder: string, changes: Record<string, unknown>): Promise<string> {
  const lock = await acquireInstanceLock(folder, { command: 'push', waitMs: 0 });
  const [name = ''] = await lockFiles(folder);
  const path = join(folder, 'lock', name);
  const holder: Record<string, unknown> = JSON.parse(await readFile(path, 'utf8'));
  await lock.release();
  await writeFile(path, JSON.stringify({ ...holder, ...changes }));
  return path;
}

async function deadPid(): Promise<number> {
  const child = fork('-', { execArgv: ['-e', ''], stdio: 'ignore' });
  await new Promise((resolve) => child.once('exit', resolve));
  return child.pid ?? 0;
}

describe('the lock of an instance', () => {
  test('is held by one, named to the other, and free after release', async () => {
    const folder = await temporaryFolder();
    const lock = await acquireInstanceLock(folder, { command: 'push', waitMs: 0 });
    const error: unknown = await acquireInstanceLock(folder, { command: 'pull', waitMs: 0 }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'in-use', details: { holder: { pid: process.pid, host: hostname() } } });
    expect(String(error)).toMatch(/push on .* \(process \d+/);
    expect(await lockFiles(folder)).toHaveLength(1);
    await lock.release();
    await lock.release();
    expect(await lockFiles(folder)).toEqual([]);
    await (await acquireInstanceLock(folder, { command: 'pull', waitMs: 0 })).release();
  });

  test('a waiter gets it when the holder ends, and is told once whom it waits for', async () => {
    const folder = await temporaryFolder();
    const lock = await acquireInstanceLock(folder, { command: 'push', waitMs: 0 });
    const told: LockHolder[] = [];
    const waiting = acquireInstanceLock(folder, {
      command: 'pull',
      waitMs: 10_000,
      onWait: (holder) => told.push(holder),
    });
    setTimeout(() => void lock.release(), 400);
    await (await waiting).release();
    expect(told.map(({ command }) => command)).toEqual(['push']);
  });

  test('an abort ends the wait', async () => {
    const folder = await temporaryFolder();
    const lock = await acquireInstanceLock(folder, { command: 'push', waitMs: 0 });
    const signal = AbortSignal.timeout(100);
    await expect(acquireInstanceLock(folder, { command: 'x', waitMs: 60_000, signal })).rejects.toMatchObject({
      code: 'aborted',
    });
    await lock.release();
    expect(await lockFiles(folder)).toEqual([]);
  });

  test('a storm of takers: never two at once, and everyone gets it', async () => {
    const folder = await temporaryFolder();
    await leaveBehind(folder, { pid: await deadPid() });
    let holders = 0;
    let most = 0;
    const take = async (): Promise<void> => {
      const lock: InstanceLock = await acquireInstanceLock(folder, { command: 'push', waitMs: 15_000 });
      holders += 1;
      most = Math.max(most, holders);
      await new Promise((resolve) => setTimeout(resolve, 5));
      holders -= 1;
      await lock.release();
    };
    await Promise.all(Array.from({ length: 12 }, take));
    expect(most).toBe(1);
    expect(await lockFiles(folder)).toEqual([]);
  });
});

describe('a lock left behind', () => {
  test('by a process that is gone is taken over at once', async () => {
    const folder = await temporaryFolder();
    await leaveBehind(folder, { pid: await deadPid() });
    await (await acquireInstanceLock(folder, { command: 'pull', waitMs: 0 })).release();
  });

  test('by an earlier process that had the number of this one is taken over at once', async () => {
    const folder = await temporaryFolder();
    await leaveBehind(folder, { pid: process.pid, started: performance.timeOrigin - 5000 });
    await (await acquireInstanceLock(folder, { command: 'pull', waitMs: 0 })).release();
  });

  onLinux('before a restart of this computer is taken over once it is old', async () => {
    const folder = await temporaryFolder();
    const path = await leaveBehind(folder, { system: 'another-boot pid:[1]' });
    await expect(acquireInstanceLock(folder, { command: 'pull', waitMs: 0 })).rejects.toMatchObject({
      code: 'in-use',
    });
    const old = new Date(Date.now() - 60_000);
    await utimes(path, old, old);
    await (await acquireInstanceLock(folder, { command: 'pull', waitMs: 0 })).release();
  });

  test.each([
    ['on another host', { host: 'elsewhere', pid: 1 }],
    ['by a process in another container', { system: 'x y', pid: 1 }],
    ['by a process of the same number', { pid: process.pid }],
    ['with nonsense in it', { pid: 'x' }],
  ])('%s is taken over after it was silent for long enough, not before', async (_, changes) => {
    const folder = await temporaryFolder();
    await leaveBehind(folder, changes);
    await expect(acquireInstanceLock(folder, { command: 'pull', waitMs: 0 })).rejects.toMatchObject({ code: 'in-use' });
    const started = performance.now();
    const lock = await acquireInstanceLock(folder, { command: 'pull', waitMs: 10_000, expireMs: 300 });
    expect(performance.now() - started).toBeGreaterThan(299);
    await lock.release();
  });

  test('is renewed by its holder, who learns when it is lost', async () => {
    const folder = await temporaryFolder();
    const lock = await acquireInstanceLock(folder, { command: 'push', waitMs: 0, renewMs: 100 });
    const waiter = acquireInstanceLock(folder, { command: 'pull', waitMs: 1500, expireMs: 700 });
    await expect(waiter).rejects.toMatchObject({ code: 'in-use' });
    const [name = ''] = await lockFiles(folder);
    await rm(join(folder, 'lock', name));
    await vi.waitUntil(() => lock.lost.aborted, { timeout: 10_000 });
    expect(lock.lost.reason).toMatchObject({ code: 'in-use' });
    await lock.release();
  });

  test('half-written announcements of dead processes are no lock', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'lock'));
    const path = join(folder, 'lock', '.dead.tmp');
    await writeFile(path, '{');
    await (await acquireInstanceLock(folder, { command: 'pull', waitMs: 0 })).release();
    const old = new Date(Date.now() - 2 * 3_600_000);
    await utimes(path, old, old);
    await (await acquireInstanceLock(folder, { command: 'pull', waitMs: 0 })).release();
    expect(await lockFiles(folder)).toEqual([]);
  });
});
