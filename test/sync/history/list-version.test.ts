import { describe, expect, it, vi } from 'vitest';
import type { ListVersionOptions, VersionListing } from '../../../src/sync/history/list-version.js';
import { listVersion } from '../../../src/sync/history/list-version.js';
import { codeOf, newCloud, type TestPc } from '../../helpers/two-pcs.js';

vi.mock('../../../src/base/sleep.js', () => import('../../helpers/no-wait.js'));

async function pushed(): Promise<TestPc> {
  const pc = await (await newCloud()).pc();
  pc.put('saves/World/level.dat', 'one');
  pc.put('saves/World/region/r.0.0.mca', 'chunks');
  pc.put('saves/Other/level.dat', '2');
  pc.put('options.txt', 'fov:1');
  pc.mkdir('config/empty');
  await pc.push();
  return pc;
}

function ask(pc: TestPc, options: Partial<ListVersionOptions> = {}) {
  return listVersion({ packFolder: pc.game, snapshot: 'latest', ...options }, pc.services);
}

async function list(pc: TestPc, options: Partial<ListVersionOptions> = {}): Promise<VersionListing> {
  const result = await ask(pc, options);
  if (result.outcome !== 'listing') throw new Error(result.outcome);
  return result;
}

describe('what a version holds', () => {
  it('folder by folder, folders first and with all that is below them', async () => {
    const pc = await pushed();
    const brief = ({ entries }: VersionListing) =>
      entries.map(({ path, type, files, size }) => `${type} ${path} ${files} ${size}`);
    expect(brief(await list(pc))).toEqual(['dir config 0 0', 'dir saves 3 10', 'file options.txt 1 5']);
    expect(brief(await list(pc, { path: 'saves/World/' }))).toEqual([
      'dir saves/World/region 1 6',
      'file saves/World/level.dat 1 3',
    ]);
    expect(brief(await list(pc, { path: 'config/empty' }))).toEqual([]);
    const [file] = (await list(pc, { path: 'saves/Other' })).entries;
    expect(file).toEqual({
      path: 'saves/Other/level.dat',
      name: 'level.dat',
      type: 'file',
      files: 1,
      size: 1,
      modified: '2023-11-14T22:13:20.123Z',
    });
  });

  it('or every file by its path; what is out of scope here is not shown', async () => {
    const pc = await pushed();
    const all = await list(pc, { recursive: true });
    expect(all.entries.map(({ path }) => path)).toEqual([
      'options.txt',
      'saves/Other/level.dat',
      'saves/World/level.dat',
      'saves/World/region/r.0.0.mca',
    ]);
    pc.setScope({ include: ['saves/World/**'] });
    expect((await list(pc)).entries.map(({ path }) => path)).toEqual(['saves']);
    expect((await list(pc, { path: 'saves' })).entries.map(({ path }) => path)).toEqual(['saves/World']);
  });

  it('nothing that is not there, and nothing outside', async () => {
    const pc = await pushed();
    expect(await codeOf(ask(pc, { path: 'saves/None' }))).toBe('not-found');
    expect(await codeOf(ask(pc, { path: 'options.txt' }))).toBe('not-found');
    expect(await codeOf(ask(pc, { snapshot: 'ffff' }))).toBe('not-found');
    expect(await codeOf(ask(pc, { path: '../minecraft' }))).toBe('usage');
    expect(await codeOf(ask(pc, { path: '/saves' }))).toBe('usage');
    expect(await codeOf(ask(await (await newCloud()).pc()))).toBe('not-found');
  });
});
