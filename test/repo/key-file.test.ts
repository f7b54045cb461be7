import { describe, expect, it, test } from 'vitest';
import { fromBase64, fromUtf8, utf8 } from '../../src/base/bytes.js';
import { seal } from '../../src/crypto/box.js';
import { deriveKey } from '../../src/crypto/kdf.js';
import { nativeCrypto } from '../../src/crypto/native.js';
import type { KeyFile } from '../../src/repo/key-file.js';
import { createKeyFile, decodeKeyFile, encodeKeyFile, newMasterKey, openKeyFile } from '../../src/repo/key-file.js';
import { expectOnlySyncErrors, failureOf, GOLDEN_PASSWORD, GOLDEN_SETS, golden, goldenFiles } from './golden.js';

const crypto = nativeCrypto();
/** The weakest that scrypt has: these keys guard nothing. */
const QUICK = { N: 2, r: 1, p: 1 };
const WHO = { username: 'a\\b <&>', hostname: 'höst', created: '2024-05-06T07:08:09.1Z' };

describe.each(GOLDEN_SETS)('the key that restic %s wrote', (set) => {
  const file = decodeKeyFile(golden(set, 'key.json'), 'key');

  it('is written to the same bytes', () => expect(encodeKeyFile(file)).toEqual(golden(set, 'key.json')));

  it('opens with its password, and with no other', async () => {
    const master: { mac: { k: string; r: string }; encrypt: string } = JSON.parse(fromUtf8(golden(set, 'master.json')));
    expect(await openKeyFile(crypto, file, GOLDEN_PASSWORD, 'key')).toEqual({
      encrypt: fromBase64(master.encrypt),
      macK: fromBase64(master.mac.k),
      macR: fromBase64(master.mac.r),
    });
    expect(await openKeyFile(crypto, file, `${GOLDEN_PASSWORD} `, 'key')).toBeUndefined();
  });
});

test('a new key opens with its password, and says who made it', async () => {
  const master = newMasterKey(crypto);
  const made = await createKeyFile(crypto, 'pässword', master, QUICK, WHO);
  const file = decodeKeyFile(encodeKeyFile(made), 'key');
  expect(file).toEqual(made);
  expect(file).toMatchObject({ ...WHO, ...QUICK, kdf: 'scrypt' });
  expect(await openKeyFile(crypto, file, 'pässword', 'key')).toEqual(master);
  expect(await openKeyFile(crypto, file, 'password', 'key')).toBeUndefined();
});

test('two keys of one password have nothing in common', async () => {
  const master = newMasterKey(crypto);
  const [a, b] = [
    await createKeyFile(crypto, 'x', master, QUICK, WHO),
    await createKeyFile(crypto, 'x', master, QUICK, WHO),
  ];
  expect(a.salt).not.toEqual(b.salt);
  expect(a.data).not.toEqual(b.data);
  expect(newMasterKey(crypto)).not.toEqual(master);
});

test('a generator of zeros gives no key', () => {
  const broken = { ...crypto, randomBytes: (length: number) => new Uint8Array(length) };
  expect(failureOf(() => newMasterKey(broken)).code).toBe('internal');
});

const GOOD = JSON.parse(fromUtf8(golden('0.19-v2', 'key.json'))) as Record<string, unknown>;

test('rustic writes no names and another order', () => {
  const { N, r, p, data, salt } = GOOD;
  const file = decodeKeyFile(utf8(JSON.stringify({ kdf: 'scrypt', N, r, p, data, salt })), 'key');
  expect(file.created).toBeUndefined();
  expect(file.username).toBeUndefined();
  expect(JSON.parse(fromUtf8(encodeKeyFile(file)))).toEqual({ kdf: 'scrypt', N, r, p, salt, data });
});

describe('what is refused on reading', () => {
  const cases: [string, string, object][] = [
    ['another kdf', 'unsupported', { kdf: 'argon2' }],
    ['no kdf', 'damaged', { kdf: null }],
    ['N as text', 'damaged', { N: '32768' }],
    ['N negative', 'damaged', { N: -1 }],
    ['N beyond 2^31', 'damaged', { N: 2 ** 32 }],
    ['r missing', 'damaged', { r: undefined }],
    ['p a fraction', 'damaged', { p: 0.5 }],
    ['salt missing', 'damaged', { salt: undefined }],
    ['salt of 63 bytes', 'damaged', { salt: Buffer.alloc(63).toString('base64') }],
    ['salt that is not base64', 'damaged', { salt: '!'.repeat(88) }],
    ['salt without padding', 'damaged', { salt: String(GOOD['salt']).replace(/=+$/, '') }],
    ['data of 31 bytes', 'damaged', { data: Buffer.alloc(31).toString('base64') }],
    ['data of 32 bytes', 'damaged', { data: Buffer.alloc(32).toString('base64') }],
    ['data null', 'damaged', { data: null }],
    ['username a number', 'damaged', { username: 7 }],
    ['created no time', 'damaged', { created: 'yesterday' }],
  ];
  it.each(cases)('%s: %s', (_, code, change) => {
    const error = failureOf(() => decodeKeyFile(utf8(JSON.stringify({ ...GOOD, ...change })), 'key abc'));
    expect(error.code).toBe(code);
    expect(error.message).toContain('key abc');
  });

  it('only SyncErrors, whatever the bytes', () => {
    const samples = goldenFiles('key', '.json').map(([, bytes]) => bytes);
    expectOnlySyncErrors(samples, (bytes) => decodeKeyFile(bytes, 'key'));
  });
});

describe('what is refused on opening', () => {
  const absurd: [string, object][] = [
    ['N not a power of two', { N: 3 }],
    ['N 0', { N: 0 }],
    ['64 GiB', { N: 2 ** 29 }],
    ['r times p', { r: 2 ** 15, p: 2 ** 15 }],
  ];
  it.each(absurd)('scrypt parameters: %s', async (_, change) => {
    const file = { ...decodeKeyFile(utf8(JSON.stringify(GOOD)), 'key'), ...change };
    await expect(openKeyFile(crypto, file, 'x', 'key')).rejects.toMatchObject({
      name: 'SyncError',
      code: 'unsupported',
    });
  });

  const inside: [string, string][] = [
    ['not JSON', 'nonsense'],
    ['no mac', '{"encrypt":"QUJD"}'],
    ['mac a text', '{"mac":"x","encrypt":"QUJD"}'],
    ['short parts', '{"mac":{"k":"QUJD","r":"QUJD"},"encrypt":"QUJD"}'],
    ['zeros', JSON.stringify({ mac: { k: zeros(16), r: zeros(16) }, encrypt: zeros(32) })],
  ];
  it.each(inside)('a sealed key that is none: %s', async (_, plain) => {
    const salt = crypto.randomBytes(64);
    const data = seal(crypto, await deriveKey(crypto, 'x', salt, QUICK), utf8(plain));
    const file: KeyFile = { kdf: 'scrypt', ...QUICK, salt, data };
    await expect(openKeyFile(crypto, file, 'x', 'key abc')).rejects.toMatchObject({ code: 'damaged' });
  });
});

function zeros(length: number): string {
  return Buffer.alloc(length).toString('base64');
}
