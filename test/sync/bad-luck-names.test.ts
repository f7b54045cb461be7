/**
 * Names that are two on one disk and one on another: letter case, and the two ways of writing an accent in Unicode. A
 * twin that cannot be here is left out with a line; it is never merged with the other one, and nothing of it is lost.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { nodeFs } from '../../src/sync/swap/fs-ops.js';
import { codeOf, newCloud, type TestCloud, type TestPc } from '../helpers/two-pcs.js';
import { shown } from './bad-luck-env.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));

/** The folder below which the disk writes all names in decomposed form, as that of an older Mac. */
const disk = vi.hoisted(() => ({ decomposing: '' }));

vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof import('node:fs/promises')>();
  const stored = (path: unknown): unknown => {
    if (disk.decomposing === '') return path;
    if (Buffer.isBuffer(path)) return Buffer.from(String(stored(path.toString('utf8'))));
    return typeof path === 'string' && path.startsWith(disk.decomposing) ? path.normalize('NFD') : path;
  };
  const wrap = (name: string, call: unknown): unknown => {
    if (typeof call !== 'function') return call;
    return (...args: unknown[]): unknown => {
      const first = name === 'symlink' ? args[0] : stored(args[0]);
      const second = ['symlink', 'rename', 'link', 'copyFile'].includes(name) ? stored(args[1]) : args[1];
      return call(...(args.length > 1 ? [first, second, ...args.slice(2)] : [first]));
    };
  };
  const changed = Object.fromEntries(Object.entries(fs).map(([name, call]) => [name, wrap(name, call)]));
  return { ...changed, default: changed };
});

afterEach(() => {
  disk.decomposing = '';
  Object.assign(nodeFs, { platform: process.platform });
});

const NFC = 'Sch\u00f6ne Welt';
const NFD = NFC.normalize('NFD');

/** Takes letter case for nothing, as far as our program can tell. */
function caseBlind(pc: TestPc): TestPc {
  writeFileSync(join(pc.cloudFolder, 'SYNC.JSON'), '');
  return pc;
}

async function cloudWith(files: Readonly<Record<string, string>>): Promise<{ cloud: TestCloud; linux: TestPc }> {
  const cloud = await newCloud();
  const linux = await cloud.pc();
  for (const [path, content] of Object.entries(files)) linux.put(path, content);
  await linux.push();
  return { cloud, linux };
}

const warningsOf = (result: { outcome: string; warnings?: readonly string[] }): readonly string[] =>
  result.warnings ?? [];

describe.each([true, false])('a disk that decomposes all names, without letter case: %s', (isCaseBlind) => {
  async function mac(cloud: TestCloud): Promise<TestPc> {
    const pc = await cloud.pc();
    disk.decomposing = pc.game;
    Object.assign(nodeFs, { platform: 'darwin' });
    return isCaseBlind ? caseBlind(pc) : pc;
  }

  it('a name that it writes otherwise is no change', async () => {
    const { cloud, linux } = await cloudWith({ [`saves/${NFC}/level.dat`]: '1', 'options.txt': 'x' });
    const pc = await mac(cloud);
    expect((await pc.pull()).outcome).toBe('updated');
    expect([...pc.files().keys()]).toContain(`saves/${NFD}/level.dat`);
    expect((await pc.push()).outcome).toBe('nothing-to-send');
    expect(await pc.pull()).toMatchObject({ outcome: 'up-to-date' });
    pc.put(`saves/${NFD}/level.dat`, '2');
    pc.put(`saves/${NFD}/new`, '2');
    expect((await pc.push()).outcome).toBe('sent');
    linux.put('options.txt', 'y');
    disk.decomposing = '';
    expect(await codeOf(linux.pull())).toBe('ok');
    expect(shown(linux.files())).toEqual(
      shown({ [`saves/${NFC}/level.dat`]: '2', [`saves/${NFC}/new`]: '2', 'options.txt': 'y' }),
    );
  });

  it('twins: the second is left out and stays in the cloud', async () => {
    const files = { [`saves/${NFC}/level.dat`]: 'one', [`saves/${NFD}/level.dat`]: 'two', 'options.txt': 'x' };
    const { cloud, linux } = await cloudWith(files);
    const pc = await mac(cloud);
    const pulled = await pc.pull();
    expect(pulled.outcome).toBe('updated');
    expect(warningsOf(pulled)).toHaveLength(1);
    expect(warningsOf(pulled)[0]).toMatch(/ was left out: this system cannot tell it from .*; it stays in the cloud$/);
    const [level] = [...pc.files()].filter(([path]) => path.endsWith('level.dat'));
    expect((await pc.push()).outcome).toBe('nothing-to-send');
    pc.put(level?.[0] ?? '', 'played');
    expect((await pc.push()).outcome).toBe('sent');
    disk.decomposing = '';
    await linux.pull();
    const left = Object.values(files).filter((content) => content !== level?.[1]);
    expect([...linux.files().values()].sort()).toEqual([...left, 'played'].sort());
  });
});

describe('twins that two PCs make', () => {
  const levels = (files: ReadonlyMap<string, string>): string[] =>
    [...files].filter(([path]) => path.endsWith('/level.dat')).map(([, content]) => content);

  it.each([
    ['letter case', 'World', 'world'],
    ['normal form', NFC, NFD],
  ])('in %s, where both disks tell them apart: both are in the cloud, and on both PCs', async (_, one, other) => {
    const { cloud, linux } = await cloudWith({ 'options.txt': 'x' });
    const second = await cloud.pc();
    await second.pull();
    linux.put(`saves/${one}/level.dat`, 'one');
    second.put(`saves/${other}/level.dat`, 'two');
    await linux.push();
    expect(await second.pull()).toMatchObject({ outcome: 'updated', merged: { fromHere: [`saves/${other}`] } });
    await linux.pull();
    for (const pc of [linux, second]) expect(levels(pc.files()).sort()).toEqual(['one', 'two']);
  });

  it('one of them on a disk without letter case: never over the other one, and both are in the cloud', async () => {
    const { cloud, linux } = await cloudWith({ 'options.txt': 'x' });
    const windows = caseBlind(await cloud.pc());
    await windows.pull();
    linux.put('saves/World/level.dat', 'one');
    windows.put('saves/world/level.dat', 'two');
    await linux.push();
    // It would come into the same folder.
    expect(await codeOf(windows.pull())).toBe('conflict');
    expect(levels(windows.files())).toEqual(['two']);
    expect(await codeOf(windows.push())).toBe('ok');
    const pulled = await windows.pull();
    expect(warningsOf(pulled)).toEqual([
      expect.stringMatching(/^saves\/World\/level\.dat was left out: .* saves\/world;/),
    ]);
    expect(levels(windows.files())).toEqual(['two']);
    expect((await windows.push()).outcome).toBe('nothing-to-send');
    await linux.pull();
    expect(levels(linux.files()).sort()).toEqual(['one', 'two']);
  });

  it('one of them held there: it outlives a merge, and what is played in the other one', async () => {
    const files = { 'saves/World/level.dat': 'one', 'saves/world/level.dat': 'two', 'options.txt': 'x' };
    const { cloud, linux } = await cloudWith(files);
    const windows = caseBlind(await cloud.pc());
    expect(warningsOf(await windows.pull())).toHaveLength(1);
    expect(levels(windows.files())).toEqual(['one']);
    windows.put('saves/World/level.dat', 'played there');
    linux.put('saves/world/level.dat', 'played here');
    linux.put('options.txt', 'y');
    await linux.push();
    expect(await windows.pull()).toMatchObject({ outcome: 'updated', merged: { fromHere: ['saves/World'] } });
    expect(levels(windows.files())).toEqual(['played there']);
    expect((await windows.push()).outcome).toBe('nothing-to-send');
    await linux.pull();
    expect(levels(linux.files()).sort()).toEqual(['played here', 'played there']);
  });
});
