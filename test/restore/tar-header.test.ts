import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bytes, fromUtf8, utf8 } from '../../src/base/bytes.js';
import { rawFromBytes } from '../../src/base/raw-string.js';
import { BLOCK, type TarEntry, tarHeader, tarPadding } from '../../src/restore/tar-header.js';

const plain: TarEntry = {
  name: 'a/b.txt',
  type: 'file',
  mode: 0o4755,
  uid: 1000,
  gid: 100,
  user: 'steve',
  group: 'users',
  size: 6,
  mtime: 1_795_346_317,
  linkname: '',
  records: new Map(),
};

function field(block: Bytes, at: number, length: number): string {
  const bytes = block.subarray(at, at + length);
  const end = bytes.indexOf(0);
  return rawFromBytes(end < 0 ? bytes : bytes.subarray(0, end));
}

/** What a reader gets: the PAX records, and the fields of the header itself. */
function read(header: Bytes): { records: Map<string, string>; name: string; size: number; flag: string } {
  const records = new Map<string, string>();
  let at = 0;
  if (field(header, 156, 1) === 'x') {
    const length = Number.parseInt(field(header, 124, 12), 8);
    for (let i = BLOCK; i < BLOCK + length; ) {
      const size = Number.parseInt(fromUtf8(header.subarray(i, i + 10)), 10);
      const record = rawFromBytes(header.subarray(i, i + size));
      const [, key = '', value = ''] = /^\d+ ([^=]+)=([\s\S]*)\n$/.exec(record) ?? [];
      records.set(key, value);
      i += size;
    }
    at = BLOCK + length + tarPadding(length);
  }
  const block = header.subarray(at);
  expect(block.length).toBe(BLOCK);
  let sum = 0;
  for (const [i, byte] of block.entries()) sum += i >= 148 && i < 156 ? 0x20 : byte;
  expect(Number.parseInt(field(block, 148, 8), 8)).toBe(sum);
  const prefix = field(block, 345, 155);
  const name = field(block, 0, 100);
  return {
    records,
    name: prefix === '' ? name : `${prefix}/${name}`,
    size: Number.parseInt(field(block, 124, 12), 8),
    flag: field(block, 156, 1),
  };
}

describe('a tar header', () => {
  it('is one block where everything fits', () => {
    const header = tarHeader(plain);
    expect(header.length).toBe(BLOCK);
    expect(field(header, 0, 100)).toBe('a/b.txt');
    expect([field(header, 100, 8), field(header, 108, 8), field(header, 116, 8)]).toEqual([
      '0004755',
      '0001750',
      '0000144',
    ]);
    expect([field(header, 124, 12), field(header, 136, 12)]).toEqual(['00000000006', '15300547615']);
    expect(fromUtf8(header.subarray(257, 265))).toBe('ustar\u000000');
    expect([field(header, 265, 32), field(header, 297, 32)]).toEqual(['steve', 'users']);
    expect(read(header)).toEqual({ records: new Map(), name: 'a/b.txt', size: 6, flag: '0' });
  });

  it('splits a long name at a slash where it fits two fields', () => {
    const name = `${'d'.repeat(120)}/${'f'.repeat(100)}`;
    expect(read(tarHeader({ ...plain, name }))).toMatchObject({ name, records: new Map() });
    const folder = `${'d'.repeat(90)}/${'e'.repeat(60)}/`;
    expect(read(tarHeader({ ...plain, name: folder, type: 'dir' }))).toMatchObject({ name: folder, flag: '5' });
  });

  it.each([
    ['a name without a slash in the right place', { name: 'f'.repeat(101) }, 'path', 'f'.repeat(101)],
    ['a name that is not ASCII', { name: 'ü' }, 'path', 'ü'],
    ['a name that is not UTF-8', { name: 'bad\udcff' }, 'path', 'bad\udcff'],
    ['a target that is not UTF-8', { type: 'symlink', linkname: '\udcfe' }, 'linkpath', '\udcfe'],
    ['a user that is too long', { user: 'u'.repeat(33) }, 'uname', 'u'.repeat(33)],
    ['a group that is not ASCII', { group: 'Räte' }, 'gname', 'Räte'],
    ['8 GiB', { size: 8 * 2 ** 30 }, 'size', '8589934592'],
    ['a user id above 2,097,151', { uid: 2_097_152 }, 'uid', '2097152'],
    ['a group id above it', { gid: 4_294_967_294 }, 'gid', '4294967294'],
    ['a time before 1970', { mtime: -1 }, 'mtime', '-1'],
  ] as const)('has a PAX record for %s', (_, part, key, value) => {
    const header = tarHeader({ ...plain, ...part });
    expect(read(header).records).toEqual(new Map([[key, value]]));
  });

  it('8 GiB less one byte need none', () => {
    expect(read(tarHeader({ ...plain, size: 8 * 2 ** 30 - 1 }))).toMatchObject({
      records: new Map(),
      size: 8_589_934_591,
    });
    expect(read(tarHeader({ ...plain, size: 8 * 2 ** 30 })).size).toBe(0);
  });

  it('holds attributes as they are, and the path too where it could have been split', () => {
    const name = `${'d'.repeat(90)}/${'e'.repeat(60)}`;
    const records = new Map([['SCHILY.xattr.user.x', Uint8Array.of(0, 10, 61, 255)]]);
    expect(read(tarHeader({ ...plain, name, records })).records).toEqual(
      new Map([
        ['SCHILY.xattr.user.x', '\0\n=\udcff'],
        ['path', name],
      ]),
    );
  });

  it('refuses what no record can hold', () => {
    const bad = new Map([['SCHILY.xattr.user.a=b', utf8('1')]]);
    expect(() => tarHeader({ ...plain, records: bad })).toThrow('cannot hold "SCHILY.xattr.user.a=b"');
    const large = new Map([['SCHILY.xattr.user.x', new Uint8Array(1024 * 1024)]]);
    expect(() => tarHeader({ ...plain, records: large })).toThrow('more extended attributes');
  });

  it('gives back any name, in one way or the other', () => {
    const step = fc
      .uint8Array({ minLength: 1, maxLength: 120 })
      .map((bytes) => bytes.map((b) => (b % 47 === 0 ? 65 : b)));
    const names = fc.array(step, { minLength: 1, maxLength: 4 }).map((steps) => steps.map(rawFromBytes).join('/'));
    fc.assert(
      fc.property(names, (name) => {
        const { records, name: short } = read(tarHeader({ ...plain, name }));
        expect(records.get('path') ?? short).toBe(name);
      }),
    );
  });

  it('counts the length of a record with its own digits', () => {
    for (let length = 80; length < 110; length++) {
      const records = new Map([['k', utf8('v'.repeat(length))]]);
      expect(read(tarHeader({ ...plain, records })).records.get('k')).toHaveLength(length);
    }
  });
});
