/** The folders of a version, and a way back for each world and file in it. */
import type { VersionEntry } from '../protocol.js';
import { read } from './api.js';
import type { Context, Screen } from './context.js';
import { type Child, h } from './dom.js';
import { icon } from './icons.js';
import { name, plainName } from './names.js';
import { button, heading, loading, since } from './parts.js';
import { type Place, placeOf } from './place.js';
import { load } from './problems.js';
import { restore } from './ways-back.js';

export function insideScreen(context: Context, place: Place): Screen {
  const { speech, signal } = context;
  const slot = h('div', {}, loading(context));
  const problem = h('div', {});
  const { instance, version } = place;
  const node = h(
    'section',
    {},
    h('p', {}, h('a', { href: placeOf('history', { instance }) }, speech.text('toHistory'))),
    heading(speech.text('insideTitle')),
    place.time !== '' && h('p', { class: 'lead' }, speech.text('versionOf', { time: speech.moment(place.time) })),
    crumbs(context, place),
    problem,
    slot,
  );
  void load(speech, slot, async () => {
    const { entries } = await read('folder', { instance, version, path: place.path }, signal);
    return listing(context, place, entries, problem);
  });
  return { title: speech.text('insideTitle'), node };
}

function crumbs({ speech }: Context, { instance, version, time, path }: Place): Child {
  const parts = path === '' ? [] : path.split('/');
  const to = (depth: number): string =>
    placeOf('inside', { instance, version, time, path: parts.slice(0, depth).join('/') });
  const steps: Child[] = [speech.text('gameFolder'), ...parts.map((part) => name(part))];
  return h(
    'nav',
    { 'aria-label': speech.text('whereYouAre') },
    h(
      'ol',
      { class: 'crumbs' },
      steps.map((step, depth) =>
        h(
          'li',
          {},
          depth === parts.length ? h('span', { 'aria-current': 'page' }, step) : h('a', { href: to(depth) }, step),
        ),
      ),
    ),
  );
}

function listing(context: Context, place: Place, entries: readonly VersionEntry[], problem: HTMLElement): Child {
  const { speech } = context;
  if (entries.length === 0) return h('p', { class: 'lead' }, speech.text('emptyFolder'));
  const sorted = [...entries].sort(
    (a, b) => Number(b.type === 'dir') - Number(a.type === 'dir') || a.name.localeCompare(b.name),
  );
  return h('ul', { class: 'card entries' }, ...sorted.map((entry) => row(context, place, entry, problem)));
}

function row(context: Context, place: Place, entry: VersionEntry, problem: HTMLElement): HTMLElement {
  const { speech } = context;
  const { instance, version, time } = place;
  const open = placeOf('inside', { instance, version, time, path: entry.path });
  const wish = { instance, version, path: entry.path, ...(time === '' ? {} : { time }) };
  const label = `${speech.text('bringBack')}: ${plainName(entry.name)}`;
  return h(
    'li',
    {},
    icon(isWorld(entry) ? 'world' : entry.type === 'dir' ? 'folder' : 'file'),
    h(
      'span',
      { class: 'entry-name' },
      entry.type === 'dir' ? h('a', { href: open }, name(entry.name)) : name(entry.name),
    ),
    h(
      'span',
      { class: 'hint' },
      speech.bytes(entry.size),
      entry.time !== undefined && [' · ', since(context, entry.time)],
    ),
    canRestore(entry) &&
      button(speech.text('bringBack'), () => restore(context, wish, problem), {
        icon: 'undo',
        kind: 'quiet',
        label,
      }),
  );
}

/** A world comes back as a whole, everything else file by file. */
function canRestore(entry: VersionEntry): boolean {
  return entry.type === 'file' || isWorld(entry);
}

function isWorld({ type, path }: VersionEntry): boolean {
  return type === 'dir' && /^saves\/[^/]+$/.test(path);
}
