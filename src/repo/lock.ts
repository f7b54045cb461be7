/**
 * Locks on the repository. They are files; two conflict if either is exclusive.
 *   acquire: look for conflicting locks, write ours, wait, look again (two writers may have raced), else withdraw.
 *   hold: every 5 minutes write a new one, then remove the old one (lock-keeper.ts).
 * `restic prune` deletes packs of any writer that holds no lock, hence every write holds one.
 */

import { hostname } from 'node:os';
import type { Backend } from '../backend/backend.js';
import { isSyncError, SyncError, throwIfAborted } from '../base/errors.js';
import type { LockId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import { isRunning } from '../base/process.js';
import { sleep } from '../base/sleep.js';
import { parseGoTime } from './go-time.js';
import { isInitNote } from './init-turn.js';
import type { LockFile } from './lock-file.js';
import { LockKeeper, REFRESH_MS, withTimeLimit } from './lock-keeper.js';
import { thisOwner } from './owner.js';

/** Reads and writes sealed lock files; the repository gives it. */
export interface LockStore {
  readonly backend: Backend;
  load(id: LockId, signal?: AbortSignal): Promise<LockFile>;
  save(lock: LockFile, signal?: AbortSignal): Promise<LockId>;
}

export interface LockOptions {
  readonly exclusive?: boolean;
  /** How long to wait for others to go, in ms. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly onWait?: (holder: string) => void;
}

export interface HeldLock {
  readonly id: LockId;
  /** Fires when the lock could not be refreshed in time, or was taken away: whoever holds it must stop writing. */
  readonly lost: AbortSignal;
  /** Resolves if others respect the lock; throws 'locked' if not. To be called before what makes data reachable. */
  ensureFresh(): Promise<void>;
  release(): Promise<void>;
}

/** A lock that nobody has refreshed for this long is dead (restic: 30 minutes). */
export const STALE_MS: number = 30 * 60_000;
/**
 * Host names are not unique (two PCs may both be called "steamdeck"), and a process id means nothing on another PC. A
 * living lock is never older than one refresh, so only one that has missed two is judged by its process.
 */
export const DEAD_PROCESS_MS: number = 2 * REFRESH_MS;
const SETTLE_MS = 200;
const RETRY_MS = 5_000;
const SAVE_GRACE_MS = 5_000;

/** Throws 'locked', naming the holder, if another holds a conflicting lock for longer than `waitMs`. */
export async function acquireLock(store: LockStore, options: LockOptions = {}): Promise<HeldLock> {
  const now = options.now ?? Date.now;
  const deadline = now() + (options.waitMs ?? 0);
  for (;;) {
    throwIfAborted(options.signal);
    const found = (await findConflict(store, undefined, options, now)) ?? (await tryTake(store, options, now));
    if ('release' in found) return found;
    const left = deadline - now();
    if (left <= 0) {
      const { id, lock, holder } = found;
      throw new SyncError('locked', `the repository is locked by ${holder}`, { details: { id, lock } });
    }
    options.onWait?.(found.holder);
    // By chance longer or shorter: two who withdrew from each other must not meet again and again.
    await sleep(Math.min(RETRY_MS * (0.5 + Math.random()), left), options.signal);
  }
}

/** Whose lock stands in the way. */
interface Blocker {
  readonly id: LockId;
  /** Absent if it cannot be read. */
  readonly lock?: LockFile;
  /** Ends the sentence "the repository is locked by ". */
  readonly holder: string;
}

/** Writes our lock, then looks again. Returns the held lock, or who was quicker. */
async function tryTake(store: LockStore, options: LockOptions, now: () => number): Promise<HeldLock | Blocker> {
  const describe = (): LockFile => describeSelf(options.exclusive ?? false, now());
  const taken = now();
  const id = await saveWhole(store, describe(), options.signal);
  let blocker: Blocker | undefined;
  try {
    await sleep(SETTLE_MS, options.signal);
    blocker = await findConflict(store, id, options, now);
  } catch (error) {
    await withdraw(store, id).catch(() => {
      // The first error is the one to tell; a lock left behind goes stale by itself.
    });
    throw error;
  }
  if (blocker === undefined) return new LockKeeper(store, id, { describe, now, taken });
  await withdraw(store, id);
  return blocker;
}

/** A lock whose upload is cut off may be there or not: a caller who gives up waits a little until that is known. */
async function saveWhole(store: LockStore, lock: LockFile, signal: AbortSignal | undefined): Promise<LockId> {
  throwIfAborted(signal);
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const giveUp = (): void => {
    timer = setTimeout(() => late.abort(signal?.reason), SAVE_GRACE_MS);
  };
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    return await store.save(lock, late.signal);
  } finally {
    signal?.removeEventListener('abort', giveUp);
    clearTimeout(timer);
  }
}

function withdraw(store: LockStore, id: LockId): Promise<void> {
  return withTimeLimit((signal) => store.backend.remove('locks', id, { signal }));
}

/** Who holds a lock that conflicts with the wanted one; dead locks are removed on the way. */
async function findConflict(
  store: LockStore,
  own: LockId | undefined,
  options: LockOptions,
  now: () => number,
): Promise<Blocker | undefined> {
  const { signal } = options;
  for (const file of await store.backend.list('locks', { signal })) {
    // An empty file is a lock being written or a broken one; restic passes over both.
    if (file.name === own || file.size === 0) continue;
    const id = file.name as LockId;
    const lock = await loadLock(store, id, signal);
    if (lock === undefined) continue;
    if (lock === 'unreadable' && (await isInitNote(store.backend, id, signal))) {
      await store.backend.remove('locks', id, { signal });
    } else if (lock === 'unreadable') {
      const advice = 'if nobody uses it, "restic unlock --remove-all" clears it';
      return { id, holder: `locks/${shortId(id)}, which cannot be read; ${advice}` };
    } else if (isDead(lock, now())) await store.backend.remove('locks', id, { signal });
    else if (options.exclusive === true || lock.exclusive) return { id, lock, holder: describeHolder(lock) };
  }
  return undefined;
}

async function loadLock(
  store: LockStore,
  id: LockId,
  signal: AbortSignal | undefined,
): Promise<LockFile | 'unreadable' | undefined> {
  try {
    return await store.load(id, signal);
  } catch (error) {
    if (isSyncError(error, 'not-found')) return undefined;
    if (isSyncError(error, 'damaged', 'unsupported')) return 'unreadable';
    throw error;
  }
}

function describeHolder(lock: LockFile): string {
  const who = `${lock.username || 'someone'}@${lock.hostname} (process ${lock.pid})`;
  return `${who}, held ${lock.exclusive ? 'exclusively ' : ''}since ${lock.time}; try again when it is done`;
}

/** Older than half an hour, or left by a process of this machine that no longer runs. */
export function isDead(lock: LockFile, nowMs: number): boolean {
  const age = nowMs - Number(parseGoTime(lock.time) / 1_000_000n);
  if (age > STALE_MS) return true;
  const ours = lock.hostname === hostname() && lock.pid !== process.pid;
  return ours && age > DEAD_PROCESS_MS && !isRunning(lock.pid);
}

function describeSelf(exclusive: boolean, nowMs: number): LockFile {
  const lock = { time: new Date(nowMs).toISOString(), exclusive, ...thisOwner(), pid: process.pid };
  const uid = process.getuid?.();
  const gid = process.getgid?.();
  return uid && gid ? { ...lock, uid, gid } : lock;
}
