/** Both sides changed the same: what each is, and the choice for each world and file. Nothing is chosen beforehand. */
import type { Choice, ConflictUnitView, ConflictView } from '../protocol.js';
import { askScreen } from './ask.js';
import { sideCard, sideName } from './conflict-side.js';
import { conflictUnit, type UnitBox } from './conflict-unit.js';
import type { Context, Screen } from './context.js';
import { type Child, h, newId } from './dom.js';
import { name, plainName } from './names.js';
import { button } from './parts.js';

/** What was chosen of a question, so that another language or a cut does not lose it. */
const drafts = new Map<string, Map<string, Choice>>();

export function conflictScreen(context: Context, view: ConflictView): Screen {
  const { speech } = context;
  const chosen = drafts.get(view.question) ?? new Map<string, Choice>();
  drafts.set(view.question, chosen);
  const boxes = view.units.map((unit) =>
    conflictUnit(context, view, unit, chosen.get(unit.id), (choice) => {
      chosen.set(unit.id, choice);
      screen.changed();
    }),
  );
  const first = view.reason === 'first-contact';
  const screen = askScreen(context, {
    question: view.question,
    task: view.task,
    title: speech.pieces(first ? 'firstContactTitle' : 'conflictTitle', { name: name(view.label) }),
    plainTitle: speech.text(first ? 'firstContactTitle' : 'conflictTitle', { name: plainName(view.label) }),
    lead: [
      h('p', {}, speech.text(first ? 'firstContactLead' : 'conflictLead')),
      h('p', {}, speech.text('conflictSafe')),
    ],
    body: [
      h('div', { class: 'sides' }, sideCard(context, view, 'local'), sideCard(context, view, 'cloud')),
      units(context, view, boxes),
    ],
    answer: () =>
      view.units.every(({ id }) => chosen.has(id))
        ? { kind: 'conflict', units: Object.fromEntries(chosen) }
        : undefined,
    missing: () => missing(context, view.units, chosen),
  });
  return screen;
}

function units(context: Context, view: ConflictView, boxes: readonly UnitBox[]): Child {
  const { speech } = context;
  return h(
    'div',
    { class: 'units' },
    h('h2', {}, speech.text('whatToKeep')),
    boxes.length > 1 && forAll(context, view, boxes),
    boxes.map(({ node }) => node),
  );
}

function forAll(context: Context, view: ConflictView, boxes: readonly UnitBox[]): Child {
  const { speech } = context;
  const label = newId('all');
  const both = view.units.some(({ choices }) => choices.includes('keep-both'));
  const choose = (choice: Choice): void => {
    for (const box of boxes) box.choose(choice);
  };
  return h(
    'div',
    { class: 'for-all', role: 'group', 'aria-labelledby': label },
    h('span', { id: label }, speech.text('forAll')),
    button(sideName(context, view, 'local'), () => choose('local')),
    button(sideName(context, view, 'cloud'), () => choose('cloud')),
    both && button(speech.text('keepBoth'), () => choose('keep-both')),
  );
}

function missing({ speech }: Context, all: readonly ConflictUnitView[], chosen: ReadonlyMap<string, Choice>): Child {
  const open = all.filter(({ id }) => !chosen.has(id));
  const [only] = open;
  if (open.length === 1 && only !== undefined) return speech.pieces('stillToChooseFor', { name: name(only.name) });
  return speech.count('stillToChoose', open.length);
}
