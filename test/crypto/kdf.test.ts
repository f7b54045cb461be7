import { describe, expect, test } from 'vitest';
import { concatBytes, toHex, utf8 } from '../../src/base/bytes.js';
import { isSyncError } from '../../src/base/errors.js';
import { checkScryptParams, DEFAULT_SCRYPT, deriveKey, SALT_SIZE } from '../../src/crypto/kdf.js';
import { portableCrypto } from '../../src/crypto/portable.js';
import { defaultCrypto } from '../../src/crypto/select.js';

const SMALL = { N: 128, r: 1, p: 1 };
const salt = new Uint8Array(SALT_SIZE).map((_, i) => i);

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return isSyncError(error) ? error.code : 'another error';
  }
  return 'none';
}

describe('checkScryptParams', () => {
  test.each([
    DEFAULT_SCRYPT,
    SMALL,
    { N: 65536, r: 8, p: 1 },
    { N: 32768, r: 8, p: 40 },
    { N: 131072, r: 8, p: 1 },
    { N: 2, r: 1, p: 1 },
  ])('takes what real repositories have: %j', (params) => expect(codeOf(() => checkScryptParams(params))).toBe('none'));

  test.each([
    { N: 0, r: 8, p: 1 },
    { N: 1, r: 8, p: 1 },
    { N: 3, r: 8, p: 1 },
    { N: 32767, r: 8, p: 1 },
    { N: 2 ** 31, r: 1, p: 1 },
    { N: 2 ** 60, r: 8, p: 1 },
    { N: 65536, r: 1, p: 1 },
    { N: -32768, r: 8, p: 1 },
    { N: 32768.5, r: 8, p: 1 },
    { N: Number.NaN, r: 8, p: 1 },
    { N: Number.POSITIVE_INFINITY, r: 8, p: 1 },
    { N: 32768, r: 0, p: 1 },
    { N: 32768, r: 8, p: 0 },
    { N: 32768, r: 1.5, p: 1 },
    { N: 2 ** 20, r: 8, p: 1 },
    { N: 2, r: 2 ** 24, p: 1 },
    { N: 2, r: 8, p: 2 ** 21 },
    { N: 2, r: 2 ** 15, p: 2 ** 15 },
    { N: 32768, r: 8, p: 300 },
    { N: 2 ** 19, r: 8, p: 100 },
  ])('refuses %j', (params) => expect(codeOf(() => checkScryptParams(params))).toBe('unsupported'));
});

describe('deriveKey', () => {
  test('splits 64 bytes into encrypt, k and r', async () => {
    const key = await deriveKey(defaultCrypto(), 'pässwörd', salt, SMALL);
    const whole = await portableCrypto.scrypt(utf8('pässwörd'), salt, SMALL, 64);
    expect([key.encrypt.length, key.macK.length, key.macR.length]).toEqual([32, 16, 16]);
    expect(toHex(concatBytes([key.encrypt, key.macK, key.macR]))).toBe(toHex(whole));
  });

  test('bad parameters and a salt of a wrong length are refused before any work', async () => {
    const crypto = { ...portableCrypto, scrypt: () => Promise.reject(new Error('called')) };
    await expect(deriveKey(crypto, 'x', salt, { N: 2 ** 40, r: 8, p: 1 })).rejects.toMatchObject({
      code: 'unsupported',
    });
    await expect(deriveKey(crypto, 'x', salt.subarray(1), SMALL)).rejects.toMatchObject({ code: 'damaged' });
  });
});
