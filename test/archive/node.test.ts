import { describe, expect, it } from 'vitest';
import type { NodeContext } from '../../src/archive/node.js';
import { goMode, makeNode, nodeType } from '../../src/archive/node.js';
import { OwnerNames } from '../../src/archive/owner-names.js';
import type { ChangeRules } from '../../src/archive/previous.js';
import { actionOf, isUnmodified } from '../../src/archive/previous.js';
import { utf8 } from '../../src/base/bytes.js';
import type { BlobId } from '../../src/base/ids.js';
import type { TreeNode } from '../../src/repo/tree.js';
import type { FileStats } from '../../src/worker/file-task.js';
import { onPosix } from '../helpers/only-where.js';

const context: NodeContext = {
  zone: () => 3600,
  owners: new OwnerNames('win32'),
  withAtime: false,
  platform: 'linux',
};

const stats: FileStats = {
  mode: 0o100644n,
  uid: 4_000_000n,
  gid: 4_000_001n,
  // As Node gives the highest numbers of the system.
  ino: -2n,
  dev: 65024n,
  rdev: 286327664n,
  nlink: 2n,
  size: 5_368_709_121n,
  mtimeNs: 1_000_000_000_000_000_001n,
  atimeNs: 2_000_000_000_000_000_000n,
  ctimeNs: 1_500_000_000_500_000_000n,
};

describe('a mode of the system is that of Go', () => {
  it.each([
    [0o100644, 'file', 0o644],
    [0o104755, 'file', 2 ** 23 + 0o755],
    [0o102755, 'file', 2 ** 22 + 0o755],
    [0o040755, 'dir', 2 ** 31 + 0o755],
    [0o041777, 'dir', 2 ** 31 + 2 ** 20 + 0o777],
    [0o120777, 'symlink', 2 ** 27 + 0o777],
    [0o060660, 'dev', 2 ** 26 + 0o660],
    [0o020620, 'chardev', 2 ** 26 + 2 ** 21 + 0o620],
    [0o010644, 'fifo', 2 ** 25 + 0o644],
    [0o140755, 'socket', 2 ** 24 + 0o755],
    [0o000755, 'irregular', 2 ** 19 + 0o755],
    [0o107777, 'file', 2 ** 23 + 2 ** 22 + 2 ** 20 + 0o777],
  ])('%o', (mode, type, expected) => {
    expect([nodeType(BigInt(mode)), goMode(BigInt(mode))]).toEqual([type, expected]);
  });
});

describe('a node', () => {
  const times = { mtime: '2001-09-09T02:46:40.000000001+01:00', ctime: '2017-07-14T03:40:00.5+01:00' };
  const owner = { uid: 4_000_000, gid: 4_000_001, user: '', group: '' };

  it('of a file has its size, in full', async () => {
    expect(await makeNode(context, 'x', stats)).toEqual({
      name: 'x',
      type: 'file',
      mode: 0o644,
      ...times,
      atime: times.mtime,
      ...owner,
      inode: 2n ** 64n - 2n,
      deviceId: 65024n,
      size: 5_368_709_121,
      links: 2n,
      content: null,
    });
  });

  it('of a device has its numbers, of a link its target, of a pipe and a folder neither', async () => {
    const device = await makeNode(context, 'x', { ...stats, mode: 0o060600n });
    expect([device.device, device.links, device.size]).toEqual([286327664n, 2n, undefined]);
    const link = await makeNode(context, 'x', { ...stats, mode: 0o120777n }, { linktarget: 'y' });
    expect([link.linktarget, link.links, link.size, link.device]).toEqual(['y', 2n, undefined, undefined]);
    for (const mode of [0o010644n, 0o040755n]) {
      const { links, size, device: numbers } = await makeNode(context, 'x', { ...stats, mode });
      expect([links, size, numbers]).toEqual([undefined, undefined, undefined]);
    }
  });

  it('has the time of last access, and attributes, where they are wanted and there', async () => {
    const { atime } = await makeNode({ ...context, withAtime: true }, 'x', stats);
    expect(atime).toBe('2033-05-18T04:33:20+01:00');
    const attributes = [{ name: 'user.x', value: utf8('y') }];
    expect((await makeNode(context, 'x', stats, { attributes })).extendedAttributes).toEqual(attributes);
    expect('extendedAttributes' in (await makeNode(context, 'x', stats, { attributes: [] }))).toBe(false);
  });

  it('from Windows has no owner, and one time for two', async () => {
    const windows = { ...context, platform: 'win32' } as const;
    const common = { mtime: times.mtime, atime: times.mtime, ctime: times.mtime, uid: 0, gid: 0, content: null };
    expect(await makeNode(windows, 'x', stats)).toEqual({
      name: 'x',
      type: 'file',
      mode: 0o666,
      size: 5_368_709_121,
      ...common,
    });
    expect((await makeNode(windows, 'x', { ...stats, mode: 0o100444n })).mode).toBe(0o444);
    expect((await makeNode(windows, 'x', { ...stats, mode: 0o040666n })).mode).toBe(2 ** 31 + 0o777);
  });
});

describe('owners', () => {
  onPosix('have the names of the system, or none', async () => {
    const owners = new OwnerNames();
    expect(await owners.user(0)).toBe('root');
    expect(await owners.user(0)).toBe('root');
    expect(['root', 'wheel']).toContain(await owners.group(0));
    expect(await owners.user(3_999_999_999)).toBe('');
    expect(await owners.group(3_999_999_999)).toBe('');
  });
});

describe('a file is unmodified', () => {
  const rules: ChangeRules = { ignoreInode: false, ignoreCtime: false, platform: 'linux' };
  const content: readonly BlobId[] = [];
  const previous = async (): Promise<TreeNode> => ({ ...(await makeNode(context, 'x', stats)), content });

  it('if size, times and inode are the same, whatever the zone', async () => {
    expect(isUnmodified(stats, await previous(), rules)).toBe(true);
    const elsewhere = await makeNode({ ...context, zone: () => -18_000 }, 'x', stats);
    expect(isUnmodified(stats, { ...elsewhere, content }, rules)).toBe(true);
    expect(isUnmodified({ ...stats, size: 0n }, { ...(await previous()), size: 0 }, rules)).toBe(true);
  });

  it.each([
    ['size', { size: 1n }, [false, false, false]],
    ['time', { mtimeNs: stats.mtimeNs + 1n }, [false, false, false]],
    ['time of change', { ctimeNs: stats.ctimeNs + 1n }, [false, true, true]],
    ['inode', { ino: 7n }, [false, true, false]],
    ['device', { dev: 7n }, [true, true, true]],
    ['mode', { mode: 0o100600n }, [true, true, true]],
  ])('or not, if it has another %s', async (_, change, [strict, ignoreInode, ignoreCtime]) => {
    const node = await previous();
    const changed = { ...stats, ...change };
    expect(isUnmodified(changed, node, rules)).toBe(strict);
    expect(isUnmodified(changed, node, { ...rules, ignoreInode: true })).toBe(ignoreInode);
    expect(isUnmodified(changed, node, { ...rules, ignoreCtime: true })).toBe(ignoreCtime);
  });

  it('never if it was something else, or nothing', async () => {
    expect(isUnmodified(stats, undefined, rules)).toBe(false);
    expect(isUnmodified(stats, { ...(await previous()), type: 'fifo' }, rules)).toBe(false);
  });

  it('on Windows by size and time alone', async () => {
    const changed = { ...stats, ino: 7n, ctimeNs: 7n };
    expect(isUnmodified(changed, await previous(), { ...rules, platform: 'win32' })).toBe(true);
  });
});

describe('what became of an item', () => {
  it('is told by all that is stored of it', async () => {
    const node = { ...(await makeNode(context, 'x', stats)), content: [] };
    const attributes = [
      { name: 'user.a', value: utf8('1') },
      { name: 'user.b', value: utf8('2') },
    ];
    expect(actionOf(undefined, node)).toBe('new');
    expect(actionOf(node, { ...node })).toBe('unmodified');
    expect(actionOf(node, { ...node, mtime: '2001-09-09T01:46:40.000000001Z' })).toBe('unmodified');
    expect(actionOf(node, { ...node, mtime: '2001-09-09T01:46:40.000000002Z' })).toBe('changed');
    expect(actionOf(node, { ...node, mode: 0o600 })).toBe('changed');
    const some = { ...node, extendedAttributes: attributes };
    expect(actionOf(some, { ...node, extendedAttributes: attributes.toReversed() })).toBe('unmodified');
    expect(actionOf(some, node)).toBe('changed');
  });
});
