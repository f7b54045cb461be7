/** The overview: every instance that this PC knows. */
import type { InstanceCard } from '../protocol.js';
import { read } from './api.js';
import type { Context, Screen } from './context.js';
import { type Child, h } from './dom.js';
import { instanceCard } from './instance-card.js';
import { heading, loading } from './parts.js';
import { placeOf } from './place.js';
import { load } from './problems.js';

export function statusScreen(context: Context): Screen {
  const { speech, signal } = context;
  const list = h('div', { class: 'instances' }, loading(context));
  const node = h('section', {}, heading(speech.text('statusTitle')), list);
  void load(speech, list, async () => {
    const { instances } = await read('instances', {}, signal);
    return cards(context, instances);
  });
  return { title: speech.text('statusTitle'), node };
}

function cards(context: Context, instances: readonly InstanceCard[]): Child {
  const { speech } = context;
  const sorted = [...instances].sort((a, b) => Number(b.here) - Number(a.here));
  const setup = !instances.some(({ here, state }) => here && state === 'ready');
  return [
    instances.length === 0 && h('p', { class: 'lead' }, speech.text('noInstances')),
    sorted.map((card) => instanceCard(context, card)),
    setup &&
      h(
        'p',
        { class: 'actions' },
        h('a', { class: 'button primary', href: placeOf('setup') }, speech.text('setUpThis')),
      ),
  ];
}
