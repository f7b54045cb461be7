/** Failures that restic tells without "Fatal: " before them; scripts compare whole lines. */
import { isSyncError, SyncError } from '../../base/errors.js';

/** What is wrong with a command line. */
export function lineError(message: string): SyncError {
  return new SyncError('usage', message, { details: { plain: true } });
}

/** A value that a flag does not take, in the words of restic's parser. `flag` as "-s, --sort". */
export function flagError(value: string, flag: string, why: string): SyncError {
  return lineError(`invalid argument "${value}" for "${flag}" flag: ${why}`);
}

/** The same error, told plainly; what is no error of ours stays as it is. */
export function plainly(error: unknown, prefix = ''): unknown {
  return isSyncError(error) ? reworded(error, `${prefix}${error.message}`, { plain: true }) : error;
}

/** The same error, with words before its own. */
export function prefixed(error: unknown, prefix: string): unknown {
  return isSyncError(error) ? reworded(error, `${prefix}${error.message}`, {}) : error;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function reworded(error: SyncError, message: string, details: Readonly<Record<string, unknown>>): SyncError {
  const { code, retryable } = error;
  return new SyncError(code, message, { cause: error, retryable, details: { ...error.details, ...details } });
}
