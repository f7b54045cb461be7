import { describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../../src/base/bytes.js';
import { dumpFile, findDumpTarget } from '../../src/restore/dump-file.js';
import { dumpTar, tarEntry } from '../../src/restore/dump-tar.js';
import { noise, rejection, testRepository } from '../helpers/repository.js';
import { collect, type Item, MTIME, storeTree } from './dump-env.js';

const TREE: Readonly<Record<string, Item>> = {
  a: {
    folder: {
      'b.txt': { blobs: [utf8('hello\n')] },
      deep: { folder: { big: { blobs: [noise(700, 1), noise(500, 2)] } } },
      link: { node: { type: 'symlink', mode: 0o777 + 2 ** 27, linktarget: '../x' } },
      pipe: { node: { type: 'fifo', mode: 0o644 + 2 ** 25 } },
    },
  },
  empty: { blobs: [] },
  top: { node: { type: 'fifo', mode: 0o600 + 2 ** 25 } },
};

async function names(bytes: Uint8Array): Promise<string[]> {
  const found: string[] = [];
  for (let at = 0; bytes[at] !== 0 && at < bytes.length; ) {
    const text = (from: number, length: number): string => fromUtf8(bytes.subarray(at + from, at + from + length));
    found.push(text(0, 100).replace(/\0.*$/s, ''));
    const size = Number.parseInt(text(124, 11), 8);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return found;
}

describe('a folder as tar', () => {
  it('has each folder before what is in it, and ends in two blocks of zeros', async () => {
    const { repo } = await testRepository();
    const tar = await collect(dumpTar(repo, await storeTree(repo, TREE)));
    const list = ['a/', 'a/b.txt', 'a/deep/', 'a/deep/big', 'a/link', 'empty', 'top'];
    expect(await names(tar)).toEqual(list);
    // 7 headers, one block of hello, three of 1,200 bytes, two at the end.
    expect(tar.length).toBe((7 + 1 + 3 + 2) * 512);
    expect(tar.subarray(-1024).every((byte) => byte === 0)).toBe(true);
    const at = 5 * 512;
    expect(tar.subarray(at, at + 1200)).toEqual(Uint8Array.from([...noise(700, 1), ...noise(500, 2)]));
  });

  it('leaves out pipes and devices, but for those directly in it, and begins where it is told', async () => {
    const { repo } = await testRepository();
    const root = await storeTree(repo, TREE);
    const target = await findDumpTarget(repo, root, 'a');
    if (target.kind !== 'folder') throw new Error('a is a folder');
    const tar = await collect(dumpTar(repo, target.tree, { path: target.path }));
    expect(await names(tar)).toEqual(['a/b.txt', 'a/deep/', 'a/deep/big', 'a/link', 'a/pipe']);
  });

  it('an empty folder is two blocks of zeros', async () => {
    const { repo } = await testRepository();
    expect(await collect(dumpTar(repo, await storeTree(repo, {})))).toEqual(new Uint8Array(1024));
  });

  it.each([3, 9])('a file of %d bytes in a folder that tells 6 is damaged', async (length) => {
    const { repo } = await testRepository();
    const tree = await storeTree(repo, { x: { blobs: [noise(length)], node: { size: 6 } }, y: { blobs: [] } });
    expect(await rejection(collect(dumpTar(repo, tree)))).toMatchObject({ code: 'damaged' });
  });

  it('rounds times, takes the bits of chmod, and does not make millions of "nobody"', () => {
    const entry = tarEntry('x', {
      name: 'x',
      type: 'file',
      mode: 0o755 + 2 ** 23 + 2 ** 22 + 2 ** 20,
      mtime: MTIME,
      uid: 0xffff_ffff,
      size: 3,
    });
    expect(entry).toMatchObject({ mode: 0o7755, mtime: Date.UTC(2026, 10, 22, 10, 18, 37) / 1000, uid: 0, gid: 0 });
    const at = (mtime: string): number => tarEntry('x', { name: 'x', type: 'file', mtime }).mtime;
    expect(at('1969-12-31T23:59:58.5Z')).toBe(-1);
    expect(at('1969-12-31T23:59:58.499999999Z')).toBe(-2);
    expect(at('0001-01-01T00:00:00Z')).toBe(0);
  });

  it('tells access lists as text and other attributes as they are', () => {
    const acl = Uint8Array.of(2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255);
    const attributes = [
      { name: 'user.x', value: null },
      { name: 'system.posix_acl_access', value: acl },
      { name: 'system.posix_acl_default', value: utf8('nonsense') },
    ];
    const { records } = tarEntry('x', { name: 'x', type: 'file', extendedAttributes: attributes });
    expect([...records]).toEqual([
      ['SCHILY.xattr.user.x', new Uint8Array()],
      ['SCHILY.acl.access', utf8('user::rw-\n')],
    ]);
  });
});

describe('what a path stands for', () => {
  it.each([
    ['/', '/'],
    ['//a/', '/a'],
    ['a/../a/deep', '/a/deep'],
    ['../a', '/a'],
  ])('%s is the folder %s', async (path, found) => {
    const { repo } = await testRepository();
    expect(await findDumpTarget(repo, await storeTree(repo, TREE), path)).toMatchObject({
      kind: 'folder',
      path: found,
    });
  });

  it.each([
    ['', 'not-found', 'path "/" not found in snapshot'],
    ['.', 'not-found', 'path "/" not found in snapshot'],
    ['a/nope', 'not-found', 'path "/a/nope" not found in snapshot'],
    ['a/link', 'usage', '"/a/link" should be a file, but is a "symlink"'],
    ['a/b.txt/c', 'usage', '"/a/b.txt" should be a dir, but is a "file"'],
  ])('%j is %s', async (path, code, message) => {
    const { repo } = await testRepository();
    const found = findDumpTarget(repo, await storeTree(repo, TREE), path);
    expect(await rejection(found)).toMatchObject({ code, message });
  });

  it('a file gives its contents', async () => {
    const { repo } = await testRepository();
    const target = await findDumpTarget(repo, await storeTree(repo, TREE), '/a/deep/big');
    if (target.kind !== 'file') throw new Error('it is a file');
    expect(await collect(dumpFile(repo, target.node))).toEqual(Uint8Array.from([...noise(700, 1), ...noise(500, 2)]));
  });
});
