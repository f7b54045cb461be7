import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSyncError } from '../../../src/base/errors.js';
import { formatRecoveryCode, parseRecoveryCode } from '../../../src/sync/account/recovery-code.js';

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const secret = fc.uint8Array({ minLength: 16, maxLength: 16 });
const digit = fc.constantFrom(...DIGITS);
const place = fc.nat({ max: 27 });

/** Without dashes. */
function lettersOf(bytes: Uint8Array): string[] {
  return formatRecoveryCode(bytes).replaceAll('-', '').split('');
}

function messageOf(text: string): string {
  try {
    parseRecoveryCode(text);
  } catch (error) {
    if (isSyncError(error, 'usage')) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('the form of a recovery code', () => {
  it('is 128 bits in Crockford base 32 and two check digits, in groups of four', () => {
    // Computed by a second program, which tries all check digits with a multiplication of its own.
    const bytes = Uint8Array.from({ length: 16 }, (_, i) => i * 17);
    expect(formatRecoveryCode(new Uint8Array(16))).toBe('0000-0000-0000-0000-0000-0000-0000');
    expect(formatRecoveryCode(new Uint8Array(16).fill(255))).toBe('7ZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZKB');
    expect(formatRecoveryCode(bytes)).toBe('0024-H36H-2NCS-VRH6-DAQF-6DVV-QZ5C');
  });

  it('comes back from every way to write it', () => {
    fc.assert(
      fc.property(secret, fc.constantFrom(' ', '', '-', '\u2013', ' - ', '\n'), fc.boolean(), (bytes, gap, lower) => {
        const code = formatRecoveryCode(bytes);
        const typed = code
          .replaceAll('-', gap)
          .replaceAll('0', 'O')
          .replaceAll('1', lower ? 'l' : 'I');
        expect(parseRecoveryCode(` ${lower ? typed.toLowerCase() : typed} \r\n`)).toBe(code);
      }),
    );
  });

  it('two secrets never share a code', () => {
    fc.assert(
      fc.property(secret, secret, (a, b) => {
        expect(formatRecoveryCode(a) === formatRecoveryCode(b)).toBe(Buffer.compare(a, b) === 0);
      }),
    );
  });
});

describe('typing errors', () => {
  it('one wrong character is found, and its group named', () => {
    fc.assert(
      fc.property(secret, place, digit, (bytes, at, other) => {
        const letters = lettersOf(bytes);
        fc.pre(letters[at] !== other);
        letters[at] = other;
        expect(messageOf(letters.join(''))).toContain(`in group ${Math.floor(at / 4) + 1};`);
      }),
    );
  });

  it('two wrong characters are found', () => {
    fc.assert(
      fc.property(secret, place, place, digit, digit, (bytes, a, b, one, other) => {
        const letters = lettersOf(bytes);
        fc.pre(a !== b && letters[a] !== one && letters[b] !== other);
        letters[a] = one;
        letters[b] = other;
        expect(messageOf(letters.join(''))).toContain('typing error');
      }),
    );
  });

  it('two that changed places are found', () => {
    fc.assert(
      fc.property(secret, place, place, (bytes, a, b) => {
        const letters = lettersOf(bytes);
        const [one = '', other = ''] = [letters[a], letters[b]];
        fc.pre(one !== other);
        letters[a] = other;
        letters[b] = one;
        expect(messageOf(letters.join(''))).toContain('typing error');
      }),
    );
  });

  it.each([
    ['', 'is empty'],
    [' -- \n', 'is empty'],
    ['0000-0000', 'has 8 digits and letters where 28 belong'],
    ['0000-0000-0000-0000-0000-0000-00000', 'has 29 digits'],
    ['000*-0000-0000-0000-0000-0000-0000', 'as number 4, a character'],
    ['\u0661000-0000-0000-0000-0000-0000-0000', 'as number 1, a character'],
  ])('%j: %s', (text, found) => {
    expect(messageOf(text)).toContain(found);
  });

  it('a word of the code that holds more than 128 bits is refused', () => {
    const answers = [...DIGITS].flatMap((a) => [...DIGITS].map((b) => messageOf(`8${'0'.repeat(25)}${a}${b}`)));
    expect(answers).not.toContain('accepted');
    expect(answers.filter((message) => message.includes('no code begins with'))).toHaveLength(1);
  });

  it('no message tells the code', () => {
    fc.assert(
      fc.property(secret, fc.nat({ max: 33 }), fc.string({ minLength: 1, maxLength: 1 }), (bytes, at, char) => {
        const code = formatRecoveryCode(bytes);
        const message = messageOf(`${code.slice(0, at)}${char}${code.slice(at)}`);
        for (const group of code.split('-')) if (!/3K7Q|M2XW/.test(group)) expect(message).not.toContain(group);
      }),
    );
  });
});
