/**
 * Names come from other PCs and from files: whatever they hold, they stay a name. They are text nodes in a `<bdi>`, so
 * that their direction of reading ends with them, what cannot be seen is written out, and long ones are cut.
 */
import { toPrintable } from '../format.js';
import { h } from './dom.js';

const LONGEST = 90;
const LONGEST_PATH = 160;

export function name(text: string): HTMLElement {
  return element(text, LONGEST, 'name');
}

export function path(text: string): HTMLElement {
  return element(text, LONGEST_PATH, 'path');
}

/** For attributes and titles, where there is no `<bdi>`: marks around it do the same. */
export function plainName(text: string): string {
  return `\u2068${shorten(toPrintable(text), LONGEST)}\u2069`;
}

function element(text: string, longest: number, className: string): HTMLElement {
  const printable = toPrintable(text);
  const short = shorten(printable, longest);
  return h('bdi', { class: className, title: short === printable ? undefined : shorten(printable, 2000) }, short);
}

/** The middle goes: names differ at their beginnings, and files at their ends as well. */
export function shorten(text: string, longest: number): string {
  const letters = [...text];
  if (letters.length <= longest) return text;
  const tail = Math.floor(longest / 3);
  return `${letters.slice(0, longest - tail - 1).join('')}…${letters.slice(-tail).join('')}`;
}
