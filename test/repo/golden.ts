/** The golden files of fixtures/restic (see fixtures/README.md), and mutations of them for decoders to refuse. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Bytes } from '../../src/base/bytes.js';
import { concatBytes, toHex, utf8 } from '../../src/base/bytes.js';
import { isSyncError, type SyncError } from '../../src/base/errors.js';

export const GOLDEN_SETS: readonly string[] = ['0.14-v1', '0.18-v2', '0.19-v2'];
export const GOLDEN_PASSWORD = 'Pässword <&> 1';

const root = fileURLToPath(new URL('../../fixtures/restic/', import.meta.url));

export function golden(set: string, name: string): Bytes {
  return new Uint8Array(readFileSync(`${root}${set}/${name}`));
}

/** Names of the files of a set that begin with `prefix` and end with `suffix`. */
export function goldenNames(set: string, prefix: string, suffix: string): string[] {
  return readdirSync(root + set)
    .filter((name) => name.startsWith(prefix) && name.endsWith(suffix))
    .sort();
}

/** Every file of that kind in every set, as rows of a table test. */
export function goldenFiles(prefix: string, suffix: string): [string, Bytes][] {
  return GOLDEN_SETS.flatMap((set) =>
    goldenNames(set, prefix, suffix).map((name): [string, Bytes] => [`${set}/${name}`, golden(set, name)]),
  );
}

/** 64 hex digits. */
export const hexId: fc.Arbitrary<string> = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex);

const codePoint = fc.oneof(
  fc.integer({ min: 0, max: 0x7f }),
  fc.integer({ min: 0x80, max: 0xd7ff }),
  fc.integer({ min: 0xe000, max: 0x10ffff }),
);

/** Any Unicode text, control characters and all planes included; much quicker than fast-check's own. */
export const unicodeText: fc.Arbitrary<string> = fc
  .array(codePoint, { minLength: 1, maxLength: 16 })
  .map((codes) => String.fromCodePoint(...codes));

/** Runs `work` and gives the SyncError that it must throw. */
export function failureOf(work: () => unknown): SyncError {
  try {
    work();
  } catch (error) {
    if (isSyncError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const TOKENS = [
  'null',
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '-1',
  '1.5',
  '1e3',
  '1e999',
  '00',
  '18446744073709551616',
  'true',
  '"\\ud800"',
  '\\u0000',
  '\n',
  '\0',
  '{"a":',
  '[[[[',
  '"__proto__":1,',
  '"nodes":[],',
  '"id":"x",',
  '\ufeff',
  'é',
];

const mutation: fc.Arbitrary<(bytes: Bytes) => Bytes> = fc.oneof(
  fc.tuple(fc.nat(), fc.nat(255)).map(([at, value]) => (bytes: Bytes) => {
    const out = bytes.slice();
    out[at % Math.max(1, out.length)] = value;
    return out;
  }),
  fc.tuple(fc.nat(), fc.nat(80)).map(([at, length]) => (bytes: Bytes) => {
    const from = at % (bytes.length + 1);
    return concatBytes([bytes.subarray(0, from), bytes.subarray(from + length)]);
  }),
  fc.tuple(fc.nat(), fc.nat(), fc.nat(200)).map(([at, to, length]) => (bytes: Bytes) => {
    const from = at % (bytes.length + 1);
    const cut = to % (bytes.length + 1);
    return concatBytes([bytes.subarray(0, cut), bytes.subarray(from, from + length), bytes.subarray(cut)]);
  }),
  fc.tuple(fc.nat(), fc.constantFrom(...TOKENS)).map(([at, token]) => (bytes: Bytes) => {
    const cut = at % (bytes.length + 1);
    return concatBytes([bytes.subarray(0, cut), utf8(token), bytes.subarray(cut)]);
  }),
  fc.tuple(fc.nat(), fc.constantFrom(...TOKENS), fc.nat(70)).map(([at, token, length]) => (bytes: Bytes) => {
    const cut = at % (bytes.length + 1);
    return concatBytes([bytes.subarray(0, cut), utf8(token), bytes.subarray(cut + length)]);
  }),
);

/** Whatever is done to good bytes, a decoder returns something or throws a SyncError of these codes. */
export function expectOnlySyncErrors(
  samples: readonly Bytes[],
  decode: (bytes: Bytes) => unknown,
  codes: readonly string[] = ['damaged', 'unsupported'],
): void {
  let refused = 0;
  const check = (sample: Bytes, changes: readonly ((bytes: Bytes) => Bytes)[]): void => {
    const bytes = changes.reduce((current, change) => change(current), sample);
    try {
      decode(bytes);
    } catch (error) {
      if (!isSyncError(error)) throw error;
      expect(codes).toContain(error.code);
      expect(error.message).not.toMatch(/\n/);
      refused += 1;
    }
  };
  const changes = fc.array(mutation, { minLength: 1, maxLength: 3 });
  fc.assert(fc.property(fc.constantFrom(...samples), changes, check), { numRuns: 1500 });
  expect(refused).toBeGreaterThan(100);
}
