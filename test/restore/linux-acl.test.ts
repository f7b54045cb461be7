import { expect, it } from 'vitest';
import { fromHex } from '../../src/base/bytes.js';
import { formatLinuxAcl } from '../../src/restore/linux-acl.js';

it('is told line by line', () => {
  const value = fromHex(
    '02000000' +
      '01000600ffffffff' +
      '02000600e8030000' +
      '02000500feffffff' +
      '04000400ffffffff' +
      '08000400d0070000' +
      '10000700ffffffff' +
      '20000000ffffffff',
  );
  expect(formatLinuxAcl(value)).toBe(
    'user::rw-\nuser:1000:rw-\nuser:4294967294:r-x\ngroup::r--\ngroup:2000:r--\nmask::rwx\nother::---\n',
  );
  expect(formatLinuxAcl(fromHex('02000000'))).toBe('');
});

it.each(['', '020000', '01000000', '0200000001', '0200000003000600ffffffff'])('%s is none', (hex) => {
  expect(formatLinuxAcl(fromHex(hex))).toBeUndefined();
});
