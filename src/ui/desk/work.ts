/**
 * The long tasks of a window, one at a time: the request is answered at once, then the window shows the progress, what the
 * player has to decide, and how it ended. The page that goes back to its overview asks for it, and the window follows.
 */
import type { OnEvent } from '../../index.js';
import { isSyncError, SyncError } from '../../index.js';
import type { Answer, EndView } from '../protocol.js';
import { endOf, problemOf, type Task, type TaskResult } from './end-views.js';
import { showProgress } from './progress.js';
import type { QuestionView } from './question-views.js';
import { Questions } from './questions.js';
import type { Room } from './room.js';

export interface TaskCall {
  readonly signal: AbortSignal;
  readonly onProgress: OnEvent;
  /** Shows a question; whatever is no answer to it ends the task as 'cancelled'. */
  readonly ask: (view: QuestionView) => Promise<Answer>;
}

interface Running {
  readonly done: Promise<void>;
  readonly stop: () => boolean;
}

/** What a task has been told besides its result. */
interface Told {
  isStopped: boolean;
  isUndecided: boolean;
}

export class Work {
  readonly questions: Questions = new Questions();
  readonly #room: Room;
  #running: Running | undefined;
  #isEndShown = false;
  #isLeft = false;

  constructor(room: Room) {
    this.#room = room;
  }

  /** Begins, and returns. Throws 'in-use' while another task is under way. */
  start(task: Task, label: string, run: (call: TaskCall) => Promise<TaskResult>): void {
    if (this.#running !== undefined) throw new SyncError('in-use', 'another task is under way in this window');
    const { show, signal } = this.#room.options;
    const stopper = new AbortController();
    const told: Told = { isStopped: false, isUndecided: false };
    const progress = showProgress({
      task,
      label,
      mayStop: 'later',
      mayClose: true,
      // A question is not covered by what goes on behind it.
      show: (view) => this.questions.shown === undefined && show(view),
    });
    const ask = async (view: QuestionView): Promise<Answer> => {
      const answer = await this.#ask(view, signal);
      if (answer.kind === 'play' || answer.kind === 'cancel') told.isUndecided = true;
      return answer;
    };
    const call = { signal: AbortSignal.any([signal, stopper.signal]), onProgress: progress.onProgress, ask };
    const stop = (): boolean => {
      told.isStopped = progress.mayStop;
      if (progress.mayStop) stopper.abort();
      return progress.mayStop;
    };
    this.#isEndShown = false;
    this.#running = { done: this.#finish(task, run(call), told), stop };
  }

  /** Throws 'in-use' while files change places: it takes a moment, and cannot be left half done. */
  stop(): void {
    if (this.#running?.stop() === false) {
      throw new SyncError('in-use', 'files are being put in place; that ends in a moment');
    }
  }

  /**
   * The window is gone: nobody is asked any more, and what a player has not decided stays so. Fulfilled when the task
   * under way, if any, has ended; never rejects.
   */
  async leave(): Promise<void> {
    this.#isLeft = true;
    this.#giveUpQuestion();
    await this.#running?.done;
  }

  /** The page is at its overview again: so is the window, and pages that come later. */
  backHome(): boolean {
    const isOver = this.#isEndShown && this.#running === undefined;
    this.#isEndShown = false;
    return isOver;
  }

  async #ask(view: QuestionView, signal: AbortSignal): Promise<Answer> {
    if (this.#isLeft || signal.aborted) return { kind: 'cancel' };
    const answered = this.questions.ask(view);
    this.#room.options.show(view);
    const giveUp = (): void => this.#giveUpQuestion();
    signal.addEventListener('abort', giveUp);
    try {
      return await answered;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  #giveUpQuestion(): void {
    const { shown } = this.questions;
    if (shown !== undefined) this.questions.answer(shown.question, { kind: 'cancel' });
  }

  async #finish(task: Task, running: Promise<TaskResult>, told: Told): Promise<void> {
    let view: EndView;
    try {
      view = endOf(task, await running);
    } catch (error) {
      view = failureOf(task, error, told);
    }
    this.questions.drop();
    this.#running = undefined;
    this.#isEndShown = true;
    this.#room.options.show(view);
  }
}

/** What the player stopped, or did not want to decide, is no failure. */
function failureOf(task: Task, error: unknown, { isStopped, isUndecided }: Told): EndView {
  const isMeant =
    (isStopped && isSyncError(error, 'aborted')) || (isUndecided && isSyncError(error, 'conflict', 'relocated'));
  if (isMeant) return { view: 'end', outcome: 'cancelled', task, warnings: [] };
  return { view: 'end', outcome: 'failed', task, error: problemOf(error), warnings: [] };
}
