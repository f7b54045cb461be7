/** The time line of an instance: every version, by world and by PC. */
import type { VersionCard } from '../protocol.js';
import { read } from './api.js';
import type { Context, Screen } from './context.js';
import { type Child, fill, h, newId } from './dom.js';
import { name, plainName } from './names.js';
import { button, deviceText, heading, loading } from './parts.js';
import { type Place, placeOf } from './place.js';
import { attempt, load } from './problems.js';
import { versionCard } from './version-card.js';

const STEP = 30;

export function historyScreen(context: Context, place: Place): Screen {
  const { speech } = context;
  const list = h('div', {}, loading(context));
  const [worlds, devices, label] = [h('div', {}), h('div', {}), h('p', { class: 'lead' })];
  const node = h(
    'section',
    {},
    h('p', {}, h('a', { href: placeOf('status') }, speech.text('toOverview'))),
    heading(speech.text('historyTitle')),
    label,
    h('p', { class: 'hint' }, speech.text('historyLead')),
    h('div', { class: 'filters' }, worlds, devices),
    list,
  );
  const known = { worlds: new Map<string, string>(), devices: new Set<string>() };
  const state: State = { context, place, list, slots: { worlds, devices }, ...known, device: '', limit: STEP };
  void load(speech, label, () => nameOf(state));
  void load(speech, list, () => versions(state)).then(() => worldsHere(state));
  return { title: speech.text('historyTitle'), node };
}

interface State {
  readonly context: Context;
  readonly place: Place;
  readonly list: HTMLElement;
  /** Where the world and the PC are chosen. */
  readonly slots: { readonly worlds: HTMLElement; readonly devices: HTMLElement };
  /** Those that there are and were, by id. */
  readonly worlds: Map<string, string>;
  readonly devices: Set<string>;
  device: string;
  limit: number;
}

async function versions(state: State): Promise<Child> {
  const { context, place } = state;
  const { signal } = context;
  const world = place.world === '' ? {} : { world: place.world };
  const answer = await read('history', { instance: place.instance, ...world, limit: String(state.limit) }, signal);
  for (const { device, worlds } of answer.versions) {
    state.devices.add(device);
    for (const { id } of worlds) state.worlds.set(id, state.worlds.get(id) ?? id.replace(/^saves\//, ''));
  }
  fill(state.slots.worlds, worldFilter(state));
  return timeline(state, answer.versions, answer.hasMore);
}

function timeline(state: State, all: readonly VersionCard[], hasMore: boolean): Child {
  const { context, place } = state;
  const { speech } = context;
  if (state.devices.size > 1) fill(state.slots.devices, deviceFilter(state, all, hasMore));
  const problem = h('div', {});
  const shown = all.filter(({ device }) => state.device === '' || device === state.device);
  const more = button(speech.text('showMore'), () => {
    state.limit += STEP * 2;
    void attempt(speech, problem, [more], async () => fill(state.list, await versions(state)));
  });
  return [
    shown.length === 0
      ? h('p', { class: 'lead' }, speech.text('noVersions'))
      : h(
          'ol',
          { class: 'timeline' },
          shown.map((version) => versionCard(context, place.instance, version)),
        ),
    problem,
    hasMore && h('div', { class: 'actions start' }, more),
  ];
}

async function nameOf({ context, place }: State): Promise<Child> {
  const { instances } = await read('instances', {}, context.signal);
  const found = instances.find(({ id }) => id === place.instance);
  return found && name(found.label);
}

/** Adds the worlds of this PC, by the names that the game shows. */
async function worldsHere(state: State): Promise<void> {
  const { context, place, slots } = state;
  const isTouched = (): boolean => slots.worlds.contains(document.activeElement);
  await load(context.speech, h('div', {}), async () => {
    const { worlds } = await read('stand', { instance: place.instance }, context.signal);
    for (const { id, name: called } of worlds) state.worlds.set(id, called);
    // Nobody's list changes under their fingers.
    if (!isTouched()) fill(slots.worlds, worldFilter(state));
    return undefined;
  });
}

/** Each is a place of its own, so that the browser's way back works. */
function worldFilter({ context, place, worlds }: State): Child {
  const { speech } = context;
  if (worlds.size === 0) return undefined;
  const choices = [
    { id: '', name: speech.text('everything') },
    ...[...worlds].map(([id, called]) => ({ id, name: plainName(called) })),
  ];
  const to = (id: string): string => placeOf('history', { instance: place.instance, world: id });
  return select(speech.text('filterWorld'), choices, place.world, (id) => context.go(to(id)));
}

function deviceFilter(state: State, all: readonly VersionCard[], hasMore: boolean): Child {
  const { speech } = state.context;
  const choices = [
    { id: '', name: speech.text('everyPc') },
    ...[...state.devices].sort().map((device) => ({ id: device, name: deviceText(speech, device) })),
  ];
  const choose = (device: string): void => {
    state.device = device;
    fill(state.list, timeline(state, all, hasMore));
    state.slots.devices.querySelector('select')?.focus();
  };
  return select(speech.text('filterPc'), choices, state.device, choose);
}

function select(
  words: string,
  choices: readonly { readonly id: string; readonly name: string }[],
  chosen: string,
  choose: (id: string) => void,
): Child {
  const id = newId('filter');
  const known = choices.some((choice) => choice.id === chosen)
    ? choices
    : [...choices, { id: chosen, name: plainName(chosen) }];
  const field = h(
    'select',
    { id, onchange: () => choose(field.value) },
    known.map((choice) => h('option', { value: choice.id, selected: choice.id === chosen }, choice.name)),
  );
  return h('div', { class: 'field inline' }, h('label', { for: id }, words), field);
}
