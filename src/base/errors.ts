/**
 * The one error class of the project. Callers branch on `code`, never on the message.
 * The message is one line for a person: what failed, which object, what was found, what to do.
 */

export type ErrorCode =
  /** A call or command line that cannot be carried out as given. */
  | 'usage'
  /** A local file of ours (sync.json, token, scope.json, state.json) is broken, of a newer schema or of wrong types. */
  | 'bad-settings'
  | 'no-token'
  /** 401, and 403 where it stands for "not yours". */
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  /** A file of that name is already in the repository. */
  | 'exists'
  /** No answer: refused, unknown host, timed out, cut. */
  | 'unreachable'
  | 'tls'
  /** The server answered with something that the protocol does not allow, or a 5xx. */
  | 'server'
  /** 507 or ENOSPC. */
  | 'no-space'
  | 'no-repository'
  | 'wrong-password'
  | 'locked'
  /** Stored bytes are not what they must be: bad MAC, bad hash, impossible header. */
  | 'damaged'
  /** A newer or foreign format which this program must not touch. */
  | 'unsupported'
  /** A name or link in the repository would lead outside the target folder. */
  | 'unsafe-path'
  | 'conflict'
  /** The instance is in use by another command of ours or by the game. */
  | 'in-use'
  /** The game folder is a copy of another one that takes part in the same instance. */
  | 'relocated'
  /** Local reading or writing failed (details.errno has the system's code). */
  | 'io'
  | 'aborted'
  | 'internal';

export interface SyncErrorOptions {
  readonly retryable?: boolean;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

export class SyncError extends Error {
  override readonly name = 'SyncError';
  readonly code: ErrorCode;
  /** Whether the same call may succeed when repeated unchanged. */
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: SyncErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
  }
}

/** Works across realms and across two copies of the library in one process. */
export function isSyncError(error: unknown, ...codes: ErrorCode[]): error is SyncError {
  if (!(error instanceof Error) || error.name !== 'SyncError' || !('code' in error)) return false;
  return codes.length === 0 || codes.some((code) => code === error.code);
}

/** The system's error code ("ENOENT", "EBUSY", …) of a failed node:fs or network call, if it has one. */
export function errnoOf(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}

/** Nothing is there: the name itself, or a folder on the way to it, is missing. */
export function isMissing(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === 'ENOENT' || errno === 'ENOTDIR';
}

/** What a player can do something about; the system's own words name calls and paths once more. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it is not there',
  ENOTDIR: 'a part of that path is a file, where a folder should be',
  EACCES: 'permission denied; this user needs the right to do that',
  EPERM: 'permission denied; this user needs the right to do that',
  EROFS: 'its disk can only be read, not written',
  EBUSY: 'another program uses it; close that and try again',
  EEXIST: 'something of that name is there',
  ENOTEMPTY: 'the folder is not empty',
  EIO: 'the disk reports an error; check it',
};

/** Turns a failed local file operation into a SyncError that names the operation and the path. */
export function ioError(error: unknown, what: string, path: string): SyncError {
  if (isSyncError(error)) return error;
  const errno = errnoOf(error);
  const details = { errno, path };
  if (errno === 'ENOSPC' || errno === 'EDQUOT') {
    return new SyncError('no-space', `${what} ${path}: the disk is full; make room first`, { cause: error, details });
  }
  const reason = REASONS[errno ?? ''] ?? (error instanceof Error ? error.message : String(error));
  return new SyncError('io', `${what} ${path}: ${reason}`, { cause: error, details });
}

/** Throws the 'aborted' error if the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new SyncError('aborted', 'cancelled', { cause: signal.reason });
}
