import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Bytes } from '../../src/base/bytes.js';
import { concatBytes, fromBase64, fromHex, fromUtf8, toHex, utf8 } from '../../src/base/bytes.js';
import { isSyncError } from '../../src/base/errors.js';
import type { MasterKey } from '../../src/crypto/box.js';
import { isValidKey, open, opensTo, SEAL_OVERHEAD, seal, sealInto } from '../../src/crypto/box.js';
import { deriveKey } from '../../src/crypto/kdf.js';
import { portableCrypto } from '../../src/crypto/portable.js';
import { defaultCrypto } from '../../src/crypto/select.js';

const crypto = defaultCrypto();
const key: MasterKey = {
  encrypt: new Uint8Array(32).map((_, i) => i + 1),
  macK: new Uint8Array(16).map((_, i) => 200 - i),
  macR: new Uint8Array(16).fill(0xff),
};

/** A repository made by restic 0.18: its key file's parts (password "golden") and its config file. */
const RESTIC_KEY = {
  N: 32768,
  r: 8,
  p: 6,
  salt: 'weqLesKesgwLWGVhq12LMqWRaLVIyC/lfgQchNkh+oVt7iftFQCJa8d19e7jBHeRQhtrOaIipxYilzciG8v9Vw==',
  data:
    'LoZbcniDiOMsilop4n6NmJz67fiJ8st6QNGZuiKZopLxfyAonr+MhqbV6thOKbv4TzjVOH21Ojprraffckk4OjCdVM94NqRXVbXN' +
    'wfJta21ilIuH8MXFeDj69B4TVGjK6aXbsWquPYdyhwUgQAoZ9W3gB/Bp4fPt9EZLFvS8bC3UK3nJYMHK3TnWhJyWmXupGG918BhF' +
    'ME5I3F+q30jSUg==',
};
const RESTIC_CONFIG =
  'nKmHnVBnJMKekozn8swVeAIbLEyFNhPhpdLgTCz8FyqDD6dZgC4vAmtEb2BshCFfqtSSx/1u1wYM0ZoEozWUWpx5gaWb2E26r/Vb' +
  '21uTMNv6DBSgsVzY4KV0Y6Xc9tbI3gVqHRJ2TZHMHP4/tV1DndZBEF3o+cM39FFmBVTD5MGEtH+jRAIoD66aaLMA3xDJtWTBVQQB' +
  '2Ks4KAk=';

function failure(work: () => unknown): { code: string; message: string } {
  try {
    work();
  } catch (error) {
    if (isSyncError(error)) return { code: error.code, message: error.message };
    throw error;
  }
  return { code: 'none', message: '' };
}

describe('Poly1305-AES (Bernstein 2005, appendix B): the vectors as boxes', () => {
  test.each([
    [
      'f3f6',
      '851fc40c3467ac0be05cc20404f3f700',
      'ec074c835580741701425b623235add6',
      'fb447350c4e868c52ac3275cf9d4327e',
      'f4c633c3044fc145f84f335cb81953de',
    ],
    [
      '',
      'a0f3080000f46400d0c7e9076c834403',
      '75deaa25c09f208e1dc4ce6b5cad3fbf',
      '61ee09218d29b0aaed7e154a2c5509cc',
      'dd3fab2251f11ac759f0887129cc2ee7',
    ],
    [
      '663cea190ffb83d89593f3f476b6bc24d7e679107ea26adb8caf6652d0656136',
      '48443d0bb0d21109c89a100b5ce2c208',
      '6acb5f61a7176dd320c5c1eb2edcdc74',
      'ae212a55399729595dea458bc621ff0e',
      '0ee1c16bb73f0f4fd19881753c01cdbe',
    ],
    [
      'ab0812724a7f1e342742cbed374d94d136c6b8795d45b3819830f2c04491faf0990c62e48b8018b2c3e4a0fa3134cb67fa83e158c994d961c4cb21095c1bf9',
      '12976a08c4426d0ce8a82407c4f48207',
      'e1a5668a4d5b66a5f68cc5424ed5982d',
      '9ae831e743978d3a23527c7128149e3a',
      '5154ad0d2cb26e01274fc51148491f1b',
    ],
  ])('message %s', (message, r, k, nonce, tag) => {
    const vector: MasterKey = { encrypt: key.encrypt, macK: fromHex(k), macR: fromHex(r) };
    for (const provider of [crypto, portableCrypto]) {
      const plain = open(provider, vector, fromHex(nonce + message + tag), 'vector');
      expect(toHex(provider.aes256Ctr(key.encrypt, fromHex(nonce), plain))).toBe(message);
    }
  });
});

test("restic's own key file and config open", async () => {
  const password = await deriveKey(crypto, 'golden', fromBase64(RESTIC_KEY.salt), RESTIC_KEY);
  const master = JSON.parse(fromUtf8(open(crypto, password, fromBase64(RESTIC_KEY.data), 'key')));
  const masterKey: MasterKey = {
    encrypt: fromBase64(master.encrypt),
    macK: fromBase64(master.mac.k),
    macR: fromBase64(master.mac.r),
  };
  expect(isValidKey(masterKey)).toBe(true);
  const config = JSON.parse(fromUtf8(open(crypto, masterKey, fromBase64(RESTIC_CONFIG), 'config')));
  expect(config).toEqual({
    version: 2,
    id: 'cf05c29eb0d4569c2ebe807f0326d07b370b5e6d730a15613daf87aa01da4f60',
    chunker_polynomial: '214163799472d5',
  });
});

describe('seal and open', () => {
  test('round trip, each provider opening what the other sealed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (plain) => {
        const before = plain.slice();
        for (const [a, b] of [
          [crypto, portableCrypto],
          [portableCrypto, crypto],
        ] as const) {
          const sealed = seal(a, key, plain);
          expect(sealed.length).toBe(plain.length + SEAL_OVERHEAD);
          expect(open(b, key, sealed, 'x')).toEqual(plain);
        }
        expect(plain).toEqual(before);
      }),
    );
  });

  test('8 MiB, out of the middle of a larger array', () => {
    const around = crypto.randomBytes(8 * 1024 * 1024 + 7);
    const plain = around.subarray(3, 3 + 8 * 1024 * 1024);
    const sealed = seal(crypto, key, plain);
    const shifted = concatBytes([new Uint8Array(5), sealed]).subarray(5);
    expect(Buffer.compare(open(crypto, key, shifted, 'x'), plain)).toBe(0);
  });

  test('a fresh nonce each time', () => {
    const nonces = new Set(Array.from({ length: 100 }, () => toHex(seal(crypto, key, utf8('same')).subarray(0, 16))));
    expect(nonces.size).toBe(100);
  });

  test('a nonce of zeros is drawn again, and a generator of zeros stops the work', () => {
    const draws = [new Uint8Array(16), new Uint8Array(16).fill(1)];
    const once = { ...portableCrypto, randomBytes: () => draws.shift() ?? new Uint8Array(16) };
    expect(toHex(seal(once, key, utf8('x')).subarray(0, 16))).toBe('01'.repeat(16));
    const never = { ...portableCrypto, randomBytes: (length: number) => new Uint8Array(length) };
    expect(failure(() => seal(never, key, utf8('x'))).code).toBe('internal');
  });

  test('a change of any one bit is found', () => {
    const sealed = seal(crypto, key, utf8('the content'));
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = sealed.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(failure(() => open(crypto, key, changed, 'x')).code, `bit ${bit}`).toBe('damaged');
    }
  });

  test('a box made in a place of a larger array is opened, and told from every other', () => {
    const plain = utf8('the content');
    const out = new Uint8Array(60).fill(1);
    const box = sealInto(crypto, key, plain, out, 7);
    expect([box.length, box.byteOffset]).toEqual([plain.length + SEAL_OVERHEAD, 7]);
    expect(out.filter((_, i) => i < 7 || i >= 7 + box.length).every((byte) => byte === 1)).toBe(true);
    expect(open(portableCrypto, key, box, 'x')).toEqual(plain);
    expect(open(crypto, key, box, 'x', new Uint8Array(plain.length))).toEqual(plain);
    for (const provider of [crypto, portableCrypto]) {
      expect(opensTo(provider, key, box, plain)).toBe(true);
      expect(opensTo(provider, key, box, plain.subarray(1))).toBe(false);
      expect(opensTo(provider, key, box, utf8('the c0ntent'))).toBe(false);
      for (let bit = 0; bit < box.length * 8; bit += 3) {
        const changed = box.slice();
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(opensTo(provider, key, changed, plain), `bit ${bit}`).toBe(false);
      }
    }
    expect(() => sealInto(crypto, key, plain, out, 18)).toThrow(RangeError);
  });

  test('too short, cut, longer, nonce of zeros, other key: damaged, and the message names the box', () => {
    const sealed = seal(crypto, key, utf8('the content'));
    const zeroNonce = boxOf(new Uint8Array(16), utf8('x'));
    const otherKey: MasterKey = { ...key, macK: new Uint8Array(16).fill(9) };
    const cases: [Bytes, MasterKey][] = [
      [new Uint8Array(0), key],
      [sealed.subarray(0, 31), key],
      [sealed.subarray(0, sealed.length - 1), key],
      [concatBytes([sealed, new Uint8Array(1)]), key],
      [zeroNonce, key],
      [sealed, otherKey],
      [sealed, { ...key, macR: new Uint8Array(16).fill(9) }],
    ];
    for (const [box, used] of cases) {
      const { code, message } = failure(() => open(crypto, used, box, 'snapshot 12345678'));
      expect(code).toBe('damaged');
      expect(message).toContain('snapshot 12345678');
    }
  });

  test('nothing is decrypted before the authentication code is found right', () => {
    const sealed = seal(crypto, key, utf8('the content'));
    sealed[20] = (sealed[20] ?? 0) ^ 1;
    const watched = {
      ...portableCrypto,
      aes256Ctr: (): Bytes => {
        throw new Error('decrypted');
      },
    };
    expect(failure(() => open(watched, key, sealed, 'x')).code).toBe('damaged');
  });
});

test('isValidKey', () => {
  expect(isValidKey(key)).toBe(true);
  expect(isValidKey({ ...key, encrypt: new Uint8Array(32) })).toBe(false);
  expect(isValidKey({ ...key, macK: new Uint8Array(16) })).toBe(false);
  expect(isValidKey({ ...key, macR: new Uint8Array(16) })).toBe(false);
  expect(isValidKey({ ...key, macR: new Uint8Array(15).fill(1) })).toBe(false);
});

/** A box with a right authentication code under a nonce of choice. */
function boxOf(nonce: Bytes, ciphertext: Bytes): Bytes {
  const oneTime = concatBytes([key.macR, crypto.aes128Block(key.macK, nonce)]);
  return concatBytes([nonce, ciphertext, crypto.poly1305(oneTime, ciphertext)]);
}
