/** File names in output, as restic shows them: a name may hold anything, a terminal and JSON may not. */
import { goQuote, isGoPrintable } from '../../repo/go-quote.js';

/** For text: as it is, or in quotes with escapes if anything in it does not print. */
export function quoteName(name: string): string {
  for (const char of name) if (!isGoPrintable(char.codePointAt(0) ?? 0)) return `"${goQuote(name)}"`;
  return name;
}

/** For JSON: each byte that is not UTF-8 becomes U+FFFD. */
export function jsonName(name: string): string {
  return name.replace(/\p{Cs}/gu, '\ufffd');
}
