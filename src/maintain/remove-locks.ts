/** Removes locks that were left behind; by the owner's word, hence by restic's plain rule, without a time of grace. */
import { hostname } from 'node:os';
import { isSyncError } from '../base/errors.js';
import type { LockId } from '../base/ids.js';
import { isRunning } from '../base/process.js';
import { parseGoTime } from '../repo/go-time.js';
import { STALE_MS } from '../repo/lock.js';
import type { LockFile } from '../repo/lock-file.js';
import type { Repository } from '../repo/repository.js';

export interface RemoveLocksOptions {
  /** Also those that may be in use, and files that are no locks. */
  readonly all?: boolean | undefined;
  /** Milliseconds since 1970. */
  readonly now?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Returns how many. Without `all`: those older than half an hour, and those of this machine whose process has ended;
 * what cannot be read stays. Works on append-only servers.
 */
export async function removeLocks(repo: Repository, options: RemoveLocksOptions = {}): Promise<number> {
  const { all = false, now = Date.now(), signal } = options;
  let removed = 0;
  for (const { name, size } of await repo.backend.list('locks', { signal })) {
    if (!all && (size === 0 || !(await isStale(repo, name as LockId, now, signal)))) continue;
    await repo.backend.remove('locks', name, { signal });
    removed += 1;
  }
  return removed;
}

async function isStale(repo: Repository, id: LockId, now: number, signal?: AbortSignal): Promise<boolean> {
  try {
    return isLeftBehind(await repo.locks.load(id, signal), now);
  } catch (error) {
    if (isSyncError(error, 'not-found', 'damaged', 'unsupported')) return false;
    throw error;
  }
}

/** restic's rule. */
function isLeftBehind({ time, hostname: host, pid }: LockFile, now: number): boolean {
  const age = now - Number(parseGoTime(time) / 1_000_000n);
  return age > STALE_MS || (host === hostname() && !isRunning(pid));
}
