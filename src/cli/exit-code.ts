/** Exit codes: restic's where the thing is the same, then the hook's own. Any other than 0 stops a launch. */
import { isSyncError } from '../base/errors.js';

export const EXIT = {
  ok: 0,
  error: 1,
  /** Something could not be read; the rest was sent. */
  partial: 3,
  noRepository: 10,
  locked: 11,
  wrongPassword: 12,
  /** A question that only the player can answer is open. */
  conflict: 20,
  /** The player chose not to start the game. */
  notLaunched: 21,
  inUse: 22,
  /** The server is away, and a sync was asked for (--offline=require). */
  offline: 23,
  interrupted: 130,
} as const;

export function exitCodeOf(error: unknown): number {
  if (!isSyncError(error)) return EXIT.error;
  switch (error.code) {
    case 'no-repository':
      return EXIT.noRepository;
    case 'locked':
      return EXIT.locked;
    case 'wrong-password':
      return EXIT.wrongPassword;
    case 'conflict':
    case 'relocated':
      return EXIT.conflict;
    case 'in-use':
      return EXIT.inUse;
    case 'aborted':
      return EXIT.interrupted;
    default:
      return EXIT.error;
  }
}

/** A network that wants a login first answers in the server's place: by a web page, or by "511". */
const LOGIN_PAGES: readonly unknown[] = [200, 511];

/** The server is away: a hook warns and lets the player play. A refusal or a broken certificate is not that. */
export function isOffline(error: unknown): boolean {
  if (isSyncError(error, 'unreachable')) return true;
  return isSyncError(error, 'server') && (error.retryable || LOGIN_PAGES.includes(error.details['status']));
}
