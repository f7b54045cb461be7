/** "Do you really want that?": the browser's own modal dialog, which keeps the focus and closes on Escape. */
import type { Context } from './context.js';
import { type Child, h, newId } from './dom.js';
import { button } from './parts.js';
import { attempt } from './problems.js';

export interface Confirmation {
  readonly title: Child;
  readonly body: readonly Child[];
  /** The button that does it. */
  readonly act: string;
  readonly danger?: boolean;
  readonly work: () => Promise<void>;
}

/** The focus begins on "cancel", and goes back to where it was. */
export function confirm({ speech, signal }: Context, ask: Confirmation): void {
  const [title, body] = [newId('dialog'), newId('dialog')];
  const problem = h('div', {});
  const before = document.activeElement;
  const cancel = button(speech.text('cancel'), () => dialog.close());
  const act = button(
    ask.act,
    () => {
      void attempt(speech, problem, [act], async () => {
        await ask.work();
        dialog.close();
      });
    },
    { kind: ask.danger === true ? 'danger' : 'primary' },
  );
  const dialog = h(
    'dialog',
    { class: 'card', role: 'alertdialog', 'aria-labelledby': title, 'aria-describedby': body },
    h('h2', { id: title }, ask.title),
    h('div', { id: body, class: 'dialog-body' }, ...ask.body),
    problem,
    h('div', { class: 'actions' }, cancel, act),
  );
  const leave = (): void => dialog.close();
  dialog.addEventListener('close', () => {
    signal.removeEventListener('abort', leave);
    dialog.remove();
    if (before instanceof HTMLElement && before.isConnected) before.focus();
  });
  signal.addEventListener('abort', leave);
  document.body.append(dialog);
  dialog.showModal();
  cancel.focus();
}
