import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/base/bytes.js';
import { rawToBytes } from '../../src/base/raw-string.js';
import { dumpZip, zipEntry } from '../../src/restore/dump-zip.js';
import { type ZipEntry, zipCentralRecord, zipDescriptor, zipEnd } from '../../src/restore/zip-record.js';
import { noise, testRepository } from '../helpers/repository.js';
import { collect, storeTree } from './dump-env.js';
import { unzip } from './unzip.js';

describe('a folder as zip', () => {
  it('has all of it, with modes and links, and any name', async () => {
    const { repo } = await testRepository();
    const tree = await storeTree(repo, {
      a: {
        folder: {
          big: { blobs: [noise(70_000, 1), utf8('x'.repeat(200_000)), noise(5, 2)] },
          small: { blobs: [utf8('hello')], node: { mode: 0o755 + 2 ** 23 } },
          link: { node: { type: 'symlink', mode: 0o777 + 2 ** 27, linktarget: '../\udcfe' } },
        },
      },
      'back\\slash': { blobs: [] },
      'bad\udcff': { blobs: [utf8('1')] },
      'c:x': { blobs: [utf8('2')] },
      ü: { blobs: [utf8('3')] },
      null: { node: { type: 'chardev', mode: 0o666 + 2 ** 26 + 2 ** 21, device: 259n } },
    });
    const entries = unzip(await collect(dumpZip(repo, tree)));
    const shape = entries.map(({ name, mode, content }) => [name, mode.toString(8), content.length]);
    expect(shape).toEqual([
      ['a/', '40755', 0],
      ['a/big', '100644', 270_005],
      ['a/link', '120777', 4],
      ['a/small', '104755', 5],
      ['back\\slash', '100644', 0],
      ['bad\udcff', '100644', 1],
      ['c:x', '100644', 1],
      ['null', '20666', 0],
      ['ü', '100644', 1],
    ]);
    expect(entries[1]?.content.subarray(0, 70_000)).toEqual(noise(70_000, 1));
    expect(entries[2]?.content).toEqual(rawToBytes('../\udcfe'));
    // The mark of UTF-8 only where it is true and tells something.
    expect(entries.filter(({ flags }) => (flags & 0x800) !== 0).map(({ name }) => name)).toEqual(['ü']);
  });

  it('an empty folder is the end alone', async () => {
    const { repo } = await testRepository();
    expect(unzip(await collect(dumpZip(repo, await storeTree(repo, {}))))).toEqual([]);
  });

  it('may be left before its end', async () => {
    const { repo } = await testRepository();
    const tree = await storeTree(repo, { a: { blobs: [noise(70_000, 1), noise(70_000, 2)] } });
    const stream = dumpZip(repo, tree);
    await stream.next();
    await stream.next();
    await stream.return(undefined);
  });
});

describe('records of zip', () => {
  const entry: ZipEntry = zipEntry('x', { name: 'x', type: 'file', mtime: '2026-11-22T11:18:36.75+01:00' });

  it('hold the time as seconds and as the clock showed it, as far as that goes', () => {
    expect(entry.clock).toEqual({ year: 2026, month: 11, day: 22, hour: 11, minute: 18, second: 36 });
    expect(entry.seconds).toBe(Date.UTC(2026, 10, 22, 10, 18, 36) / 1000);
    const at = (mtime: string): ZipEntry => zipEntry('x', { name: 'x', type: 'file', mtime });
    expect(at('1969-12-31T23:59:58.5Z').seconds).toBe(-2);
    expect(at('1850-01-01T00:00:00Z').seconds).toBeUndefined();
    expect(at('2200-01-01T00:00:00Z').seconds).toBeUndefined();
    const dosDate = (mtime: string): number => {
      const record = zipCentralRecord(at(mtime), { crc: 0, compressed: 0, size: 0, offset: 0 });
      return new DataView(record.buffer).getUint16(14, true);
    };
    expect(dosDate('1970-01-01T00:00:00Z')).toBe((1 << 5) | 1);
    expect(dosDate('2200-01-01T00:00:00Z')).toBe((127 << 9) | (12 << 5) | 31);
  });

  it('grow to 64 bits where 32 do not do', () => {
    const huge = 5 * 2 ** 30;
    expect(zipDescriptor({ crc: 1, compressed: 2, size: 3, offset: 0 })).toHaveLength(16);
    expect(zipDescriptor({ crc: 1, compressed: 2, size: huge, offset: 0 })).toHaveLength(24);
    const small = zipCentralRecord(entry, { crc: 1, compressed: 2, size: 3, offset: 4 });
    const large = zipCentralRecord(entry, { crc: 1, compressed: 2, size: 3, offset: huge });
    expect(large.length - small.length).toBe(28);
    expect(new DataView(large.buffer).getBigUint64(large.length - 8, true)).toBe(BigInt(huge));
    expect(new DataView(large.buffer).getUint32(42, true)).toBe(0xffff_ffff);
    expect(zipEnd(65_534, 100, 100)).toHaveLength(22);
    for (const end of [zipEnd(65_535, 100, 100), zipEnd(1, huge, 100), zipEnd(1, 100, huge)]) {
      expect(end).toHaveLength(22 + 56 + 20);
      expect(new DataView(end.buffer).getUint32(0, true)).toBe(0x06064b50);
    }
  });
});
