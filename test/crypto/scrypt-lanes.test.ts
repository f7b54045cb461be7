import { scryptSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { utf8 } from '../../src/base/bytes.js';
import { isForLanes, scryptInLanes } from '../../src/crypto/scrypt-lanes.js';

const [password, salt] = [utf8('correct horse'), utf8('salt')];

describe('scrypt in lanes', () => {
  test.each([
    { N: 2, r: 1, p: 1 },
    { N: 16, r: 3, p: 5 },
    { N: 64, r: 1, p: 2 },
    { N: 1024, r: 8, p: 16 },
    { N: 32768, r: 8, p: 3 },
  ])('gives the key of OpenSSL for $N, $r, $p', async (params) => {
    const expected = scryptSync(password, salt, 64, { ...params, maxmem: 128 * 1024 * 1024 });
    expect(Buffer.from(await scryptInLanes(password, salt, params, 64)).equals(expected)).toBe(true);
  });

  test('takes what fits the memory of the kernel and is worth a thread', () => {
    expect(isForLanes({ N: 32768, r: 8, p: 5 })).toBe(true);
    expect(isForLanes({ N: 32768, r: 8, p: 1 })).toBe(false);
    expect(isForLanes({ N: 65536, r: 8, p: 5 })).toBe(false);
    expect(isForLanes({ N: 16384, r: 16, p: 5 })).toBe(false);
    expect(isForLanes({ N: 1024, r: 8, p: 16 })).toBe(false);
  });
});
