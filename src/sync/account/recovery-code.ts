/**
 * The recovery code: a further password of a player's repositories, made to be copied from paper.
 *   28 digits in seven groups, 3K7Q-M2XW-…: 128 random bits, then two digits that check the others
 * The digits are Crockford's base 32. They are a word of a Reed-Solomon code over the field of 32 elements, of distance
 * 3: any two wrong digits and any two that changed places are told before a key derivation is spent on them. What stands
 * on the paper, dashes and all, is the password itself, so restic takes it as it is written there.
 */
import type { Bytes } from '../../base/bytes.js';
import { SyncError } from '../../base/errors.js';

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const DATA_DIGITS = 26;
const ALL_DIGITS = DATA_DIGITS + 2;
const GROUP = 4;
/** 26 digits hold 130 bits, so the first has only three of its own. */
const FIRST_LIMIT = 8;
export const SECRET_BYTES = 16;

/** What a hand or an eye makes of a digit. */
const READ_AS: Readonly<Record<string, string>> = { O: '0', I: '1', L: '1', U: 'V' };

/** Powers of the generator of the field: x^5 + x^2 + 1. */
const POWERS: readonly number[] = powers();

function powers(): number[] {
  const list = [1];
  while (list.length < 31) {
    const next = (list.at(-1) ?? 0) << 1;
    list.push(next < 32 ? next : next ^ 0b100101);
  }
  return list;
}

/** Of 16 random bytes. */
export function formatRecoveryCode(secret: Bytes): string {
  if (secret.length !== SECRET_BYTES)
    throw new SyncError('internal', `a recovery code is made of ${SECRET_BYTES} bytes`);
  let rest = secret.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  const digits: number[] = [];
  for (let i = 0; i < DATA_DIGITS; i++) {
    digits.unshift(Number(rest % 32n));
    rest /= 32n;
  }
  return spell([...digits, ...checkDigits(digits)]);
}

/**
 * The code as it was printed, from what a person typed: letter case, spaces, dashes, and O for 0 or I and L for 1 do not
 * matter. Throws 'usage' for a typing error; the message never holds the code.
 */
export function parseRecoveryCode(text: string): string {
  const typed = text
    .replace(/[\s\ufeff\p{Dash}_.]/gu, '')
    .toUpperCase()
    .split('');
  if (typed.length === 0) throw wrong('is empty');
  const digits = typed.map((char) => DIGITS.indexOf(READ_AS[char] ?? char));
  const strange = digits.indexOf(-1);
  if (strange >= 0)
    throw wrong(`has, as number ${strange + 1}, a character that is no digit and no letter from A to Z`);
  if (digits.length !== ALL_DIGITS) throw wrong(`has ${digits.length} digits and letters where ${ALL_DIGITS} belong`);
  const sum = weigh(digits, () => 1);
  const weighted = weigh(digits, powerOf);
  if (sum !== 0 || weighted !== 0) throw wrong(`has a typing error${guessGroup(sum, weighted)}`);
  if ((digits[0] ?? 0) >= FIRST_LIMIT) throw wrong('begins with a digit that no code begins with');
  return spell(digits);
}

function wrong(found: string): SyncError {
  const message = `the recovery code ${found}; it is seven groups of four, as in 3K7Q-M2XW-...; compare it with the paper`;
  return new SyncError('usage', message);
}

/** If one digit alone is wrong, the two sums tell which. */
function guessGroup(sum: number, weighted: number): string {
  if (sum === 0 || weighted === 0) return '';
  const place = POWERS.indexOf(divide(weighted, sum));
  return place >= 0 && place < ALL_DIGITS ? `, most likely in group ${Math.floor(place / GROUP) + 1}` : '';
}

/** The two that make both sums zero. */
function checkDigits(data: readonly number[]): [number, number] {
  const [next, last] = [powerOf(DATA_DIGITS), powerOf(DATA_DIGITS + 1)];
  const sum = weigh(data, () => 1);
  const second = divide(weigh(data, powerOf) ^ multiply(next, sum), next ^ last);
  return [sum ^ second, second];
}

function weigh(digits: readonly number[], weightAt: (place: number) => number): number {
  return digits.reduce((sum, digit, place) => sum ^ multiply(digit, weightAt(place)), 0);
}

function powerOf(exponent: number): number {
  return POWERS[exponent % POWERS.length] ?? 0;
}

function multiply(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : powerOf(POWERS.indexOf(a) + POWERS.indexOf(b));
}

/** `b` is not 0. */
function divide(a: number, b: number): number {
  return a === 0 ? 0 : powerOf(POWERS.indexOf(a) + POWERS.length - POWERS.indexOf(b));
}

function spell(digits: readonly number[]): string {
  const letters = digits.map((digit) => DIGITS[digit] ?? '').join('');
  return (letters.match(/.{4}/g) ?? []).join('-');
}
