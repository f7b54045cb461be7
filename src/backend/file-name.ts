/**
 * Names of repository files: 64 hex digits, or '' for `config`. Every backend checks a name before it becomes part of
 * a path or an address, so nothing else can ever reach the disk or the server.
 */
import { SyncError } from '../base/errors.js';
import { isId, shortId } from '../base/ids.js';
import type { FileType } from './backend.js';

/** Throws 'internal' if the name does not belong to the type: a mistake of the calling code, not of the repository. */
export function checkName(type: FileType, name: string): void {
  if (type === 'config' ? name === '' : isId(name)) return;
  throw new SyncError('internal', `${JSON.stringify(name.slice(0, 80))} is not a name of a file of type ${type}`);
}

/** For messages: `config`, `snapshots/ce00f9cf`. */
export function fileLabel(type: FileType, name: string): string {
  return type === 'config' ? 'config' : `${type}/${shortId(name)}`;
}

export function notFound(type: FileType, name: string, location: string, cause?: unknown): SyncError {
  return new SyncError('not-found', `${fileLabel(type, name)} is not in ${location}`, {
    cause,
    details: { type, name },
  });
}

export function alreadyExists(type: FileType, name: string, location: string, cause?: unknown): SyncError {
  const message = `${fileLabel(type, name)} is already in ${location}`;
  return new SyncError('exists', message, { cause, details: { type, name } });
}

/** The stored file ends before the range that was asked for. */
export function shorterThanRange(
  type: FileType,
  name: string,
  location: string,
  found: number,
  wanted: number,
): SyncError {
  const message = `${fileLabel(type, name)} in ${location} is damaged: it has ${found} bytes, at least ${wanted} were expected`;
  return new SyncError('damaged', message, { details: { type, name, found, expected: wanted } });
}
