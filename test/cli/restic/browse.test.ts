/** The parts of snapshots, ls, find, cat, diff and stats that need no other program to compare with. */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { localBackend } from '../../../src/backend/local.js';
import { parseFindTime } from '../../../src/cli/restic/commands/find-time.js';
import { FolderFilter } from '../../../src/cli/restic/commands/ls-folders.js';
import { permissions } from '../../../src/cli/restic/node-text.js';
import { groupHeader } from '../../../src/cli/restic/snapshot-table.js';
import { renderTable } from '../../../src/cli/restic/table.js';
import { loadZstd } from '../../../src/compress/zstd.js';
import { goIndentJson } from '../../../src/repo/go-json.js';
import { normalGoTime, printGoTime } from '../../../src/repo/go-time.js';
import { Repository } from '../../../src/repo/repository.js';
import { storeEntries } from '../../browse/stored-trees.js';
import { CHEAP, crypto, PASSWORD, POLYNOMIAL } from '../../helpers/repository.js';
import { tempFolder } from '../../helpers/temp.js';
import { resticTs } from './run-command.js';

vi.mock('../../../src/base/sleep.js', () => import('../../helpers/no-wait.js'));

describe('pieces', () => {
  it('a mode as Go writes it', () => {
    expect([0, 0o644, 2 ** 31 + 0o755, 2 ** 31 + 2 ** 22 + 0o775].map(permissions)).toEqual([
      ...['----------', '-rw-r--r--', 'drwxr-xr-x', 'dgrwxrwxr-x'],
    ]);
    expect(permissions(2 ** 26 + 2 ** 21 + 0o666)).toBe('Dcrw-rw-rw-');
    expect(permissions(2 ** 32 - 1)).toBe('dalTLDpSugct?rwxrwxrwx');
  });

  it('a table, with characters of two places, and no blanks at the end of a line', () => {
    const rows = [
      ['日本', 'a\nb'],
      ['x', ''],
    ];
    expect(renderTable({ head: ['N  ', 'M '], rows, footer: ['end'], spaced: true })).toEqual([
      ...['N     M', '--------', '日本  a', '      b', '', 'x', '--------', 'end'],
    ]);
  });

  it('JSON with indents', () => {
    expect(goIndentJson('{"a":[],"b":{},"c":[1,"x,{}\\""],"d":null}')).toBe(
      '{\n  "a": [],\n  "b": {},\n  "c": [\n    1,\n    "x,{}\\""\n  ],\n  "d": null\n}',
    );
  });

  it('times in Go’s notation', () => {
    expect(normalGoTime('2020-01-02T03:04:05.070+00:00')).toBe('2020-01-02T03:04:05.07Z');
    expect(normalGoTime('2020-01-02T03:04:05.000-01:30')).toBe('2020-01-02T03:04:05-01:30');
    expect(normalGoTime('2020-01-02T03:04:05.1234567899Z')).toBe('2020-01-02T03:04:05.123456789Z');
    expect(printGoTime('2020-01-02T03:04:05.070Z')).toBe('2020-01-02 03:04:05.07 +0000 UTC');
    expect(printGoTime('2020-01-02T03:04:05-01:30', (_, offset) => String(offset))).toBe(
      '2020-01-02 03:04:05 -0130 -5400',
    );
  });

  it('the head of a group', () => {
    expect(groupHeader({ hostname: '', paths: null, tags: null })).toBeUndefined();
    expect(groupHeader({ hostname: 'h', paths: ['/a', '/b'], tags: [] })).toBe(
      'snapshots for (host [h], tags [], paths [/a, /b]):',
    );
  });

  it('folders of ls', () => {
    const filter = new FolderFilter(['/a/b', '//c/../d/'], false);
    expect(['/a', '/a/b', '/a/b/c', '/a/bc', '/d', '/d/x', '/c'].map((path) => filter.lists(path))).toEqual([
      ...[false, true, true, false, true, true, false],
    ]);
    expect(['/a', '/a/b', '/a/b/c', '/d', '/e'].map((path) => filter.enters(path))).toEqual([
      ...[true, true, false, true, false],
    ]);
    expect(new FolderFilter(['/a'], true).enters('/a/b/c')).toBe(true);
    expect(new FolderFilter([], false).enters('/x')).toBe(true);
    expect(() => new FolderFilter(['a'], true)).toThrow('must be absolute');
  });

  it('times of find', () => {
    const utc = (text: string): string => new Date(Number(parseFindTime(text) / 1_000_000n)).toISOString();
    expect(utc('2021-07-08 11:10:11.25 +0200')).toBe('2021-07-08T09:10:11.250Z');
    expect(utc('08.07.2021 9:10:11 -0030')).toBe('2021-07-08T09:40:11.000Z');
    expect(utc('Thu Jul 8 04:10:11 -0500 EST 2021')).toBe('2021-07-08T09:10:11.000Z');
    expect(utc('2021-07-08 09:10:11 XYZ')).toBe('2021-07-08T09:10:11.000Z');
    for (const wrong of [
      '2021-7-8',
      '2021-02-29',
      '2021-01-01 24:00',
      'now',
      '',
      'Thu Foo 8 04:10:11 -0500 EST 2021',
    ]) {
      expect(() => parseFindTime(wrong)).toThrow(`unable to parse time: ${JSON.stringify(wrong)}`);
    }
  });
});

describe('commands', () => {
  let repo = '';
  let ids: readonly string[] = [];

  beforeAll(async () => {
    repo = tempFolder();
    const options = { backend: localBackend(repo), crypto, zstd: await loadZstd() };
    const made = await Repository.init({
      ...options,
      password: PASSWORD,
      chunkerPolynomial: POLYNOMIAL,
      scrypt: CHEAP,
    });
    ids = await made.write({}, async (session) => {
      const trees = [
        await storeEntries(made, session, { a: { x: 'x', 'y<': 'yy' }, b: 'b' }),
        await storeEntries(made, session, { a: { x: 'X!' }, b: 'b' }),
      ];
      const all: string[] = [];
      for (const [i, tree] of trees.entries()) {
        all.push(await session.commit({ time: `202${i}-01-01T10:00:00Z`, tree, paths: ['/g', '/h'], hostname: 'pc' }));
      }
      return all;
    });
  });

  const run = async (line: string): Promise<readonly [number, string, string]> => {
    const args = line.split(' ').map((word) => word.replace(/\$(\d)/, (_, i) => (ids[Number(i)] ?? '').slice(0, 16)));
    const { code, stdout, stderr } = await resticTs([...args, '--no-cache'], { repo, password: PASSWORD });
    return [code, stdout, stderr];
  };

  it('list, show and find', async () => {
    expect((await run('snapshots --json'))[1].match(/"short_id":"\w{8}"/g)).toHaveLength(2);
    expect(await run('snapshots --host nope')).toEqual([0, '', '']);
    expect((await run('ls -q $0 /a'))[1]).toBe('/a\n/a/x\n/a/y<\n');
    expect((await run('ls -q $0 --sort size --reverse'))[1]).toBe('/a/y<\n/b\n/a/x\n/a\n');
    expect((await run('ls --json $0 /a/y<'))[1]).toMatch(/\n\{"name":"y\\u003c","type":"file","path":"\/a\/y\\u003c",/);
    expect((await run('find -q x'))[1]).toBe('/a/x\n/a/x\n');
    expect((await run('find --json y*'))[1]).toMatch(
      /^\[\{"matches":\[\{"path":"\/a\/y\\u003c".*\],"hits":1,"snapshot":"/,
    );
    expect((await run('find --json no'))[1]).toBe('[]\n');
    expect((await run('cat snapshot $0'))[1]).toContain('\n  "paths": [\n    "/g",\n    "/h"\n  ],\n');
  });

  it('compare and count', async () => {
    const [, text] = await run('diff $0 $1');
    expect(text).toContain('M    /a/x\n-    /a/y<\n\nFiles:           0 new,     1 removed,     1 changed\n');
    expect((await run('stats --json'))[1]).toBe('{"total_size":7,"total_file_count":7,"snapshots_count":2}\n');
    expect((await run('stats $0'))[1]).toMatch(
      /^scanning...\n\[\d+:\d\d\] 100.00% {2}1 \/ 1 snapshots, 4 files, 4 B\nStats in/,
    );
  });

  it('say what they were asked for in vain', async () => {
    expect(await run('ls zz')).toEqual([1, '', 'no matching ID found for prefix "zz"\n']);
    expect(await run('diff $0 $1:nope')).toMatchObject([
      1,
      expect.stringContaining('comparing'),
      'path nope: not found\n',
    ]);
    expect(await run('cat blob 12')).toEqual([1, '', 'Fatal: unable to parse ID: invalid length for ID: "12"\n']);
    expect(await run('find [')).toEqual([1, '', 'syntax error in pattern\n']);
    expect(await run('list foo')).toEqual([1, '', 'invalid argument "foo" for "restic-ts list"\n']);
    const [code, stdout, stderr] = await run('snapshots $0 zz');
    expect([code, stderr]).toEqual([0, 'Ignoring "zz": no matching ID found for prefix "zz"\n']);
    expect(stdout).toContain('\n1 snapshots\n');
  });
});
