/** The time line of an instance: every version, by world and by PC. */
import type { VersionCard } from '../protocol.js';
import { read } from './api.js';
import type { Context, Screen } from './context.js';
import { type Child, fill, h, newId } from './dom.js';
import { name, plainName } from './names.js';
import { button, heading, loading } from './parts.js';
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
  const state: State = { context, place, list, filter: devices, device: '', limit: STEP, devices: new Set() };
  void load(speech, label, () => nameOf(state));
  void load(speech, worlds, () => worldFilter(state));
  void load(speech, list, () => versions(state));
  return { title: speech.text('historyTitle'), node };
}

interface State {
  readonly context: Context;
  readonly place: Place;
  readonly list: HTMLElement;
  /** Where the PCs are chosen. */
  readonly filter: HTMLElement;
  readonly devices: Set<string>;
  device: string;
  limit: number;
}

async function versions(state: State): Promise<Child> {
  const { context, place } = state;
  const { signal } = context;
  const world = place.world === '' ? {} : { world: place.world };
  const answer = await read('history', { instance: place.instance, ...world, limit: String(state.limit) }, signal);
  for (const { device } of answer.versions) state.devices.add(device);
  return timeline(state, answer.versions, answer.hasMore);
}

function timeline(state: State, all: readonly VersionCard[], hasMore: boolean): Child {
  const { context, place } = state;
  const { speech } = context;
  if (state.devices.size > 1) fill(state.filter, deviceFilter(state, all, hasMore));
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

/** Each is a place of its own, so that the browser's way back works. */
async function worldFilter({ context, place }: State): Promise<Child> {
  const { speech, signal } = context;
  const { worlds } = await read('stand', { instance: place.instance }, signal);
  if (worlds.length === 0) return undefined;
  const choices = [
    { id: '', name: speech.text('everything') },
    ...worlds.map((world) => ({ id: world.id, name: plainName(world.name) })),
  ];
  const to = (id: string): string => placeOf('history', { instance: place.instance, world: id });
  return select(speech.text('filterWorld'), choices, place.world, (id) => context.go(to(id)));
}

function deviceFilter(state: State, all: readonly VersionCard[], hasMore: boolean): Child {
  const { speech } = state.context;
  const choices = [
    { id: '', name: speech.text('everyPc') },
    ...[...state.devices].sort().map((device) => ({ id: device, name: plainName(device) })),
  ];
  const choose = (device: string): void => {
    state.device = device;
    fill(state.list, timeline(state, all, hasMore));
    state.filter.querySelector('select')?.focus();
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
