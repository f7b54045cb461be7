/** How a hook ends for its window; and its last line and exit code where the player decided that nothing be done now. */

import { isSyncError } from '../../base/errors.js';
import type { PullResult, PushResult } from '../../index.js';
import type { Console } from '../../ui/console.js';
import { endOf, problemOf } from '../../ui/desk/end-views.js';
import type { EndView } from '../../ui/protocol.js';
import { EXIT } from '../exit-code.js';
import type { HookDialog } from './dialog.js';

type Task = 'pull' | 'push';

const GONE: EndView = { view: 'end', outcome: 'gone', warnings: [] };

/** Of a result: a folder that has not opted in shows nothing. */
export function endOfResult(task: Task, result: PullResult | PushResult): EndView {
  return result.outcome === 'not-configured' ? GONE : endOf(task, result);
}

/** A server that is away need not stay on the screen: the game starts. */
export function endOfFailure(task: Task, error: unknown, code: number): EndView {
  if (code === EXIT.ok) return { view: 'end', outcome: 'skipped', task, warnings: [] };
  return { view: 'end', outcome: 'failed', task, error: problemOf(error), warnings: [] };
}

export interface Decided {
  readonly code: number;
  readonly view: EndView;
}

/** Undefined if that is not why it ended. */
export function tellDecision(console: Console, task: Task, dialog: HookDialog, error: unknown): Decided | undefined {
  const skipped = (why: string, line: string): Decided => {
    console.object({ message_type: 'summary', command: task, outcome: 'skipped', reason: why });
    console.line('warning', line);
    return { code: EXIT.ok, view: { view: 'end', outcome: 'skipped', task, warnings: [] } };
  };
  if (dialog.isStopped && isSyncError(error, 'aborted')) {
    const line = task === 'pull' ? 'skipped; playing without what is new' : 'stopped; the next sync sends the rest';
    return skipped('stopped', line);
  }
  if (dialog.verdict === undefined || !isSyncError(error, 'conflict', 'relocated')) return undefined;
  switch (dialog.verdict) {
    case 'play':
      return skipped('undecided', task === 'pull' ? PLAY : LATER);
    case 'restore':
      return skipped('restore', 'nothing was sent; the next pull brings back what is gone');
    case 'cancel':
      console.failure(EXIT.notLaunched, 'cancelled', 'the launch was cancelled; nothing was changed');
      return { code: EXIT.notLaunched, view: { view: 'end', outcome: 'cancelled', task, warnings: [] } };
  }
}

const PLAY = 'playing without synchronising; nothing was changed, and it is asked again at the next start';
const LATER = 'left for later; nothing of either side is lost, and the next pull asks again';
