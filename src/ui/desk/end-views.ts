/** How a task ended, as the page shows it. */
import type { BringBackResult, PullResult, PushResult, UndoResult } from '../../index.js';
import { isSyncError, SyncError } from '../../index.js';
import type { EndView, Problem } from '../protocol.js';

export type Task = 'pull' | 'push' | 'restore' | 'undo';
export type TaskResult = PullResult | PushResult | BringBackResult | UndoResult;

/** Throws 'not-found' if the folder is no longer set up. */
export function endOf(task: Task, result: TaskResult): EndView {
  if (result.outcome === 'not-configured') throw notSetUp();
  const { warnings } = result;
  const counted = 'files' in result ? result : 'recovered' in result ? result.recovered : undefined;
  const bytes = counted === undefined ? undefined : 'bytesSent' in counted ? counted.bytesSent : counted.bytesWritten;
  return {
    view: 'end',
    outcome: 'done',
    task,
    ...(counted === undefined ? {} : { files: counted.files }),
    ...(bytes === undefined ? {} : { bytes }),
    warnings,
  };
}

/** The folder has been switched off since the page named it. */
export function notSetUp(): SyncError {
  return new SyncError('not-found', 'this instance is no longer set up on this PC');
}

export function problemOf(error: unknown): Problem {
  const message = error instanceof Error ? error.message : String(error);
  return { code: isSyncError(error) ? error.code : 'internal', message };
}
