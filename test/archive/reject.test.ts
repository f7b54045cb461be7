import { lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  filterOf,
  type Reject,
  rejectCaches,
  rejectIfPresent,
  rejectInside,
  rejectLargerThan,
} from '../../src/archive/reject.js';
import { rejectOtherFileSystems } from '../../src/archive/reject-device.js';
import { onLinux, onPosix } from '../helpers/only-where.js';
import { rejection } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';

const SIGNATURE = 'Signature: 8a477f597d28d172789f06886806bc55';

function put(folder: string, files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

async function rejected(reject: Reject, path: string): Promise<boolean> {
  const stats = lstatSync(path, { bigint: true });
  return reject(path, { stats, isDirectory: stats.isDirectory() });
}

describe('a folder that is marked as a cache', () => {
  it('loses all but its mark', async () => {
    const folder = put(tempFolder(), { 'CACHEDIR.TAG': `${SIGNATURE}\nmore`, data: '', 'sub/x': '' });
    const told: string[] = [];
    const reject = rejectCaches((line) => told.push(line));
    expect(await rejected(reject, join(folder, 'CACHEDIR.TAG'))).toBe(false);
    expect(await rejected(reject, join(folder, 'data'))).toBe(true);
    expect(await rejected(reject, join(folder, 'sub'))).toBe(true);
    // Nobody asks for what is in a folder that is left out; were it asked for, its own folder counts.
    expect(await rejected(reject, join(folder, 'sub/x'))).toBe(false);
    expect(await rejected(reject, folder)).toBe(false);
    expect(told).toEqual([]);
  });

  it.each([
    ['Signature: 0000000000000000000000000000000000000', 'invalid signature in exclusion tagfile'],
    ['Sig', 'could not read signature from exclusion tagfile', ': unexpected EOF'],
    ['', 'invalid (too short) signature in exclusion tagfile'],
  ])('is none with %j in its mark, and that is told once', async (text, says, why = '') => {
    const folder = put(tempFolder(), { 'CACHEDIR.TAG': text, a: '', b: '' });
    const told: string[] = [];
    const reject = rejectCaches((line) => told.push(line));
    const found = await Promise.all([rejected(reject, join(folder, 'a')), rejected(reject, join(folder, 'b'))]);
    expect(found).toEqual([false, false]);
    expect(await rejected(reject, join(folder, 'a'))).toBe(false);
    expect(told).toEqual([`${says} ${JSON.stringify(join(folder, 'CACHEDIR.TAG'))}${why}`]);
  });

  it('is none with a folder as its mark', async () => {
    const folder = put(tempFolder(), { 'CACHEDIR.TAG/x': '', a: '' });
    const told: string[] = [];
    expect(
      await rejected(
        rejectCaches((line) => told.push(line)),
        join(folder, 'a'),
      ),
    ).toBe(false);
    expect(told).toEqual([expect.stringContaining('could not')]);
  });
});

describe('a folder with a certain file', () => {
  it('is left out whatever that holds', async () => {
    const folder = put(tempFolder(), { '.nobackup': '', a: '', 'sub/x': '' });
    const reject = rejectIfPresent('.nobackup', () => undefined);
    expect(await rejected(reject, join(folder, 'a'))).toBe(true);
    expect(await rejected(reject, join(folder, '.nobackup'))).toBe(false);
    expect(await rejected(reject, join(folder, 'sub/x'))).toBe(false);
  });

  it('is left out for the right header only; the header may have colons', async () => {
    const folder = put(tempFolder(), { 'yes/tag': 'a:b, and more', 'yes/x': '', 'no/tag': 'a:c', 'no/x': '' });
    const reject = rejectIfPresent('tag:a:b', () => undefined);
    expect(await rejected(reject, join(folder, 'yes/x'))).toBe(true);
    expect(await rejected(reject, join(folder, 'no/x'))).toBe(false);
  });

  onPosix('a link that leads nowhere is such a file, but has no header', async () => {
    const folder = put(tempFolder(), { x: '' });
    symlinkSync('nowhere', join(folder, 'tag'));
    const told: string[] = [];
    expect(
      await rejected(
        rejectIfPresent('tag', () => undefined),
        join(folder, 'x'),
      ),
    ).toBe(true);
    expect(
      await rejected(
        rejectIfPresent('tag:h', (line) => told.push(line)),
        join(folder, 'x'),
      ),
    ).toBe(false);
    expect(told).toHaveLength(1);
  });

  it.each(['', ':header'])('%j names no file', async (spec) => {
    const error = await rejection((async () => rejectIfPresent(spec, () => undefined))());
    expect(error.code).toBe('usage');
  });
});

describe('size and place', () => {
  it('more bytes than allowed', async () => {
    const folder = put(tempFolder(), { 'at/x': 'x'.repeat(1024), more: 'x'.repeat(1025) });
    expect(await rejected(rejectLargerThan(1024), join(folder, 'at/x'))).toBe(false);
    expect(await rejected(rejectLargerThan(1024), join(folder, 'more'))).toBe(true);
    expect(await rejected(rejectLargerThan(0), join(folder, 'at'))).toBe(false);
  });

  it('a folder and all in it, but not its neighbours', async () => {
    const folder = put(tempFolder(), { 'cache/x/y': '', cache2: '' });
    const reject = rejectInside(join(folder, 'cache'));
    expect(await rejected(reject, join(folder, 'cache'))).toBe(true);
    expect(await rejected(reject, join(folder, 'cache/x/y'))).toBe(true);
    expect(await rejected(reject, join(folder, 'cache2'))).toBe(false);
    expect(await rejected(reject, folder)).toBe(false);
  });
});

describe('other file systems', () => {
  onLinux('keep a mount point, empty', async () => {
    const reject = await rejectOtherFileSystems(['/', '/proc/self']);
    // /proc is a mount point of /, what is in it lies elsewhere, and below /proc/self that is where it belongs.
    expect(await rejected(reject, '/proc')).toBe(false);
    expect(await rejected(reject, '/proc/sys')).toBe(true);
    expect(await rejected(reject, '/proc/uptime')).toBe(true);
    expect(await rejected(reject, '/proc/self/stat')).toBe(false);
    expect(await rejected(reject, '/etc')).toBe(false);
  });

  it('cannot be told apart on Windows', async () => {
    expect(await rejection(rejectOtherFileSystems([], 'win32'))).toMatchObject({ code: 'unsupported' });
  });

  it('a target that is not there is an error', async () => {
    const missing = join(tempFolder(), 'missing');
    expect(await rejection(rejectOtherFileSystems([missing], 'linux'))).toMatchObject({ code: 'io' });
  });
});

describe('several reasons together', () => {
  const stats = lstatSync('.', { bigint: true });
  const info = { stats, isDirectory: true };
  const no: Reject = () => false;
  const yes: Reject = () => true;
  const later =
    (answer: boolean): Reject =>
    () =>
      Promise.resolve(answer);

  it('none is no filter', () => expect(filterOf([])).toBeUndefined());

  it.each([
    [[no], true],
    [[no, yes], false],
    [[later(false), no], true],
    [[later(false), yes], false],
    [[later(false), later(true)], false],
    [[later(false), later(false), no], true],
  ])('%#', async (rejects, kept) => {
    expect(await filterOf(rejects)?.('/x', info)).toBe(kept);
  });

  it('answers at once if it can, and asks no further than needed', () => {
    const asked: string[] = [];
    const last: Reject = (path) => {
      asked.push(path);
      return false;
    };
    expect(filterOf([no, yes, last])?.('/a', info)).toBe(false);
    expect(filterOf([no, last])?.('/b', info)).toBe(true);
    expect(asked).toEqual(['/b']);
  });
});
