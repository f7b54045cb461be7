/**
 * The frame of a question of a hook: it is the only thing in the window, the focus stays in it and begins on "cancel",
 * Escape cancels from everywhere, and there is no time-out. What it asks is its caller's.
 */
import type { Answer, View } from '../protocol.js';
import { write } from './api.js';
import type { Context, Screen } from './context.js';
import { type Child, fill, h, newId } from './dom.js';
import { button, heading } from './parts.js';
import { attempt } from './problems.js';

export interface Ask {
  readonly question: string;
  readonly task: 'pull' | 'push';
  readonly title: readonly Child[];
  readonly plainTitle: string;
  readonly lead: readonly Child[];
  readonly body: readonly Child[];
  /** What "continue" would send; undefined while something is missing. */
  readonly answer: () => Answer | undefined;
  /** Said beside "continue" as long as something is. */
  readonly missing: () => Child;
}

export interface AskScreen extends Screen {
  /** To be called whenever a choice was made. */
  readonly changed: () => void;
}

export function askScreen(context: Context, ask: Ask): AskScreen {
  const { speech } = context;
  const [titleId, leadId] = [newId('ask'), newId('ask')];
  const problem = h('div', {});
  const missing = h('p', { class: 'missing', role: 'status' });
  const send = (answer: Answer): void => {
    void attempt(speech, problem, buttons, async () => {
      fill(missing, speech.text('answerSent'));
      await write('answer', { question: ask.question, answer });
      // From here on the server leads: it shows the work, or how it ended.
      await new Promise<void>((resolve) => context.signal.addEventListener('abort', () => resolve(), { once: true }));
    }).then(changed);
  };
  const { cancel, play } = wayOut(context, ask.task);
  const stop = button(speech.text(cancel.words), () => send(cancel.answer), { kind: 'quiet' });
  const go = button(speech.text('continue'), () => sendChoice(ask, send), { kind: 'primary' });
  const skip = play && button(speech.text('playWithout'), () => send({ kind: 'play' }));
  const buttons = skip ? [stop, skip, go] : [stop, go];
  const changed = (): void => {
    const ready = ask.answer() !== undefined;
    go.disabled = !ready;
    fill(missing, ready ? '' : ask.missing());
  };
  const node = h(
    'section',
    { class: 'ask', role: 'alertdialog', 'aria-modal': 'true', 'aria-labelledby': titleId, 'aria-describedby': leadId },
    h('div', { id: titleId }, heading(...ask.title)),
    h('div', { id: leadId, class: 'lead' }, ...ask.lead),
    ...ask.body,
    problem,
    h('div', { class: 'ask-bar' }, missing, h('div', { class: 'actions' }, buttons)),
  );
  keepFocus(context, node, () => {
    if (!stop.disabled) stop.click();
  });
  changed();
  return { title: ask.plainTitle, node, modal: true, focus: stop, update: sameQuestion(ask.question), changed };
}

function sendChoice(ask: Ask, send: (answer: Answer) => void): void {
  const answer = ask.answer();
  if (answer !== undefined) send(answer);
}

/** A view that comes once more, as after a cut, keeps the choices that were made. */
function sameQuestion(question: string): (view: View) => boolean {
  return (view) => 'question' in view && view.question === question;
}

/** Before a game two ways lead out; after it, and in the window of `ui`, the question waits for the next time. */
function wayOut(
  { home }: Context,
  task: 'pull' | 'push',
): {
  readonly cancel: { readonly words: 'cancelLaunch' | 'decideLater'; readonly answer: Answer };
  readonly play: boolean;
} {
  if (home !== undefined) return { cancel: { words: 'decideLater', answer: { kind: 'cancel' } }, play: false };
  if (task === 'push') return { cancel: { words: 'decideLater', answer: { kind: 'play' } }, play: false };
  return { cancel: { words: 'cancelLaunch', answer: { kind: 'cancel' } }, play: true };
}

function keepFocus({ signal }: Context, node: HTMLElement, cancel: () => void): void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') {
      event.preventDefault();
      cancel();
    } else if (event.key === 'Tab') wrapTab(event, node);
  };
  document.addEventListener('keydown', onKey, { signal });
}

function wrapTab(event: KeyboardEvent, node: HTMLElement): void {
  const stops = [...node.querySelectorAll<HTMLElement>('button, a[href], input, summary, [tabindex="0"]')].filter(
    (element) => !element.matches(':disabled') && element.getClientRects().length > 0,
  );
  const [first, last] = [stops[0], stops.at(-1)];
  if (first === undefined || last === undefined) return;
  const at = document.activeElement;
  const outside = at === null || !node.contains(at);
  if (event.shiftKey && (outside || at === first)) last.focus();
  else if (!event.shiftKey && (outside || at === last || isLastRadio(at, last))) first.focus();
  else return;
  event.preventDefault();
}

/** Of a group of radio buttons Tab reaches one only, which may not be the last in the document. */
function isLastRadio(at: Element | null, last: HTMLElement): boolean {
  return at instanceof HTMLInputElement && last instanceof HTMLInputElement && at.name === last.name;
}
