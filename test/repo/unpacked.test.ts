import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { fromBase64, fromUtf8, utf8 } from '../../src/base/bytes.js';
import { loadZstd } from '../../src/compress/zstd.js';
import { open } from '../../src/crypto/box.js';
import { nativeCrypto } from '../../src/crypto/native.js';
import { decodeUnpacked, encodeUnpacked } from '../../src/repo/unpacked.js';
import { failureOf, GOLDEN_SETS, golden } from './golden.js';

const zstd = await loadZstd();
const crypto = nativeCrypto();

describe.each(GOLDEN_SETS)('sealed by restic %s', (set) => {
  const { mac, encrypt }: { mac: { k: string; r: string }; encrypt: string } = JSON.parse(
    fromUtf8(golden(set, 'master.json')),
  );
  const key = { encrypt: fromBase64(encrypt), macK: fromBase64(mac.k), macR: fromBase64(mac.r) };

  it('the index opens and unpacks to its JSON', () => {
    const plain = open(crypto, key, golden(set, 'index-0.sealed'), 'index');
    expect(plain[0]).toBe(set.endsWith('v1') ? 0x7b : 2);
    expect(decodeUnpacked(plain, zstd, 10_000, 'index')).toEqual(golden(set, 'index-0.json'));
  });

  it('the config opens, and is never packed', () => {
    expect(open(crypto, key, golden(set, 'config.sealed'), 'config')).toEqual(golden(set, 'config.json'));
  });
});

test('version 1 as it is, version 2 behind its byte, both read', () => {
  const plain = utf8('{"packs":[]}\n');
  expect(encodeUnpacked(1, plain, zstd)).toEqual(plain);
  const packed = encodeUnpacked(2, plain, zstd);
  expect([...packed.subarray(0, 5)]).toEqual([2, 0x28, 0xb5, 0x2f, 0xfd]);
  for (const bytes of [plain, packed]) expect(decodeUnpacked(bytes, zstd, 100, 'index')).toEqual(plain);
  expect(decodeUnpacked(utf8('[]'), zstd, 100, 'index')).toEqual(utf8('[]'));
  expect(decodeUnpacked(new Uint8Array(0), zstd, 100, 'index')).toEqual(new Uint8Array(0));
});

describe('what is refused', () => {
  const packed = encodeUnpacked(2, new Uint8Array(1_000_000), zstd);
  const cases: [string, string, Uint8Array][] = [
    ['an unknown form', 'unsupported', Uint8Array.of(3, 1, 2)],
    ['text that is no JSON', 'unsupported', utf8('x')],
    ['nothing behind the byte', 'damaged', Uint8Array.of(2)],
    ['no frame behind the byte', 'damaged', Uint8Array.of(2, 1, 2, 3, 4, 5, 6, 7, 8)],
    ['a frame that is cut off', 'damaged', packed.subarray(0, packed.length - 3)],
    ['a bomb', 'damaged', packed],
    ['JSON that is too long', 'damaged', utf8(`[${' '.repeat(100_000)}]`)],
  ];
  it.each(cases)('%s: %s', (_, code, bytes) => {
    const error = failureOf(() => decodeUnpacked(bytes, zstd, 99_999, 'index abc'));
    expect(error.code).toBe(code);
    expect(error.message).toContain('index abc');
  });
});

test('the fixtures are documented', () => {
  const readme = readFileSync(new URL('../../fixtures/README.md', import.meta.url), 'utf8');
  for (const set of GOLDEN_SETS) expect(readme).toContain(set);
});
