/** One world or file of a conflict: what there is on each side, the choice, and what it will do. */
import type { Choice, ConflictUnitView, ConflictView, UnitStand } from '../protocol.js';
import { changeCounts, changeList } from './changes.js';
import { sideName, type Which } from './conflict-side.js';
import type { Context } from './context.js';
import { type Child, fill, h } from './dom.js';
import type { IconName } from './icons.js';
import { name, plainName } from './names.js';
import { type Option, options } from './options.js';
import { picture, since } from './parts.js';

export interface UnitBox {
  readonly node: HTMLElement;
  /** Of what may be chosen here; otherwise nothing changes. */
  choose(choice: Choice): void;
}

export function conflictUnit(
  context: Context,
  view: ConflictView,
  unit: ConflictUnitView,
  chosen: Choice | undefined,
  onChoose: (choice: Choice) => void,
): UnitBox {
  const { speech } = context;
  const outcome = h('p', { class: 'outcome', role: 'status' });
  const take = (choice: Choice): void => {
    fill(outcome, outcomeWords(context, view, unit, choice));
    onChoose(choice);
  };
  const tiles = options(
    unit.choices.map((choice) => optionOf(context, view, unit, choice)),
    chosen,
    take,
  );
  if (chosen !== undefined) fill(outcome, outcomeWords(context, view, unit, chosen));
  const node = h(
    'fieldset',
    { class: 'card unit' },
    h(
      'legend',
      {},
      picture(unit.icon, unit.kind === 'world' ? 'world' : 'file'),
      h('span', {}, name(unit.name), h('span', { class: 'kind' }, speech.text(unit.kind))),
    ),
    tiles.node,
    outcome,
    differences(context, view, unit),
  );
  return {
    node,
    choose(choice) {
      if (!unit.choices.includes(choice)) return;
      tiles.choose(choice);
      take(choice);
    },
  };
}

function optionOf(context: Context, view: ConflictView, unit: ConflictUnitView, choice: Choice): Option<Choice> {
  const { speech } = context;
  if (choice === 'keep-both') {
    return { value: choice, icon: 'both', title: speech.text('keepBoth'), lines: [speech.text('keepBothLine')] };
  }
  const drawn: IconName = view[choice].where === 'this-pc' ? 'pc' : 'cloud';
  return {
    value: choice,
    icon: drawn,
    title: sideName(context, view, choice),
    lines: standLines(context, view, unit[choice]),
  };
}

function standLines(context: Context, view: ConflictView, stand: UnitStand | undefined): Child[] {
  const { speech } = context;
  if (stand === undefined) return [speech.text('deletedThere')];
  const counts = view.reason === 'first-contact' ? undefined : changeCounts(context, stand);
  return [
    [`${speech.bytes(stand.bytes)} · ${speech.count('files', stand.files)}`],
    stand.lastPlayed !== undefined && [`${speech.text('lastPlayed')} `, since(context, stand.lastPlayed)],
    counts,
  ];
}

function outcomeWords(context: Context, view: ConflictView, unit: ConflictUnitView, choice: Choice): Child {
  const { speech } = context;
  if (choice === 'keep-both') {
    const day = (view.cloud.time ?? '').slice(0, 10);
    return speech.pieces('outcomeBoth', { name: name(unit.name), second: `(cloud ${day})`.replace(' )', ')') });
  }
  const names = { kept: sideName(context, view, choice), other: sideName(context, view, other(choice)) };
  if (unit[choice] === undefined) return speech.text('outcomeDeleted', names);
  if (unit[other(choice)] === undefined) return speech.text('outcomeReturns', names);
  return speech.text(choice === 'cloud' && view.local.where === 'this-pc' ? 'outcomeCloud' : 'outcomeKept', names);
}

function other(which: Which): Which {
  return which === 'local' ? 'cloud' : 'local';
}

function differences(context: Context, view: ConflictView, unit: ConflictUnitView): Child {
  const { speech } = context;
  const half = (which: Which): Child => {
    const stand = unit[which];
    if (stand === undefined) return undefined;
    const title = sideName(context, view, which);
    const total = stand.added + stand.changed + stand.removed;
    const label = speech.text('changesOf', { name: plainName(unit.name), side: title });
    return h('div', {}, h('h3', {}, title), changeList(context, stand.changes, total, label));
  };
  return h(
    'details',
    {},
    h('summary', {}, speech.text(view.reason === 'first-contact' ? 'whatIsThere' : 'whatChanged')),
    h('div', { class: 'halves' }, half('local'), half('cloud')),
  );
}
