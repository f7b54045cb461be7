import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ScanFilter } from '../../src/archive/scan.js';
import { sameStamp, scanFolder, scanPath, toMs } from '../../src/archive/scan.js';
import { rawFromBytes } from '../../src/base/raw-string.js';
import { asUser, onLinux, onPosix } from '../helpers/only-where.js';
import { rejection } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';

const ALL: ScanFilter = { includesFile: () => true, includesFolder: () => true, mayContain: () => true };
const windows = process.platform === 'win32';

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = tempFolder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

describe('scanning a folder', () => {
  it('finds files with their stamps, and folders only where they are empty', async () => {
    const folder = folderWith({ 'options.txt': 'x', 'saves/Welt/level.dat': 'level' });
    mkdirSync(join(folder, 'screenshots'));
    utimesSync(join(folder, 'options.txt'), 1000.5, 1000.5);
    if (!windows) chmodSync(join(folder, 'options.txt'), 0o755);
    const { entries, unreadable, skipped } = await scanFolder(folder, ALL);
    expect([...entries.keys()].sort()).toEqual(['options.txt', 'saves/Welt/level.dat', 'screenshots']);
    expect(entries.get('options.txt')).toMatchObject({
      type: 'file',
      size: 1,
      mtimeNs: 1_000_500_000_000n,
      executable: windows ? undefined : true,
    });
    expect(entries.get('saves/Welt/level.dat')?.size).toBe(5);
    expect(entries.get('screenshots')).toMatchObject({ type: 'dir', size: 0, executable: false });
    expect([unreadable, skipped]).toEqual([[], []]);
    const again = await scanPath(folder, 'options.txt');
    const before = entries.get('options.txt');
    expect(again && before && sameStamp(again, before)).toBe(true);
    expect(await scanPath(folder, 'nowhere')).toBeUndefined();
  });

  it('asks the filter, and does not enter what cannot matter', async () => {
    const folder = folderWith({
      'a/in.txt': '1',
      'a/out.txt': '1',
      'logs/deep/x.txt': '1',
      'big.bin': '123456',
      'b/out.txt': '',
    });
    const asked: string[] = [];
    const filter: ScanFilter = {
      includesFile: (path, size) => !path.endsWith('out.txt') && size < 5,
      includesFolder: (path) => path === 'b',
      mayContain: (path) => {
        asked.push(path);
        return path !== 'logs';
      },
    };
    const { entries } = await scanFolder(folder, filter);
    expect([...entries.keys()].sort()).toEqual(['a/in.txt', 'b']);
    expect(asked.sort()).toEqual(['a', 'b', 'logs']);
  });

  onPosix('records links and never follows them', async () => {
    const outside = folderWith({ 'secret.txt': 'secret' });
    const folder = folderWith({ 'a.txt': '1' });
    symlinkSync(outside, join(folder, 'saves'));
    symlinkSync('nowhere', join(folder, 'broken'));
    symlinkSync('.', join(folder, 'loop'));
    const { entries, unreadable } = await scanFolder(folder, ALL);
    expect([...entries.keys()].sort()).toEqual(['a.txt', 'broken', 'loop', 'saves']);
    expect(entries.get('saves')).toMatchObject({ type: 'symlink', linktarget: outside, size: 0, executable: false });
    expect(unreadable).toEqual([]);
  });

  asUser('tells of what it could not look into', async () => {
    const folder = folderWith({ 'locked/level.dat': '1', 'a.txt': '1' });
    chmodSync(join(folder, 'locked'), 0);
    try {
      const { entries, unreadable } = await scanFolder(folder, ALL);
      expect([...entries.keys()]).toEqual(['a.txt']);
      expect(unreadable.map((one) => one.path)).toEqual(['locked']);
    } finally {
      chmodSync(join(folder, 'locked'), 0o755);
    }
  });

  it('refuses a root that is gone or a file', async () => {
    const folder = folderWith({ 'a.txt': '1' });
    const gone = await rejection(scanFolder(join(folder, 'gone'), ALL));
    expect([gone.code, gone.details['errno']]).toEqual(['io', 'ENOENT']);
    expect(gone.message).toContain('gone');
    expect((await rejection(scanFolder(join(folder, 'a.txt'), ALL))).code).toBe('io');
  });

  it('bears that files and folders vanish while it looks', async () => {
    const folder = folderWith({ 'a/1.txt': '', 'a/2.txt': '', 'b/1.txt': '', 'c.txt': '' });
    const filter: ScanFilter = {
      ...ALL,
      includesFile: (path) => {
        if (path === 'c.txt') rmSync(join(folder, 'c.txt'), { force: true });
        return true;
      },
      mayContain: (path) => {
        if (path === 'b') rmSync(join(folder, 'b'), { recursive: true, force: true });
        return true;
      },
      includesFolder: () => false,
    };
    const { entries, unreadable } = await scanFolder(folder, filter);
    expect([...entries.keys()].sort()).toEqual(['a/1.txt', 'a/2.txt']);
    expect(unreadable).toEqual([]);
  });

  onPosix('leaves out sockets and pipes, and says so', async () => {
    const folder = folderWith({ 'a.txt': '1' });
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(folder, 's'), resolve));
    try {
      const { entries, skipped } = await scanFolder(folder, ALL);
      expect([...entries.keys()]).toEqual(['a.txt']);
      expect(skipped.map((one) => one.path).sort()).toEqual(['pipe', 's']);
    } finally {
      server.close();
    }
  });

  onLinux('keeps names that are not UTF-8', async () => {
    const folder = tempFolder();
    const name = Buffer.from([0x66, 0xfc, 0x72, 0xff]);
    mkdirSync(Buffer.concat([Buffer.from(`${folder}/`), name]));
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), name, Buffer.from('/'), name]), 'x');
    const { entries } = await scanFolder(folder, ALL);
    const raw = rawFromBytes(name);
    expect([...entries.keys()]).toEqual([`${raw}/${raw}`]);
  });

  it('goes down deep folders', async () => {
    const deep = Array.from({ length: 60 }, (_, i) => `d${i % 10}`).join('/');
    const folder = folderWith({ [`${deep}/f.txt`]: 'x' });
    expect([...(await scanFolder(folder, ALL)).entries.keys()]).toEqual([`${deep}/f.txt`]);
  });

  it('stops when the caller gives up', async () => {
    const folder = folderWith({ 'a.txt': '1' });
    expect((await rejection(scanFolder(folder, ALL, AbortSignal.abort()))).code).toBe('aborted');
    const stop = new AbortController();
    const filter: ScanFilter = {
      ...ALL,
      includesFile: () => {
        stop.abort();
        return true;
      },
    };
    expect((await rejection(scanFolder(folder, filter, stop.signal))).code).toBe('aborted');
  });

  it('looks at 10,000 files in seconds', async () => {
    const folder = tempFolder();
    for (let i = 0; i < 100; i++) {
      mkdirSync(join(folder, `d${i}`));
      for (let j = 0; j < 100; j++) writeFileSync(join(folder, `d${i}`, `${j}`), '');
    }
    const begun = performance.now();
    expect((await scanFolder(folder, ALL)).entries.size).toBe(10_000);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});

describe('milliseconds', () => {
  it.each([
    [0n, 0],
    [499_999n, 0],
    [500_000n, 1],
    [1_700_000n, 2],
    [-400_000n, 0],
    [-500_000n, 0],
    [-500_001n, -1],
    [-1_700_000n, -2],
    [-2_000_000n, -2],
    [1_795_341_600_123_456_789n, 1_795_341_600_123],
  ])('of %d ns are %d', (ns, ms) => {
    expect(toMs(ns)).toBe(ms);
  });
});
