/** One thing that doctor looked at, and how an error becomes one. */
import type { SyncError } from '../../base/errors.js';

export interface Checkup {
  /** What was looked at; stable: "token", "server", "clock", … */
  readonly id: string;
  readonly level: 'ok' | 'warning' | 'problem';
  /** One line. */
  readonly message: string;
  /** What to do; not with 'ok'. */
  readonly todo?: string;
}

/** Messages say what to do behind a semicolon. */
export function problemOf(id: string, error: SyncError): Checkup {
  const [, message = error.message, todo] = /^(.*?); (.*)$/s.exec(error.message) ?? [];
  return { id, level: 'problem', message, ...(todo === undefined ? {} : { todo }) };
}
