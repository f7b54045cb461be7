/**
 * The long tasks of a window, one at a time: the request is answered at once, then the window shows the progress, what the
 * player has to decide, and how it ended. The page that goes back to its overview asks for it, and the window follows.
 */
import type { BringBackResult, OnEvent, PullResult, PushResult, UndoResult } from '../../index.js';
import { isSyncError, SyncError } from '../../index.js';
import type { EndView, Problem } from '../protocol.js';
import { showProgress } from './progress.js';
import type { Room } from './room.js';

export type Task = 'pull' | 'push' | 'restore' | 'undo';
export type TaskResult = PullResult | PushResult | BringBackResult | UndoResult;

export interface TaskCall {
  readonly signal: AbortSignal;
  readonly onProgress: OnEvent;
}

export class Work {
  readonly #room: Room;
  #task: { readonly done: Promise<void>; readonly stop: () => boolean } | undefined;
  #isEndShown = false;

  constructor(room: Room) {
    this.#room = room;
  }

  /** Begins, and returns. Throws 'in-use' while another task is under way. */
  start(task: Task, label: string, run: (call: TaskCall) => Promise<TaskResult>): void {
    if (this.#task !== undefined) throw new SyncError('in-use', 'another task is under way in this window');
    const { show, signal } = this.#room.options;
    const stopper = new AbortController();
    const progress = showProgress({ task, label, mayStop: 'later', mayClose: true, show });
    const call = { signal: AbortSignal.any([signal, stopper.signal]), onProgress: progress.onProgress };
    const stop = (): boolean => {
      if (progress.mayStop) stopper.abort();
      return progress.mayStop;
    };
    this.#isEndShown = false;
    this.#task = { done: this.#finish(task, run(call), stopper.signal), stop };
  }

  /** Throws 'in-use' while files change places: it takes a moment, and cannot be left half done. */
  stop(): void {
    if (this.#task?.stop() === false)
      throw new SyncError('in-use', 'files are being put in place; that ends in a moment');
  }

  /** Fulfilled when no task is under way; never rejects. */
  async idle(): Promise<void> {
    await this.#task?.done;
  }

  /** The page is at its overview again: so is the window, and pages that come later. */
  backHome(): boolean {
    const isOver = this.#isEndShown && this.#task === undefined;
    this.#isEndShown = false;
    return isOver;
  }

  async #finish(task: Task, running: Promise<TaskResult>, stopped: AbortSignal): Promise<void> {
    let view: EndView;
    try {
      view = endOf(task, await running);
    } catch (error) {
      const cancelled = stopped.aborted && isSyncError(error, 'aborted');
      const outcome = cancelled ? 'cancelled' : 'failed';
      view = { view: 'end', outcome, task, warnings: [], ...(cancelled ? {} : { error: problemOf(error) }) };
    }
    this.#task = undefined;
    this.#isEndShown = true;
    this.#room.options.show(view);
  }
}

function endOf(task: Task, result: TaskResult): EndView {
  if (result.outcome === 'not-configured') {
    throw new SyncError('not-found', 'this instance is no longer set up on this PC');
  }
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

function problemOf(error: unknown): Problem {
  const message = error instanceof Error ? error.message : String(error);
  return { code: isSyncError(error) ? error.code : 'internal', message };
}
