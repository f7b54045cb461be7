/** Small things of which the screens are made. */
import type { PlainKey } from '../strings.js';
import { iconAddress } from './api.js';
import type { Context } from './context.js';
import { type Child, h } from './dom.js';
import { type IconName, icon } from './icons.js';
import { name, plainName } from './names.js';

export interface ButtonOptions {
  readonly kind?: 'primary' | 'quiet' | 'danger';
  readonly icon?: IconName;
  readonly disabled?: boolean;
  /** Where the words alone would not say which of several things is meant. */
  readonly label?: string;
}

export function button(words: string, act: (event: Event) => void, options: ButtonOptions = {}): HTMLButtonElement {
  return h(
    'button',
    {
      type: 'button',
      class: `button ${options.kind ?? ''}`.trim(),
      disabled: options.disabled,
      'aria-label': options.label,
      onclick: act,
    },
    options.icon !== undefined && icon(options.icon),
    h('span', {}, words),
  );
}

/** The one heading of a screen; it can take the focus, so that a screen reader begins there. */
export function heading(...words: readonly Child[]): HTMLHeadingElement {
  return h('h1', { tabindex: '-1' }, ...words);
}

/** "2 hours ago (22 Nov 2026, 18:45)". */
export function when(context: Context, time: string): HTMLElement {
  const { speech } = context;
  const ago = speech.ago(time);
  const moment = speech.shortMoment(time);
  return h('time', { datetime: time }, ago === '' ? moment : `${ago} (${moment})`);
}

/** "2 hours ago", the rest when the pointer rests on it. */
export function since(context: Context, time: string): HTMLElement {
  const { speech } = context;
  const moment = speech.moment(time);
  return h('time', { datetime: time, title: moment }, speech.ago(time) || moment);
}

/** Of the PC that sent a version; old versions may not tell. */
export function device({ speech }: Context, called: string): HTMLElement {
  return called === '' ? h('span', {}, speech.text('unknownPc')) : name(called);
}

export function deviceText(speech: Context['speech'], called: string): string {
  return called === '' ? speech.text('unknownPc') : plainName(called);
}

/** The world's own picture, or a drawing in its place. It only decorates the name beside it. */
export function picture(id: string | undefined, instead: IconName, size = ''): HTMLElement {
  const tile = h('span', { class: `picture ${size}`.trim(), 'aria-hidden': 'true' }, icon(instead));
  if (id === undefined) return tile;
  const image = h('img', { src: iconAddress(id), alt: '', class: `picture ${size}`.trim(), draggable: 'false' });
  image.addEventListener('error', () => image.replaceWith(tile), { once: true });
  return image;
}

export function badge(words: string, kind = ''): HTMLElement {
  return h('span', { class: `badge ${kind}`.trim() }, words);
}

/** Pairs of a word and what it stands for. */
export function facts(rows: readonly (readonly [string, Child] | undefined)[], className = 'facts'): HTMLElement {
  const given = rows.filter((row) => row !== undefined);
  return h(
    'dl',
    { class: className },
    given.map(([word, value]) => h('div', {}, h('dt', {}, word), h('dd', {}, value))),
  );
}

/** A line between the others that draws the eye; what it says stands in its words as well. */
export function notice(kind: 'info' | 'warning' | 'good', ...words: readonly Child[]): HTMLElement {
  const drawn = { info: 'wait', warning: 'warning', good: 'done' } as const;
  return h('div', { class: `notice ${kind}` }, icon(drawn[kind]), h('div', {}, ...words));
}

export function loading(context: Context, key: PlainKey = 'loading'): HTMLElement {
  return h('p', { class: 'loading', role: 'status' }, context.speech.text(key));
}
