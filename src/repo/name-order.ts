/** The order of names in a tree: by the bytes of the raw name. UTF-16, which `<` compares, orders U+E000 differently. */
import { compareBytes } from '../base/bytes.js';
import { rawToBytes } from '../base/raw-string.js';

/** For names in the form of base/raw-string.ts: negative, 0 or positive. */
export function compareNames(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    // Below the surrogates the order of units is that of code points, and so that of UTF-8.
    return x < 0xd800 && y < 0xd800 ? x - y : compareBytes(rawToBytes(a), rawToBytes(b));
  }
  return a.length - b.length;
}
