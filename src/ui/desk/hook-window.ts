/**
 * The one window of a hook: it shows the progress of long work, asks what has to be decided, shows how that is carried
 * out, and goes. It is opened when it is needed. That a page never comes, is closed or dies is nobody's error: the work
 * goes on, and a question is left undecided.
 */
import type { SyncEvent } from '../../base/events.js';
import { describeFolder, type SyncOptions } from '../../index.js';
import type { Answer, EndView, View } from '../protocol.js';
import { openBrowser } from '../server/open-browser.js';
import { whenParentGone } from '../server/parent.js';
import { startWindowServer } from '../server/window-server.js';
import type { Handlers, OpenedBrowser, PageWindow } from '../server/window-types.js';
import { type ShownProgress, showProgress } from './progress.js';
import type { Heading, QuestionView } from './question-views.js';
import { Questions } from './questions.js';

/** What the window stands on; others in tests. */
export interface WindowParts {
  readonly start: typeof startWindowServer;
  readonly open: (address: string, options: { readonly signal: AbortSignal }) => Promise<OpenedBrowser | undefined>;
  readonly parentGone: (signal: AbortSignal) => Promise<void>;
}

export interface HookWindowOptions extends Heading {
  /** Of the command: once it fires, the window goes. */
  readonly signal: AbortSignal;
  /** "Skip and play", or "later": stops the work, of which nothing has moved yet. */
  readonly onStop: () => void;
  readonly parts?: WindowParts;
}

/**
 * 'no-window': nobody could be asked; 'left': the page was closed, or its browser died; 'parent-gone': the launcher has
 * ended.
 */
export type Asked = { readonly answer: Answer } | { readonly unasked: 'no-window' | 'left' | 'parent-gone' };

interface OpenWindow {
  readonly page: PageWindow;
  readonly browser: Promise<OpenedBrowser | undefined>;
  /** A page has been there. */
  wasOpen: boolean;
}

/** What stands above everything that the window shows. */
export async function headingOf(
  task: Heading['task'],
  folder: Pick<SyncOptions, 'packFolder' | 'instanceLabel'>,
): Promise<Heading> {
  const { label } = await describeFolder(folder);
  return { task, label };
}

const REAL: WindowParts = { start: startWindowServer, open: openBrowser, parentGone: whenParentGone };

export class HookWindow {
  readonly #options: HookWindowOptions;
  readonly #parts: WindowParts;
  readonly #questions = new Questions();
  readonly #progress: ShownProgress;
  readonly #over = new AbortController();
  #opening: Promise<OpenWindow | undefined> | undefined;
  #window: OpenWindow | undefined;
  #view: View;

  constructor(options: HookWindowOptions) {
    const { task, label } = options;
    this.#options = options;
    this.#parts = options.parts ?? REAL;
    this.#view = { view: 'end', outcome: 'gone', warnings: [] };
    const mayStop = task === 'pull' ? 'skip-and-play' : 'later';
    this.#progress = showProgress({ task, label, mayStop, mayClose: true, show: (view) => this.#showWork(view) });
  }

  get questions(): Questions {
    return this.#questions;
  }

  onProgress(event: SyncEvent): void {
    this.#progress.onProgress(event);
  }

  /** Opens the window for the work under way, where there can be one. Never rejects. */
  async openForProgress(): Promise<void> {
    await this.#open();
  }

  /** Never rejects. `onOpen` is called when there is a window that asks, unless somebody has answered by then. */
  async ask(view: QuestionView, onOpen: () => void = () => undefined): Promise<Asked> {
    const { signal } = this.#options;
    const asking = new AbortController();
    const answered = this.#questions.ask(view).then((answer): Asked => ({ answer }));
    this.#show(view);
    try {
      return await Promise.race([
        answered,
        this.#whenUnasked(() => asking.signal.aborted || onOpen()),
        this.#parts.parentGone(asking.signal).then((): Asked => ({ unasked: 'parent-gone' })),
        whenAborted(signal, asking.signal).then((): Asked => ({ unasked: 'left' })),
      ]);
    } finally {
      asking.abort();
      this.#questions.drop();
    }
  }

  /** Shows how it ended; the window of a program of ours is closed, unless there is something left to read. */
  async end(view: EndView): Promise<void> {
    this.#show(view);
    this.#over.abort();
    const open = await this.#opening;
    if (open === undefined) return;
    await open.page.close();
    if (view.outcome !== 'failed') (await open.browser)?.close();
  }

  /** A page that went away for good is followed by another one: closing what showed progress answers no question. */
  async #whenUnasked(onOpen: () => void): Promise<Asked> {
    const before = await this.#opening;
    const isThere = before !== undefined && before === this.#window && (before.page.isOpen || !before.wasOpen);
    const open = isThere ? before : await this.#open('anew');
    if (open === undefined) return { unasked: 'no-window' };
    onOpen();
    open.page.show(this.#view);
    const why = await open.page.left;
    return { unasked: why === 'never-came' ? 'no-window' : 'left' };
  }

  #open(how?: 'anew'): Promise<OpenWindow | undefined> {
    if (this.#opening === undefined || how === 'anew') this.#opening = this.#tryOpen(this.#opening);
    return this.#opening;
  }

  async #tryOpen(before: Promise<OpenWindow | undefined> | undefined): Promise<OpenWindow | undefined> {
    await (await before)?.page.close();
    if (this.#over.signal.aborted) return undefined;
    const signal = AbortSignal.any([this.#over.signal, this.#options.signal]);
    let page: PageWindow;
    try {
      page = await this.#parts.start({
        handlers: this.#handlers(),
        view: this.#view,
        icon: (id) => this.#questions.icon(id),
      });
    } catch {
      // No port on loopback: as if there were no display.
      return undefined;
    }
    const browser = this.#parts.open(page.address, { signal }).catch(() => undefined);
    const opened: OpenWindow = { page, browser, wasOpen: false };
    this.#window = opened;
    void page.left.then(() => this.#leave(opened));
    // A page may be there, and answer, before it is certain that its browser is one that works.
    const isCertain = browser.then((found) => found !== undefined || page.isOpen);
    void isCertain.then((is) => (is ? undefined : this.#leave(opened)));
    return (await isCertain) ? opened : undefined;
  }

  async #leave(open: OpenWindow): Promise<void> {
    if (this.#window === open) this.#window = undefined;
    await open.page.close();
  }

  #handlers(): Handlers {
    return {
      answer: async ({ question, answer }) => {
        this.#questions.answer(question, answer);
        return {};
      },
      stop: async () => {
        if (this.#progress.mayStop && this.#view.view === 'progress') this.#options.onStop();
        return {};
      },
    };
  }

  #showWork(view: View): void {
    // A question is not covered by what goes on behind it.
    if (this.#questions.shown === undefined) this.#show(view);
  }

  #show(view: View): void {
    this.#view = view;
    if (this.#window === undefined) return;
    if (this.#window.page.isOpen) this.#window.wasOpen = true;
    this.#window.page.show(view);
  }
}

/** Stays open if `until` fires first. */
function whenAborted(signal: AbortSignal, until: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true, signal: until });
  });
}
