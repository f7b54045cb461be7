/** Telling a web page (of a captive portal, a proxy, some other server) from the answer of a REST server. */
import type { Bytes } from '../base/bytes.js';
import { fromUtf8 } from '../base/bytes.js';
import type { Answer } from './rest-transport.js';

export function isHtml(answer: Answer): boolean {
  return /^(text\/html|application\/xhtml)/i.test(answer.header('content-type') ?? '');
}

/**
 * Whether a web page came instead of the server's answer. The type alone says nothing: rest-server guesses it, and
 * sends a pack that happens to begin with `<A>` as text/html (one in a million), so the body must begin like a page.
 */
export function isPage(answer: Answer): boolean {
  const { status, body } = answer;
  if (!isHtml(answer) || (status >= 300 && status !== 404)) return false;
  return /^[\s\ufeff]*<(!doctype|html|head|script|!--)/i.test(fromUtf8(body.subarray(0, 200)));
}

/** One line for a message, from a body which anybody may have written. */
export function printable(body: Bytes): string {
  return fromUtf8(body.subarray(0, 200))
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, 120);
}
