/** What stands around every screen: the name, and the choice of language. */
import type { Language } from '../protocol.js';
import type { Context, Screen } from './context.js';
import { h } from './dom.js';
import { icon } from './icons.js';

const LANGUAGES: readonly (readonly [Language, string])[] = [
  ['en', 'English'],
  ['de', 'Deutsch'],
];

/** Puts the screen into the page, and the focus where it begins. */
export function showScreen(app: HTMLElement, context: Context, screen: Screen, choose: (next: Language) => void): void {
  const { speech } = context;
  document.documentElement.lang = speech.language;
  document.title = `${screen.title} – instance-sync`;
  const foot = languages(speech.language, speech.text('language'), choose);
  const brand = h('header', { class: 'brand' }, h('span', {}, icon('world'), 'instance-sync'));
  if (screen.modal === true) {
    // The only thing there is: what stood beside it could not be reached.
    screen.node.append(foot);
    app.replaceChildren(h('main', { class: 'page' }, screen.node));
  } else app.replaceChildren(brand, h('main', { class: 'page' }, screen.node), h('footer', { class: 'page' }, foot));
  const focus = screen.focus ?? screen.node.querySelector('h1');
  focus?.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

function languages(now: Language, label: string, choose: (next: Language) => void): HTMLElement {
  return h(
    'div',
    { class: 'languages', role: 'group', 'aria-label': label },
    LANGUAGES.map(([language, words]) =>
      h(
        'button',
        {
          type: 'button',
          class: 'link',
          lang: language,
          'aria-pressed': String(language === now),
          onclick: () => choose(language),
        },
        words,
      ),
    ),
  );
}
