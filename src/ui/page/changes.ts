/** A list of files that came, changed or went; the sign before each is a word for a screen reader. */
import type { FileChangeLine } from '../protocol.js';
import type { Context } from './context.js';
import { type Child, h } from './dom.js';
import { path } from './names.js';

const SIGNS = { added: ['+', 'added'], changed: ['~', 'changed'], removed: ['−', 'removed'] } as const;

/** `total` is how many there are, where the list holds only the first of them. */
export function changeList({ speech }: Context, lines: readonly FileChangeLine[], total: number, label: string): Child {
  if (lines.length === 0) return h('p', { class: 'hint' }, speech.text('noChanges'));
  return [
    h(
      'ul',
      // A long list scrolls in itself: the keyboard has to reach it.
      { class: 'changes', tabindex: '0', 'aria-label': label },
      lines.map(({ change, path: file, size }) =>
        h(
          'li',
          { class: change },
          h('span', { class: 'sign', 'aria-hidden': 'true' }, SIGNS[change][0]),
          h('span', { class: 'only-spoken' }, `${speech.text(SIGNS[change][1])}: `),
          path(file),
          h('span', { class: 'size' }, change === 'removed' ? '' : speech.bytes(size)),
        ),
      ),
    ),
    total > lines.length && h('p', { class: 'hint' }, speech.count('andMore', total - lines.length)),
  ];
}

/** "3 added, 12 changed"; undefined if there is nothing to tell. */
export function changeCounts(
  { speech }: Context,
  counts: { readonly added: number; readonly changed: number; readonly removed: number },
): string | undefined {
  const parts = [
    counts.added > 0 && speech.count('countAdded', counts.added),
    counts.changed > 0 && speech.count('countChanged', counts.changed),
    counts.removed > 0 && speech.count('countRemoved', counts.removed),
  ].filter((part) => part !== false);
  return parts.length === 0 ? undefined : parts.join(', ');
}
