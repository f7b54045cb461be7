/**
 * Failures in the words that restic has for them, where programs that drive it look for those words; all others speak
 * for themselves.
 */
import type { SyncError } from '../../base/errors.js';
import { shortId } from '../../base/ids.js';
import { parseGoTime } from '../../repo/go-time.js';
import type { LockFile } from '../../repo/lock-file.js';
import { localTime } from './node-text.js';

/** The lines for standard error. Codes of `plain` errors come without "Fatal: ". */
export function failureText(error: SyncError): string {
  const { code, message, details } = error;
  switch (code) {
    case 'aborted':
      return 'Fatal: interrupted';
    case 'wrong-password':
      return 'Fatal: wrong password or no key found';
    case 'no-repository': {
      const location = typeof details['location'] === 'string' ? details['location'] : '';
      const place = /^https?:/.test(location) ? `rest:${location}` : location;
      return `Fatal: repository does not exist: unable to open config file: ${message}\nIs there a repository at the following location?\n${place}`;
    }
    case 'locked':
      return lockedText(error);
    default:
      if (hasNoKeys(error)) return `Fatal: wrong password or no key found: ${message}`;
      return details['plain'] === true ? message : `Fatal: ${message}`;
  }
}

/** A repository without any key file: restic has one answer, and one exit code, for that and for a wrong password. */
export function hasNoKeys({ code, details }: SyncError): boolean {
  return code === 'damaged' && details['keys'] === 0;
}

function lockedText({ message, details }: SyncError): string {
  const { lock, id } = details;
  const advice = 'the `unlock` command can be used to remove stale locks';
  if (!isLock(lock) || typeof id !== 'string') return `unable to create lock in backend: ${message}\n${advice}`;
  const age = (Date.now() - Number(parseGoTime(lock.time) / 1_000_000n)) / 1000;
  const how = lock.exclusive ? 'exclusively ' : '';
  const who = `PID ${lock.pid} on ${lock.hostname} by ${lock.username} (UID ${lock.uid ?? 0}, GID ${lock.gid ?? 0})`;
  return [
    `unable to create lock in backend: repository is already locked ${how}by ${who}`,
    `lock was created at ${localTime(lock.time)} (${age.toFixed(3)}s ago)`,
    `storage ID ${shortId(id)}`,
    advice,
  ].join('\n');
}

function isLock(value: unknown): value is LockFile {
  return typeof value === 'object' && value !== null && 'pid' in value && 'hostname' in value && 'time' in value;
}
