/**
 * Lists of the REST protocol: version 2 is `[{"name":"<id>","size":123}, …]`, version 1 is `["<id>", …]`.
 * What comes is told by the entries themselves, so a server may answer with either.
 */
import { fromUtf8 } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';
import { isId } from '../base/ids.js';
import type { Answer } from './rest-transport.js';

export interface ListEntry {
  readonly name: string;
  /** Undefined in version 1. */
  readonly size: number | undefined;
}

/** Names that are no ids are left out: rest-server lists its own temporary files, too. `null` is an old server's []. */
export function decodeList(answer: Answer, action: string): ListEntry[] {
  const garbage = (what: string, cause?: unknown): SyncError =>
    new SyncError('server', `${action}: the list ${what}`, { retryable: true, cause });
  let list: unknown;
  try {
    list = JSON.parse(fromUtf8(answer.body));
  } catch (error) {
    throw garbage('is not JSON', error);
  }
  if (list === null) return [];
  if (!Array.isArray(list)) throw garbage('is not an array');
  const entries = list.map((entry: unknown): ListEntry => {
    if (typeof entry === 'string') return { name: entry, size: undefined };
    if (typeof entry === 'object' && entry !== null && 'name' in entry && 'size' in entry) {
      const { name, size } = entry;
      if (typeof name === 'string' && typeof size === 'number' && Number.isSafeInteger(size) && size >= 0) {
        return { name, size };
      }
    }
    throw garbage(`holds ${(JSON.stringify(entry) ?? '').slice(0, 80)}`);
  });
  return entries.filter((entry) => isId(entry.name));
}
