/**
 * How a hook asks its player: flags answer first, then a terminal in which somebody sits, then a window. Where there is
 * neither, or it is left without an answer, the question stays open, and a game is not started. The same window shows
 * work that takes long, with a way to stop it as long as nothing has moved. What draws it is loaded when it is needed.
 */

import { SyncError } from '../../base/errors.js';
import type { ConflictQuestion, Deletion, Relocation, SyncEvent, SyncOptions } from '../../index.js';
import type { Console } from '../../ui/console.js';
import type { Heading, QuestionView } from '../../ui/desk/question-views.js';
import type { Answer, EndView } from '../../ui/protocol.js';
import { flaggedUnits, resolutionOf } from './conflict-flags.js';
import type { HookFlags } from './hook.js';

type HookWindow = import('../../ui/desk/hook-window.js').HookWindow;
type Prompts = typeof import('./prompts.js');
type Views = typeof import('../../ui/desk/question-views.js');

export interface DialogOptions {
  readonly console: Console;
  readonly task: 'pull' | 'push';
  readonly flags: HookFlags;
  /** Fires when the command is interrupted. */
  readonly signal: AbortSignal;
}

/** What the player said instead of an answer; 'restore': what is gone comes back with the next pull. */
export type Verdict = 'play' | 'cancel' | 'restore';

type Callbacks = Required<Pick<SyncOptions, 'signal' | 'onConflict' | 'onDeletion' | 'onRelocation' | 'onProgress'>>;

/** Milliseconds: what is done sooner is shown to nobody. */
const LONG_MS = 1_500;

interface Asking {
  readonly prompt: (prompts: Prompts) => Promise<Answer>;
  readonly view: (views: Views, question: string, heading: Heading, window: HookWindow) => QuestionView;
}

export class HookDialog {
  readonly #options: DialogOptions;
  readonly #stopper = new AbortController();
  readonly #signal: AbortSignal;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #parent = process.ppid;
  #window: Promise<{ readonly window: HookWindow; readonly heading: Heading }> | undefined;
  #last: SyncEvent | undefined;
  #verdict: Verdict | undefined;
  #isOver = false;

  constructor(options: DialogOptions) {
    this.#options = options;
    this.#signal = AbortSignal.any([options.signal, this.#stopper.signal]);
    // A terminal has its progress line.
    if (options.flags.gui === false || process.stdout.isTTY) return;
    this.#timer = setTimeout(() => void this.#showProgress(), LONG_MS);
    this.#timer.unref();
  }

  get verdict(): Verdict | undefined {
    return this.#verdict;
  }

  /** The player stopped the work, which may be done all the same. */
  get isStopped(): boolean {
    return this.#stopper.signal.aborted;
  }

  callbacks(): Callbacks {
    const { onConflict, onDelete, moved, copied } = this.#options.flags;
    const canAsk = this.#hasTerminal() || this.#options.flags.gui !== false;
    const place = moved === true ? 'moved' : copied === true ? 'copied' : undefined;
    return {
      signal: this.#signal,
      onConflict: canAsk && onConflict?.default === undefined ? this.#onConflict : resolutionOf(onConflict),
      onDeletion: onDelete ?? (canAsk ? this.#onDeletion : undefined),
      onRelocation: place ?? (canAsk ? this.#onRelocation : undefined),
      onProgress: (event) => this.#onProgress(event),
    };
  }

  /** The window, if there is one, shows how it ended, and goes. */
  async end(view: EndView): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#timer);
    const opened = await this.#window?.catch(() => undefined);
    await opened?.window.end(view);
  }

  readonly #onConflict = async (conflict: ConflictQuestion, signal: AbortSignal | undefined) => {
    const { task, flags } = this.#options;
    const flagged = flags.onConflict === undefined ? {} : flaggedUnits(flags.onConflict, conflict);
    const units = conflict.units.filter(({ id }) => !Object.hasOwn(flagged, id));
    if (conflict.units.length > 0 && units.length === 0) return { default: 'abort', units: flagged } as const;
    const details = await conflict.details();
    const open = { ...conflict, units };
    const answer = await this.#ask({
      prompt: (prompts) => prompts.promptConflict(terminal(), open, details, { task, signal }),
      view: ({ conflictView }, question, heading, { questions }) =>
        conflictView(open, details, question, heading, questions.iconsOf(question)),
    });
    if (answer?.kind !== 'conflict') return 'abort';
    // Worlds that meet for the first time and share no name: there is nothing to choose but to go on.
    const others = conflict.units.length === 0 ? 'local' : 'abort';
    return { default: others, units: { ...flagged, ...answer.units } } as const;
  };

  readonly #onDeletion = async (deletion: Deletion, signal: AbortSignal | undefined) => {
    const { task } = this.#options;
    const answer = await this.#ask({
      prompt: (prompts) => prompts.promptDeletion(terminal(), deletion, { task, signal }),
      view: ({ deletionView }, question, heading) => deletionView(deletion, question, heading),
    });
    if (answer?.kind !== 'deletion') return 'abort';
    if (task === 'push' && answer.deletion === 'restore') this.#verdict = 'restore';
    return answer.deletion;
  };

  readonly #onRelocation = async (found: Relocation) => {
    // Where nothing is left it was moved: nobody needs to be asked.
    if (!found.stillThere) return 'moved';
    const { task } = this.#options;
    const answer = await this.#ask({
      prompt: (prompts) => prompts.promptRelocation(terminal(), found, { task, signal: this.#signal }),
      view: ({ relocationView }, question, heading) => relocationView(found, question, heading),
    });
    return answer?.kind === 'relocation' ? answer.relocation : 'abort';
  };

  /** Undefined if nobody answered. */
  async #ask({ prompt, view }: Asking): Promise<Answer | undefined> {
    const answer = this.#hasTerminal() ? await this.#prompt(prompt) : await this.#askInWindow(view);
    if (answer?.kind === 'play') this.#verdict = 'play';
    // After a game there is no launch to cancel: the question stays open.
    else if (answer?.kind === 'cancel' && this.#options.task === 'pull') this.#verdict = 'cancel';
    return answer;
  }

  async #prompt(prompt: Asking['prompt']): Promise<Answer> {
    return prompt(await import('./prompts.js'));
  }

  async #askInWindow(view: Asking['view']): Promise<Answer | undefined> {
    const { window, heading } = await this.#getWindow();
    const views = await import('../../ui/desk/question-views.js');
    const question = view(views, window.questions.newId(), heading, window);
    // Whoever ended before is missed by the one that watches from now on.
    const isOrphan = process.ppid !== this.#parent;
    const tell = (): void =>
      this.#options.console.line('info', 'there is something to decide: see the window that asks');
    const asked = isOrphan ? ({ unasked: 'parent-gone' } as const) : await window.ask(question, tell);
    if ('answer' in asked) return asked.answer;
    if (asked.unasked === 'parent-gone') {
      throw new SyncError('aborted', 'the program that started this one has ended; nothing was decided');
    }
    return undefined;
  }

  async #showProgress(): Promise<void> {
    if (this.#isOver) return;
    // Nothing depends on it: what cannot be loaded or opened is not shown.
    const opened = await this.#getWindow().catch(() => undefined);
    if (!this.#isOver) await opened?.window.openForProgress();
  }

  #getWindow(): Promise<{ readonly window: HookWindow; readonly heading: Heading }> {
    this.#window ??= this.#makeWindow();
    return this.#window;
  }

  async #makeWindow(): Promise<{ readonly window: HookWindow; readonly heading: Heading }> {
    const { HookWindow, headingOf } = await import('../../ui/desk/hook-window.js');
    const { task, flags, signal } = this.#options;
    const { packFolder, instanceLabel } = flags;
    const heading = await headingOf(task, { packFolder, instanceLabel });
    const window = new HookWindow({ ...heading, signal, onStop: () => this.#stopper.abort() });
    if (this.#last !== undefined) window.onProgress(this.#last);
    return { window, heading };
  }

  #onProgress(event: SyncEvent): void {
    this.#options.console.event(event);
    if (event.type === 'progress') this.#last = event;
    void this.#window?.then(
      ({ window }) => window.onProgress(event),
      () => undefined,
    );
  }

  #hasTerminal(): boolean {
    return this.#options.flags.json !== true && process.stdin.isTTY === true && process.stdout.isTTY === true;
  }
}

function terminal(): { readonly input: NodeJS.ReadStream; readonly output: NodeJS.WriteStream } {
  return { input: process.stdin, output: process.stdout };
}
