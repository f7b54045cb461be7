import { expect, it } from 'vitest';
import { toAscii, toPrintable } from '../../src/ui/format.js';

it('a launcher gets ASCII, a terminal what a person reads; neither gets what moves a cursor', () => {
  const name = 'Übergrößen 🌍\u001b[2J\n\u202e\udc80';
  expect(toAscii(name)).toBe('\\u{dc}bergr\\u{f6}\\u{df}en \\u{1f30d}\\u{1b}[2J\\u{a}\\u{202e}\\x80');
  expect(toPrintable(name)).toBe('Übergrößen 🌍\\u{1b}[2J\\u{a}\\u{202e}\\x80');
});
