/** The page has nothing to show: the address was used, or the command has ended. */
import type { Context, Screen } from './context.js';
import { h } from './dom.js';
import { icon } from './icons.js';
import { heading } from './parts.js';

const WORDS = {
  used: ['usedTitle', 'usedHint'],
  unreachable: ['overTitle', 'overHint'],
  over: ['overTitle', 'overHint'],
} as const;

export function messageScreen({ speech }: Context, trouble: keyof typeof WORDS): Screen {
  const [title, hint] = WORDS[trouble];
  const node = h(
    'section',
    { class: 'narrow card calm' },
    h('div', { class: 'emblem' }, icon(trouble === 'used' ? 'key' : 'off')),
    heading(speech.text(title)),
    h('p', { class: 'lead' }, speech.text(hint)),
    h('p', { class: 'hint' }, speech.text('closeWindow')),
  );
  return { title: speech.text(title), node };
}
