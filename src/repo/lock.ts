/**
 * A held lock on the repository, refreshed until released. Locks are files: conflict if either side is exclusive.
 *   acquire: look for conflicting locks, write ours, wait, look again (two writers may have raced), else withdraw.
 * `restic prune` deletes packs of any writer that holds no lock, hence every write holds one.
 */
import { hostname } from 'node:os';
import type { Backend } from '../backend/backend.js';
import { SyncError, throwIfAborted } from '../base/errors.js';
import type { LockId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import { sleep } from '../base/sleep.js';
import type { LockFile } from './lock-file.js';

/** Reads and writes sealed lock files; the repository gives it. */
export interface LockStore {
  readonly backend: Backend;
  load(id: LockId): Promise<LockFile>;
  save(lock: LockFile): Promise<LockId>;
}

export interface LockOptions {
  readonly exclusive?: boolean;
  /** How long to wait for others to go, in ms. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal | undefined;
  readonly now?: () => number;
  readonly onWait?: (holder: string) => void;
}

export interface HeldLock {
  readonly id: LockId;
  /** Fires when the lock could not be refreshed in time: whoever holds it must stop writing. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/** A lock that nobody has refreshed for this long is dead (restic: 30 minutes). */
export const STALE_MS: number = 30 * 60_000;
const REFRESH_MS = 5 * 60_000;
/** Past this age without a refresh others may soon take the lock for dead, so we stop first. */
const GIVE_UP_MS = 22.5 * 60_000;
const SETTLE_MS = 200;
const RETRY_MS = 5_000;

/** Throws 'locked', naming the holder, if another holds a conflicting lock for longer than `waitMs`. */
export async function acquireLock(store: LockStore, options: LockOptions = {}): Promise<HeldLock> {
  const now = options.now ?? Date.now;
  const deadline = now() + (options.waitMs ?? 0);
  for (;;) {
    throwIfAborted(options.signal);
    const blocker = (await findConflict(store, undefined, options, now)) ?? (await tryTake(store, options, now));
    if (typeof blocker !== 'string') return blocker;
    const left = deadline - now();
    if (left <= 0) throw new SyncError('locked', `the repository is locked by ${blocker}; try again when it is done`);
    options.onWait?.(blocker);
    await sleep(Math.min(RETRY_MS, left), options.signal);
  }
}

/** Writes our lock, then looks again. Returns the held lock, or who was quicker. */
async function tryTake(store: LockStore, options: LockOptions, now: () => number): Promise<HeldLock | string> {
  const id = await store.save(describeSelf(options.exclusive ?? false, now()));
  try {
    await sleep(SETTLE_MS, options.signal);
    const blocker = await findConflict(store, id, options, now);
    if (blocker === undefined) return new Keeper(store, id, options.exclusive ?? false, now);
    await store.backend.remove('locks', id);
    return blocker;
  } catch (error) {
    await store.backend.remove('locks', id).catch(() => {
      // The first error is the one to tell; a lock left behind goes stale by itself.
    });
    throw error;
  }
}

/** Who holds a lock that conflicts with the wanted one, as text; dead locks are removed on the way. */
async function findConflict(
  store: LockStore,
  own: LockId | undefined,
  options: LockOptions,
  now: () => number,
): Promise<string | undefined> {
  for (const file of await store.backend.list('locks', { signal: options.signal })) {
    // An empty file is a lock being written or a broken one; restic passes over both.
    if (file.name === own || file.size === 0) continue;
    const id = file.name as LockId;
    const lock = await loadLock(store, id);
    if (lock === undefined) continue;
    if (lock === 'unreadable') return `an unreadable lock (${shortId(id)})`;
    if (isDead(lock, now())) {
      await store.backend.remove('locks', id);
      continue;
    }
    if (options.exclusive === true || lock.exclusive) {
      const kind = lock.exclusive ? 'exclusively ' : '';
      return `${lock.username || 'someone'}@${lock.hostname} (process ${lock.pid}), held ${kind}since ${lock.time}`;
    }
  }
  return undefined;
}

async function loadLock(store: LockStore, id: LockId): Promise<LockFile | 'unreadable' | undefined> {
  try {
    return await store.load(id);
  } catch (error) {
    if (error instanceof SyncError && error.code === 'not-found') return undefined;
    if (error instanceof SyncError && error.code === 'damaged') return 'unreadable';
    throw error;
  }
}

/** Older than half an hour, or left by a process of this machine that no longer runs. */
export function isDead(lock: LockFile, nowMs: number): boolean {
  const time = Date.parse(lock.time);
  if (Number.isFinite(time) && nowMs - time > STALE_MS) return true;
  return lock.hostname === hostname() && lock.pid !== process.pid && !isRunning(lock.pid);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function describeSelf(exclusive: boolean, nowMs: number): LockFile {
  const user = process.env['USER'] ?? process.env['USERNAME'] ?? '';
  const lock = {
    time: new Date(nowMs).toISOString(),
    exclusive,
    hostname: hostname(),
    username: user,
    pid: process.pid,
  };
  const uid = process.getuid?.();
  const gid = process.getgid?.();
  return uid && gid ? { ...lock, uid, gid } : lock;
}

class Keeper implements HeldLock {
  readonly #store: LockStore;
  readonly #exclusive: boolean;
  readonly #now: () => number;
  readonly #lost = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #id: LockId;
  #refreshed: number;
  #refreshing: Promise<void> = Promise.resolve();

  constructor(store: LockStore, id: LockId, exclusive: boolean, now: () => number) {
    this.#store = store;
    this.#id = id;
    this.#exclusive = exclusive;
    this.#now = now;
    this.#refreshed = now();
    this.#timer = setInterval(() => {
      this.#refreshing = this.#refresh();
    }, REFRESH_MS);
    this.#timer.unref();
  }

  get id(): LockId {
    return this.#id;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    await this.#refreshing;
    await this.#store.backend.remove('locks', this.#id);
  }

  /** New lock first, old one away after: at no time is there none. */
  async #refresh(): Promise<void> {
    try {
      const old = this.#id;
      this.#id = await this.#store.save(describeSelf(this.#exclusive, this.#now()));
      this.#refreshed = this.#now();
      await this.#store.backend.remove('locks', old);
    } catch (error) {
      // One failure is no reason to stop: the next tick tries again, until others may take the lock for dead.
      if (this.#now() - this.#refreshed > GIVE_UP_MS) {
        this.#lost.abort(new SyncError('locked', 'the lock could not be renewed; stopped writing', { cause: error }));
      }
    }
  }
}
