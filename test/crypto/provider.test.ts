import * as nodeCrypto from 'node:crypto';
import fc from 'fast-check';
import scryptJs from 'scrypt-js';
import { describe, expect, test } from 'vitest';
import { concatBytes, fromHex, toHex, utf8 } from '../../src/base/bytes.js';
import type { NodePrimitives } from '../../src/crypto/native.js';
import { nativeCrypto } from '../../src/crypto/native.js';
import { wasmPoly1305 } from '../../src/crypto/poly1305.js';
import { portableCrypto } from '../../src/crypto/portable.js';
import { defaultCrypto } from '../../src/crypto/select.js';

const native = nativeCrypto();
const providers = [native, portableCrypto];
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const data = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ minLength: 4000, maxLength: 5000 }));

describe.each(providers.map((provider) => [provider.name, provider] as const))('known answers, %s', (_, provider) => {
  test('SHA-256 (FIPS 180-4 examples)', () => {
    const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    expect(toHex(provider.sha256(utf8('abc')))).toBe(abc);
    expect(toHex(provider.sha256(new Uint8Array(0)))).toBe(empty);
  });

  test('AES-256-CTR (NIST SP 800-38A, F.5.5), whole and cut short', () => {
    const key = fromHex('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4');
    const iv = fromHex('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff');
    const plain =
      '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51' +
      '30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710';
    const cipher =
      '601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5' +
      '2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6';
    expect(toHex(provider.aes256Ctr(key, iv, fromHex(plain)))).toBe(cipher);
    expect(toHex(provider.aes256Ctr(key, iv, fromHex(cipher)))).toBe(plain);
    expect(toHex(provider.aes256Ctr(key, iv, fromHex(plain.slice(0, 66))))).toBe(cipher.slice(0, 66));
  });

  test('AES-256-CTR carries through all 16 bytes of the counter', () => {
    const key = new Uint8Array(32).fill(7);
    const zeros = new Uint8Array(32);
    const wrapped = provider.aes256Ctr(key, new Uint8Array(16).fill(0xff), zeros);
    expect(toHex(wrapped.subarray(16))).toBe(toHex(provider.aes256Ctr(key, new Uint8Array(16), zeros).subarray(0, 16)));
  });

  test('AES-128 (FIPS 197, appendix C.1)', () => {
    const block = provider.aes128Block(
      fromHex('000102030405060708090a0b0c0d0e0f'),
      fromHex('00112233445566778899aabbccddeeff'),
    );
    expect(toHex(block)).toBe('69c4e0d86a7b0430d8cdb78070b4c55a');
  });

  test.each([
    // RFC 8439, 2.5.2, then the vectors 7 to 11 of appendix A.3, which are about the reduction.
    [
      '85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b',
      toHex(utf8('Cryptographic Forum Research Group')),
      'a8061dc1305136c6c22b8baf0c0127a9',
    ],
    [`02${'00'.repeat(31)}`, 'ff'.repeat(16), `03${'00'.repeat(15)}`],
    [`02${'00'.repeat(15)}${'ff'.repeat(16)}`, `02${'00'.repeat(15)}`, `03${'00'.repeat(15)}`],
    [`01${'00'.repeat(31)}`, `${'ff'.repeat(16)}f0${'ff'.repeat(15)}11${'00'.repeat(15)}`, `05${'00'.repeat(15)}`],
    [`01${'00'.repeat(31)}`, `${'ff'.repeat(16)}fb${'fe'.repeat(15)}${'01'.repeat(16)}`, '00'.repeat(16)],
    [`02${'00'.repeat(31)}`, `fd${'ff'.repeat(15)}`, `fa${'ff'.repeat(15)}`],
    [
      `01${'00'.repeat(7)}04${'00'.repeat(23)}`,
      `e33594d7505e43b9${'00'.repeat(8)}3394d7505e4379cd01${'00'.repeat(7)}${'00'.repeat(16)}01${'00'.repeat(15)}`,
      `14${'00'.repeat(7)}55${'00'.repeat(7)}`,
    ],
    [
      `01${'00'.repeat(7)}04${'00'.repeat(23)}`,
      `e33594d7505e43b9${'00'.repeat(8)}3394d7505e4379cd01${'00'.repeat(7)}${'00'.repeat(16)}`,
      `13${'00'.repeat(15)}`,
    ],
  ])('Poly1305 under %s', (key, message, tag) => {
    expect(toHex(provider.poly1305(fromHex(key), fromHex(message)))).toBe(tag);
  });

  test.each([
    [
      { password: '', salt: '', N: 16, r: 1, p: 1 },
      '77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442' +
        'fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906',
    ],
    [
      { password: 'password', salt: 'NaCl', N: 1024, r: 8, p: 16 },
      'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162' +
        '2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640',
    ],
    [
      { password: 'pleaseletmein', salt: 'SodiumChloride', N: 16384, r: 8, p: 1 },
      '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2' +
        'd5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
    ],
  ])('scrypt of $password (RFC 7914, section 12)', async ({ password, salt, ...params }, expected) => {
    expect(toHex(await provider.scrypt(utf8(password), utf8(salt), params, 64))).toBe(expected);
  });

  test('scrypt takes more than the 32 MiB that node allows by default', async () => {
    const key = await provider.scrypt(utf8('x'), utf8('y'), { N: 32768, r: 9, p: 1 }, 16);
    expect(key.length).toBe(16);
  });

  test('random bytes: length, and not the same twice', () => {
    expect(provider.randomBytes(0).length).toBe(0);
    expect(provider.randomBytes(32).length).toBe(32);
    expect(provider.randomBytes(32)).not.toEqual(provider.randomBytes(32));
  });

  test('results are plain arrays', async () => {
    const key = new Uint8Array(32);
    const block = new Uint8Array(16);
    const results = [
      provider.sha256(block),
      provider.aes256Ctr(key, block, block),
      provider.aes128Block(block, block),
      provider.poly1305(key, block),
      await provider.scrypt(block, block, { N: 2, r: 1, p: 1 }, 16),
      provider.randomBytes(16),
    ];
    for (const result of results) expect(Object.getPrototypeOf(result)).toBe(Uint8Array.prototype);
  });
});

describe('native and portable agree', () => {
  test('sha256', () => {
    fc.assert(
      fc.property(data, (d) => {
        expect(toHex(native.sha256(d))).toBe(toHex(portableCrypto.sha256(d)));
      }),
    );
  });

  test('aes256Ctr, with and without a place to write to', () => {
    fc.assert(
      fc.property(bytes(32), bytes(16), data, (key, iv, d) => {
        const expected = toHex(portableCrypto.aes256Ctr(key, iv, d));
        expect(toHex(native.aes256Ctr(key, iv, d))).toBe(expected);
        for (const provider of providers) {
          // In the middle of a larger array, at an odd place.
          const around = new Uint8Array(d.length + 12).fill(0xee);
          const into = around.subarray(5, 5 + d.length);
          expect(provider.aes256Ctr(key, iv, d, into)).toBe(into);
          expect(toHex(around)).toBe(`${'ee'.repeat(5)}${expected}${'ee'.repeat(7)}`);
        }
      }),
    );
  });

  test('random bytes are handed out once, over the end of a batch too, and are the callers own', () => {
    const seen = new Set<string>();
    for (let i = 0; i < 2000; i++) {
      const drawn = native.randomBytes(9 + (i % 24));
      seen.add(toHex(drawn.subarray(0, 9)));
      drawn.fill(0);
    }
    expect(seen.size).toBe(2000);
    expect(native.randomBytes(100_000).length).toBe(100_000);
  });

  test('aes256CtrGives: the same bytes and no others', () => {
    const key = native.randomBytes(32);
    const iv = native.randomBytes(16);
    for (const length of [0, 1, 1000, 65_536, 140_001]) {
      const d = native.randomBytes(length);
      const cipher = native.aes256Ctr(key, iv, d);
      for (const provider of providers) {
        expect(provider.aes256CtrGives(key, iv, cipher, d)).toBe(true);
        expect(provider.aes256CtrGives(key, iv, cipher, new Uint8Array(length + 1))).toBe(false);
        for (const at of [0, length >> 1, length - 1]) {
          if (at < 0 || at >= length) continue;
          const other = d.slice();
          other[at] = (other[at] ?? 0) ^ 0x80;
          expect(provider.aes256CtrGives(key, iv, cipher, other), `${length} bytes, ${at}`).toBe(false);
        }
      }
    }
  });

  test('aes256Ctr of more than one slice', () => {
    const d = native.randomBytes(200_003);
    const key = native.randomBytes(32);
    const iv = native.randomBytes(16);
    const expected = portableCrypto.sha256(portableCrypto.aes256Ctr(key, iv, d));
    expect(native.sha256(native.aes256Ctr(key, iv, d))).toEqual(expected);
  });

  test('aes128Block', () => {
    fc.assert(
      fc.property(bytes(16), bytes(16), (key, block) => {
        expect(toHex(native.aes128Block(key, block))).toBe(toHex(portableCrypto.aes128Block(key, block)));
      }),
    );
  });

  test('poly1305, random and with limbs at their limits', () => {
    const extreme = fc.array(fc.constantFrom(0, 1, 0xfa, 0xfb, 0xfc, 0xff), { maxLength: 130 });
    const message = fc.oneof(
      data,
      extreme.map((a) => Uint8Array.from(a)),
    );
    const key = fc.oneof(bytes(32), fc.constant(new Uint8Array(32).fill(0xff)));
    fc.assert(
      fc.property(key, message, (k, m) => {
        expect(toHex(native.poly1305(k, m))).toBe(toHex(portableCrypto.poly1305(k, m)));
      }),
      { numRuns: 500 },
    );
  });

  test('poly1305 of every length up to 100, and around the slices', () => {
    const all = native.randomBytes(131_200);
    const key = native.randomBytes(32);
    const lengths = [
      ...Array.from({ length: 101 }, (_, i) => i),
      65_535,
      65_536,
      65_537,
      65_567,
      65_568,
      131_072,
      131_199,
    ];
    for (const length of lengths) {
      const message = all.subarray(0, length);
      expect(toHex(native.poly1305(key, message)), `${length} bytes`).toBe(
        toHex(portableCrypto.poly1305(key, message)),
      );
    }
  });

  test('poly1305 refuses a key of a wrong length', () => {
    for (const provider of providers) expect(() => provider.poly1305(new Uint8Array(31), new Uint8Array(1))).toThrow();
  });

  test('scrypt, and scrypt-js as the third', async () => {
    const params = fc.record({
      N: fc.constantFrom(2, 16, 128),
      r: fc.integer({ min: 1, max: 4 }),
      p: fc.constantFrom(1, 3),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 80 }),
        fc.uint8Array({ maxLength: 80 }),
        params,
        async (pw, salt, q) => {
          fc.pre(Math.log2(q.N) < 16 * q.r);
          const expected = toHex(scryptJs.syncScrypt(pw, salt, q.N, q.r, q.p, 64));
          expect(toHex(await native.scrypt(pw, salt, q, 64))).toBe(expected);
          expect(toHex(await portableCrypto.scrypt(pw, salt, q, 64))).toBe(expected);
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('selection', () => {
  test('the kernel is used where WebAssembly works', () => expect(wasmPoly1305()).toBeDefined());

  test('one default provider, the native one', () => {
    expect(defaultCrypto().name).toBe('native');
    expect(defaultCrypto()).toBe(defaultCrypto());
  });

  test('each part that the runtime lacks comes from the portable provider', async () => {
    const missing = (): never => {
      throw new Error('unsupported');
    };
    const poor: NodePrimitives = { ...nodeCrypto, createHash: missing, createCipheriv: missing };
    Reflect.deleteProperty(poor, 'scrypt');
    const provider = nativeCrypto(poor);
    const [key, iv, d] = [native.randomBytes(32), native.randomBytes(16), native.randomBytes(100)];
    expect(provider.sha256(d)).toEqual(native.sha256(d));
    expect(provider.aes256Ctr(key, iv, d)).toEqual(native.aes256Ctr(key, iv, d));
    expect(provider.aes128Block(iv, iv)).toEqual(native.aes128Block(iv, iv));
    const params = { N: 16, r: 1, p: 1 };
    expect(await provider.scrypt(key, iv, params, 64)).toEqual(await native.scrypt(key, iv, params, 64));
    expect(concatBytes([provider.randomBytes(3), iv]).length).toBe(19);
  });
});
