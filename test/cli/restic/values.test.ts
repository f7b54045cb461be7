/** Values as restic reads and writes them: sizes, durations, times, tables, command lines. */

import { describe, expect, it } from 'vitest';
import { cacheFolder } from '../../../src/cli/restic/cache-folder.js';
import { parseDuration, parseRepoTime, parseSize } from '../../../src/cli/restic/parse.js';
import { splitCommand } from '../../../src/cli/restic/password.js';
import { shownAddress, withoutPassword } from '../../../src/cli/restic/shown-address.js';
import { renderTable } from '../../../src/cli/restic/table.js';
import { formatBytesLikeRestic, formatDuration, formatPercent } from '../../../src/ui/bytes.js';

describe('values', () => {
  it('sizes', () => {
    expect(['0', '500', '5k', '5M', '1g', '2T', '7b'].map(parseSize)).toEqual([
      0,
      500,
      5120,
      5 * 2 ** 20,
      2 ** 30,
      2 ** 41,
      7,
    ]);
    for (const bad of ['', '5x', '-1', '1.5M', '999999999999T']) expect(() => parseSize(bad)).toThrow('not a size');
    expect([0, 1023, 1024, 2040, 2 ** 20, 3.5 * 2 ** 30, 2 ** 40].map(formatBytesLikeRestic)).toEqual([
      '0 B',
      '1023 B',
      '1.000 KiB',
      '1.992 KiB',
      '1.000 MiB',
      '3.500 GiB',
      '1.000 TiB',
    ]);
  });

  it('durations', () => {
    expect(['10s', '5m', '1h30m', '1.5h', '250ms', '0'].map(parseDuration)).toEqual([
      10_000, 300_000, 5_400_000, 5_400_000, 250, 0,
    ]);
    for (const bad of ['', '5', 'm', '5 m', '1d']) expect(() => parseDuration(bad)).toThrow('not a duration');
    expect([0, 3, 60, 3723].map(formatDuration)).toEqual(['0:00', '0:03', '1:00', '1:02:03']);
    expect([formatPercent(1, 2), formatPercent(2, 2), formatPercent(0, 0)]).toEqual(['50.00%', '100.00%', '']);
  });

  it('times, in local time', () => {
    const ns = parseRepoTime('2012-11-01 22:08:41');
    expect(ns).toBe(BigInt(new Date(2012, 10, 1, 22, 8, 41).getTime()) * 1_000_000n);
    for (const bad of ['yesterday', '2012-13-01 00:00:00', '2012-02-30 00:00:00', '2012-01-01 25:00:00']) {
      expect(() => parseRepoTime(bad)).toThrow('not a time');
    }
  });

  it('tables grow with their cells, lines in a cell included', () => {
    const table = {
      head: ['ID', 'Paths'],
      rows: [
        ['1', 'a\nlonger'],
        ['22222', 'é'],
      ],
      footer: ['2 things'],
    };
    expect(renderTable(table)).toEqual([
      'ID     Paths',
      '-------------',
      '1      a',
      '       longer',
      '22222  é',
      '-------------',
      '2 things',
    ]);
  });

  // What restic 0.19 starts, asked with a script that prints its arguments.
  it.each([
    [`pass show 'my repo' ''`, ['pass', 'show', 'my repo']],
    [
      String.raw`"C:\Program Files\pw.exe" 'D:\key file' C:\x`,
      [String.raw`C:\Program Files\pw.exe`, String.raw`D:\key file`, 'C:', 'x'],
    ],
    [String.raw`"a\b" "a\\b" 'a\b' a\b a\ b`, [String.raw`a\b`, String.raw`a\\b`, String.raw`a\b`, 'a', 'b', 'a', 'b']],
    [String.raw`"x\"y" x\"y 'it\'s' "a'b"`, [String.raw`x\"y`, 'x', '"y', String.raw`it\'s`, "a'b"]],
    [`a"b c"d`, ['a', 'b c', 'd']],
  ])('the command line %s', (line, words) => {
    expect(splitCommand(line)).toEqual(words);
  });

  it('a command line whose quote is not closed', () => {
    expect(() => splitCommand("cat 'x")).toThrow('not closed');
    expect(() => splitCommand(String.raw`"C:\x\"`)).toThrow('not closed');
  });

  it('the cache, where restic has it on each system', () => {
    const at = (env: Record<string, string>, platform: NodeJS.Platform): string | undefined =>
      cacheFolder(env, platform)?.replaceAll('\\', '/');
    expect(at({ HOME: '/h' }, 'linux')).toBe('/h/.cache/restic');
    expect(at({ HOME: '/h', XDG_CACHE_HOME: '/x' }, 'linux')).toBe('/x/restic');
    expect(at({ HOME: '/h' }, 'darwin')).toBe('/h/Library/Caches/restic');
    expect(at({ LOCALAPPDATA: '/l' }, 'win32')).toBe('/l/restic');
    expect(at({ HOME: '/h', RESTIC_CACHE_DIR: '/mine' }, 'linux')).toBe('/mine');
  });
});

it.each([
  ['rest:https://me:secret@host:8000/repo/', 'rest:https://me:***@host:8000/repo/'],
  ['rest:http://me:p@ss:word@host/', 'rest:http://me:***@host/'],
  ['rest:http://:secret@host/', 'rest:http://:***@host/'],
  ['rest:http://me@host:8000/', 'rest:http://me@host:8000/'],
  ['rest:http://host:8000/a:b@c/', 'rest:http://host:8000/a:b@c/'],
])('the address %s is shown without a password', (given, shown) => {
  expect(withoutPassword(given)).toBe(shown);
  expect(shownAddress(given, 'http://elsewhere/')).toBe(shown);
  expect(shownAddress('repo', '/whole/path/repo')).toBe('/whole/path/repo');
});
