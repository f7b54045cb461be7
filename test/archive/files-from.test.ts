import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { globPaths, pathsOfRawList } from '../../src/archive/files-from.js';
import { utf8 } from '../../src/base/bytes.js';
import { onLinux, onPosix } from '../helpers/only-where.js';
import { rejection } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';

describe('paths that end with a zero byte', () => {
  it('are taken as they are', () => {
    expect(pathsOfRawList(utf8('a\nb\0 #c \0'), 'files-from-raw')).toEqual(['a\nb', ' #c ']);
    expect(pathsOfRawList(Uint8Array.of(0xff, 0), 'files-from-raw')).toEqual(['\udcff']);
    expect(pathsOfRawList(utf8(''), 'files-from-raw')).toEqual([]);
  });

  it.each([
    ['a\0b', /trailing zero byte missing/],
    ['a\0\0b\0', /empty filename/],
    ['\0', /empty filename/],
  ])('%j is refused', async (text, says) => {
    const error = await rejection((async () => pathsOfRawList(utf8(text), 'files-from-raw'))());
    expect(error).toMatchObject({ code: 'usage', message: expect.stringMatching(says) });
  });
});

function folderWith(...files: readonly string[]): string {
  const folder = tempFolder();
  for (const file of files) {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), '');
  }
  return folder;
}

describe('patterns against the disk', () => {
  onPosix('find names folder by folder, in order', async () => {
    const cwd = folderWith('x2/g', 'x1/f', 'x10/f', '.hidden', 's p');
    expect(await globPaths('x*', cwd)).toEqual(['x1', 'x10', 'x2']);
    expect(await globPaths('x*/f', cwd)).toEqual(['x1/f', 'x10/f']);
    expect(await globPaths('./x?/*', cwd)).toEqual(['x1/f', 'x2/g']);
    expect(await globPaths(`${cwd}/x[12]`, cwd)).toEqual([`${cwd}/x1`, `${cwd}/x2`]);
    expect(await globPaths('*', cwd)).toEqual(['.hidden', 's p', 'x1', 'x10', 'x2']);
    expect(await globPaths('**', cwd)).toEqual(['.hidden', 's p', 'x1', 'x10', 'x2']);
    expect(await globPaths('x*/../x2/*', cwd)).toEqual([]);
    expect(await globPaths('x*/', cwd)).toEqual([]);
    expect(await globPaths('x1/f/*', cwd)).toEqual([]);
    expect(await globPaths('nowhere/*', cwd)).toEqual([]);
  });

  it('without anything special are taken as they are, if they exist', async () => {
    const cwd = folderWith('a/b');
    expect(await globPaths('./a//b', cwd)).toEqual(['./a//b']);
    expect(await globPaths('a/c', cwd)).toEqual([]);
  });

  onPosix('a backslash takes the special meaning away', async () => {
    const cwd = folderWith('[b]', 'b');
    expect(await globPaths('\\[b]', cwd)).toEqual(['[b]']);
    expect(await globPaths('[b]', cwd)).toEqual(['b']);
  });

  it.each(['a/[b', '[x/y', 'x*/['])('%j is refused, whatever is there', async (pattern) => {
    const error = await rejection(globPaths(pattern, folderWith('a/b')));
    expect(error).toMatchObject({ code: 'usage', message: `pattern: ${pattern}: syntax error in pattern` });
  });

  onLinux('find names that are no UTF-8', async () => {
    const cwd = tempFolder();
    writeFileSync(Buffer.concat([Buffer.from(`${cwd}/n`), Buffer.of(0xff)]), '');
    expect(await globPaths('n?', cwd)).toEqual(['n\udcff']);
  });
});
