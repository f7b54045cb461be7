/**
 * Lower case as restic's case-insensitive patterns have it: each character for itself, in the same way everywhere.
 * String.toLowerCase looks at neighbours too (a Greek sigma at a word's end) and may give two characters for one.
 */
import { isRaw } from '../base/raw-string.js';

const REPLACEMENT = '\ufffd';

/** Bytes that are no UTF-8 all become one replacement character, as in Go. */
export function foldCase(text: string): string {
  if (/^[\0-\x7f]*$/.test(text)) return text.toLowerCase();
  let out = '';
  for (const char of text) out += char === 'İ' ? 'i' : isRaw(char) ? REPLACEMENT : char.toLowerCase();
  return out;
}
