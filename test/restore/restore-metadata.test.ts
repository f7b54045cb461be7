/** Owners, modes, times and attributes, and what is left out where they cannot be had. */
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/base/bytes.js';
import type { TreeNode } from '../../src/repo/tree.js';
import { OwnerIds } from '../../src/restore/owner-ids.js';
import type { RestoreResult } from '../../src/restore/restore-types.js';
import { itIf, onLinux, onPosix } from '../helpers/only-where.js';
import { texts } from '../helpers/repository.js';
import { tempFolder } from '../helpers/temp.js';
import { restoreEnv } from './restore-env.js';

const isRoot = process.getuid?.() === 0;
const asRoot = itIf(process.platform === 'linux' && isRoot, 'only root can do it');
const NOTHING = { node: { type: 'fifo', mode: 2 ** 25 + 0o640 } } as const;
const [UID, GID] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
const MINE = { uid: UID, gid: GID };

async function withoutTools<T>(work: () => Promise<T>): Promise<T> {
  const path = process.env['PATH'];
  process.env['PATH'] = tempFolder();
  try {
    return await work();
  } finally {
    process.env['PATH'] = path;
  }
}

function leftOut({ leftOut: list }: RestoreResult): string[] {
  return list.map(({ what }) => what).sort();
}

describe('modes', () => {
  onPosix('with the bits above permissions, of folders that nobody may enter, too', async () => {
    const mode = (bits: number, go = 0): { mode: number } & typeof MINE => ({ mode: bits + go, ...MINE });
    const env = await restoreEnv({
      plain: { blobs: texts(1), node: mode(0o640) },
      suid: { blobs: texts(1), node: mode(0o4755 & 0o777, 2 ** 23) },
      sgid: { blobs: texts(1), node: mode(0o711, 2 ** 22) },
      none: { blobs: texts(1), node: mode(0) },
      sticky: { folder: {}, node: mode(0o777, 2 ** 31 + 2 ** 20) },
      closed: {
        folder: { in: { folder: { f: { blobs: texts(1) } }, node: mode(0, 2 ** 31) } },
        node: mode(0, 2 ** 31),
      },
    });
    expect(await env.run()).toMatchObject({ errors: [] });
    const found = (name: string): number => lstatSync(env.path(name)).mode & 0o7777;
    expect(['plain', 'suid', 'sgid', 'none', 'sticky', 'closed'].map(found)).toEqual([
      0o640, 0o4755, 0o2711, 0, 0o1777, 0,
    ]);
    execFileSync('chmod', ['700', env.path('closed')]);
    expect(found('closed/in')).toBe(0);
    execFileSync('chmod', ['700', env.path('closed/in')]);
    expect(readdirSync(env.path('closed/in'))).toEqual(['f']);
  });
});

describe('times', () => {
  const node = { mtime: '2026-11-22T11:18:36.123456789+01:00', atime: '1969-12-31T23:59:58.000000001Z', ...MINE };
  const link: Partial<TreeNode> = { ...node, type: 'symlink', mode: 2 ** 27 + 0o777, linktarget: 'f' };

  onLinux('to the nanosecond, of folders after all that is in them', async () => {
    const env = await restoreEnv({ f: { blobs: texts(1), node }, l: { node: link }, d: { folder: { x: {} }, node } });
    expect(await env.run()).toMatchObject({ errors: [], leftOut: [] });
    for (const name of ['d', 'f', 'l']) {
      const { atimeNs, mtimeNs } = lstatSync(env.path(name), { bigint: true });
      expect([name, mtimeNs, atimeNs]).toEqual([name, 1_795_342_716_123_456_789n, -1_999_999_999n]);
    }
  });

  onPosix('without tools as far as Node can set them, and the rest is told', async () => {
    const env = await restoreEnv({ f: { blobs: texts(1), node }, d: { folder: {}, node } });
    const result = await withoutTools(() => env.run());
    expect(result.errors).toEqual([]);
    expect(leftOut(result)).toContain('the last digits of times');
    for (const name of ['f', 'd']) {
      const { atimeNs, mtimeNs } = lstatSync(env.path(name), { bigint: true });
      expect(Number(mtimeNs - 1_795_342_716_123_456_789n)).toBeLessThan(2000);
      expect(Math.abs(Number(mtimeNs - 1_795_342_716_123_456_789n))).toBeLessThan(2000);
      expect(Math.abs(Number(atimeNs + 1_999_999_999n))).toBeLessThan(2000);
    }
  });
});

describe('attributes', () => {
  const attribute = (name: string, value: string): { name: string; value: Uint8Array } => ({
    name,
    value: utf8(value),
  });
  const node = { extendedAttributes: [attribute('user.a', '1'), attribute('user.b', ''), attribute('user.c', 'x"y')] };

  function attributesOf(path: string): string {
    const text = execFileSync('getfattr', ['-d', '--absolute-names', path], { encoding: 'utf8' });
    return text
      .split('\n')
      .filter((line) => line.startsWith('user.'))
      .sort()
      .join(' ');
  }

  function canSet(): boolean {
    try {
      const path = join(tempFolder(), 'x');
      writeFileSync(path, '');
      execFileSync('setfattr', ['-n', 'user.x', '-v', '1', path], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  }

  const test = itIf(canSet(), 'setfattr is not installed, or the file system has no attributes');

  test('are set, changed and removed, of files and folders, as the filter says', async () => {
    const env = await restoreEnv({ f: { blobs: texts(1), node }, d: { folder: {}, node }, x: { blobs: [] } });
    expect(await env.run()).toMatchObject({ errors: [] });
    const all = 'user.a="1" user.b="" user.c="x\\"y"';
    expect([attributesOf(env.path('f')), attributesOf(env.path('d'))]).toEqual([all, all]);
    const set = (...args: readonly string[]): void => void execFileSync('setfattr', [...args]);
    set('-n', 'user.a', '-v', '2', env.path('f'));
    set('-n', 'user.more', '-v', '2', env.path('f'));
    set('-n', 'user.more', '-v', '2', env.path('x'));
    await env.run({ selectAttribute: (name) => name === 'user.a' });
    expect(attributesOf(env.path('f'))).toBe('user.a="1" user.b="" user.c="x\\"y" user.more="2"');
    await env.run();
    expect([attributesOf(env.path('f')), attributesOf(env.path('x'))]).toEqual([all, '']);
  });

  test('do not have the last word on the mode', async () => {
    // user::rw- user:1000:rw- group::r-- mask::rw- other::---: by itself this makes the mode 660.
    const entries = [
      [1, 6, -1],
      [2, 6, 1000],
      [4, 4, -1],
      [16, 6, -1],
      [32, 0, -1],
    ] as const;
    const value = Buffer.alloc(4 + 8 * entries.length);
    value.writeUInt32LE(2);
    for (const [i, [tag, bits, id]] of entries.entries()) {
      value.writeUInt16LE(tag, 4 + 8 * i);
      value.writeUInt16LE(bits, 6 + 8 * i);
      value.writeInt32LE(id, 8 + 8 * i);
    }
    const acl = { extendedAttributes: [{ name: 'system.posix_acl_access', value }], mode: 0o600, ...MINE };
    const env = await restoreEnv({ f: { blobs: texts(1), node: acl } });
    expect(await env.run()).toMatchObject({ errors: [] });
    expect(statSync(env.path('f')).mode & 0o777).toBe(0o600);
  });

  onPosix('and pipes and devices without tools are left out, and that is told', async () => {
    const env = await restoreEnv({ f: { blobs: texts(1), node }, g: { blobs: texts(1) }, p: NOTHING, q: NOTHING });
    const result = await withoutTools(() => env.run());
    expect(result.errors).toEqual([]);
    expect(leftOut(result)).toEqual(expect.arrayContaining(['extended attributes', 'pipes and devices']));
    expect(result.leftOut.find(({ what }) => what === 'pipes and devices')).toMatchObject({ count: 2, first: '/p' });
    expect(readdirSync(env.target).sort()).toEqual(['f', 'g']);
  });
});

describe('owners', () => {
  asRoot('by number, of links too', async () => {
    const node = { uid: 54_321, gid: 12_345 };
    const link = { ...node, type: 'symlink' as const, mode: 2 ** 27 + 0o777, linktarget: 'f' };
    const suid = { ...node, mode: 0o755 + 2 ** 23 };
    const env = await restoreEnv({ f: { blobs: texts(1), node: suid }, d: { folder: {}, node }, l: { node: link } });
    await env.run();
    for (const name of ['f', 'd', 'l']) expect(lstatSync(env.path(name))).toMatchObject(node);
    expect(statSync(env.path('f')).mode & 0o7777).toBe(0o4755);
  });

  asRoot('by name; one that is not known here is root', async () => {
    const node = { uid: 54_321, gid: 12_345, user: 'daemon', group: 'nothing-of-that-name' };
    const env = await restoreEnv({ f: { blobs: texts(1), node } });
    await env.run({ ownershipByName: true });
    const uid = Number(execFileSync('id', ['-u', 'daemon'], { encoding: 'utf8' }));
    expect(lstatSync(env.path('f'))).toMatchObject({ uid, gid: 0 });
  });

  itIf(process.platform !== 'win32' && !isRoot, 'root may do it')('of others are told as left out', async () => {
    const env = await restoreEnv({ f: { blobs: texts(1), node: { uid: 0 } } });
    const result = await env.run();
    expect(result.errors).toEqual([]);
    expect(leftOut(result)).toEqual(['owners']);
  });

  onPosix('are looked up once, and names that are options are not asked for', async () => {
    const ids = new OwnerIds();
    expect(await ids.user('root')).toBe(0);
    expect(await ids.user('--help')).toBeUndefined();
    expect(await ids.group('nothing-of-that-name')).toBeUndefined();
    expect(await ids.user('')).toBeUndefined();
  });
});

it('attributes of Windows are told as left out', async () => {
  const node = { genericAttributes: { 'windows.file_attributes': '32' } };
  const env = await restoreEnv({ f: { blobs: texts(1), node }, d: { folder: {}, node } });
  expect((await env.run()).leftOut).toContainEqual(
    expect.objectContaining({ what: 'attributes of Windows', count: 2, first: '/f' }),
  );
});

onPosix('an item that is replaced while it is restored does not get its metadata', async () => {
  const env = await restoreEnv({ d: { folder: { f: { blobs: texts(1) } } } });
  mkdirSync(env.target);
  const result = await env.run({
    onEvent: (event) => {
      if (event.type !== 'item' || event.path !== '/d/f') return;
      execFileSync('ln', ['-sfn', '/etc/passwd', env.path('d/f')]);
    },
  });
  expect(result.errors).toMatchObject([{ path: '/d/f' }]);
});
