/** Text to take along: a field that can be selected, and a button that puts it into the clipboard. */
import type { Context } from './context.js';
import { fill, h, newId } from './dom.js';
import { button } from './parts.js';

export function copyField({ speech }: Context, label: string, value: string, hint?: string): HTMLElement {
  const id = newId('copy');
  const field = h('textarea', { id, readonly: true, rows: '3', spellcheck: 'false', class: 'mono' });
  field.value = value;
  field.addEventListener('focus', () => field.select());
  return h(
    'div',
    { class: 'field' },
    h('label', { for: id }, label),
    h('div', { class: 'line' }, field, copyButton(speech, value, `${speech.text('copy')}: ${label}`, field)),
    hint !== undefined && h('p', { class: 'hint' }, hint),
  );
}

/** The button, and the word that says that it worked. */
export function copyButton(speech: Context['speech'], value: string, label: string, field: HTMLElement): HTMLElement {
  const said = h('span', { class: 'said', role: 'status' });
  const copy = button(
    speech.text('copy'),
    () => void copyText(value, field).then((done) => fill(said, speech.text(done ? 'copied' : 'copyByHand'))),
    { icon: 'copy', kind: 'quiet', label },
  );
  return h('span', { class: 'copy' }, copy, said);
}

/** Where the clipboard is closed to us the text is selected, so that the player's own keys copy it. */
async function copyText(value: string, field: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(value);
    return true;
  } catch {
    if (field instanceof HTMLTextAreaElement) field.select();
    else getSelection()?.setBaseAndExtent(field, 0, field, field.childNodes.length);
    return false;
  }
}
