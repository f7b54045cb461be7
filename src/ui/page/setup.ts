/** Setting up a game folder, in four steps. */
import { read } from './api.js';
import type { Context, Screen } from './context.js';
import { type Child, fill, h } from './dom.js';
import { name } from './names.js';
import { heading, loading } from './parts.js';
import { load } from './problems.js';
import { doneStep } from './setup-done.js';
import { instanceStep } from './setup-instance.js';
import { scopeStep } from './setup-scope.js';
import { serverStep } from './setup-server.js';
import { draftFor, type Step, type Wizard } from './wizard.js';

const STEPS = [
  ['server', 'stepServer'],
  ['instance', 'stepInstance'],
  ['scope', 'stepScope'],
  ['done', 'stepDone'],
] as const;
const BODIES: Readonly<Record<Step, (wizard: Wizard) => Child>> = {
  server: serverStep,
  instance: instanceStep,
  scope: scopeStep,
  done: doneStep,
};

export function setupScreen(context: Context): Screen {
  const { speech, signal } = context;
  const slot = h('div', {}, heading(speech.text('setupTitle')), loading(context));
  const node = h('section', { class: 'narrow setup' }, slot);
  void load(speech, slot, async () => {
    const state = await read('setup', {}, signal);
    const draft = draftFor(state);
    const wizard: Wizard = {
      context,
      state,
      draft,
      go: (step) => {
        draft.step = step;
        fill(slot, stepOf(wizard));
        slot.querySelector('h1')?.focus();
        window.scrollTo(0, 0);
      },
    };
    return stepOf(wizard);
  }).then(() => slot.querySelector('h1')?.focus({ preventScroll: true }));
  return { title: speech.text('setupTitle'), node };
}

function stepOf(wizard: Wizard): Child {
  const { context, state, draft } = wizard;
  const { speech } = context;
  const at = STEPS.findIndex(([step]) => step === draft.step);
  return [
    h(
      'ol',
      { class: 'steps', 'aria-label': speech.text('steps') },
      STEPS.map(([, words], index) =>
        h(
          'li',
          { class: index < at ? 'past' : '', 'aria-current': index === at ? 'step' : undefined },
          h('span', { class: 'step-number', 'aria-hidden': 'true' }, index < at ? '✓' : String(index + 1)),
          h('span', { class: 'step-name' }, speech.text(words)),
        ),
      ),
    ),
    h('p', { class: 'hint' }, speech.pieces('setupOf', { name: name(state.label) })),
    BODIES[draft.step](wizard),
  ];
}
