import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { SyncError } from '../../../src/base/errors.js';
import type { SnapshotId } from '../../../src/base/ids.js';
import type { BringBackOptions, BroughtBack } from '../../../src/sync/history/bring-back.js';
import { bringBack } from '../../../src/sync/history/bring-back.js';
import { codeOf, newCloud, type TestCloud, type TestPc } from '../../helpers/two-pcs.js';

vi.mock('../../../src/base/sleep.js', () => import('../../helpers/no-wait.js'));

/** What a running game holds, for the commands here. */
const game = vi.hoisted(() => ({ holds: [] as string[] }));
vi.mock('../../../src/sync/folder/world-in-use.js', () => ({
  worldsInUse: async (_folder: string, worlds: readonly string[]) => worlds.filter((one) => game.holds.includes(one)),
}));

async function restore(pc: TestPc, options: BringBackOptions): Promise<BroughtBack> {
  const result = await bringBack({ packFolder: pc.game, ...options }, pc.services);
  if (result.outcome === 'not-configured') throw new Error(result.outcome);
  return result;
}

async function sent(pc: TestPc): Promise<SnapshotId> {
  const result = await pc.push();
  if (result.outcome !== 'sent') throw new Error(result.outcome);
  return result.snapshot;
}

const FIRST = {
  'saves/World/level.dat': 'world 1',
  'saves/World/region/r.0.0.mca': 'chunks 1',
  'saves/World/data/empty': 'folder',
  'saves/Other/level.dat': 'other 1',
  'options.txt': 'fov:1',
  'config/a.toml': 'a 1',
} as const;

let cloud: TestCloud;
let pc: TestPc;
let first: SnapshotId;

beforeEach(async () => {
  game.holds = [];
  cloud = await newCloud();
  pc = await cloud.pc();
  for (const [path, content] of Object.entries(FIRST)) content === 'folder' ? pc.mkdir(path) : pc.put(path, content);
  first = await sent(pc);
  pc.put('saves/World/level.dat', 'world 2, longer');
  pc.put('saves/World/region/r.1.0.mca', 'chunks 2');
  pc.remove('saves/World/region/r.0.0.mca');
  pc.remove('saves/World/data');
  pc.put('saves/Other/level.dat', 'other 2');
  pc.put('options.txt', 'fov:2');
  pc.remove('config/a.toml');
  pc.put('screenshots/1.png', 'picture');
  await sent(pc);
});

describe('a world', () => {
  it('comes back as it was, and all around it stays', async () => {
    const before = pc.files();
    const result = await restore(pc, { snapshot: first.slice(0, 10), world: 'World' });
    expect(result).toMatchObject({
      outcome: 'restored',
      snapshot: first,
      part: 'saves/World',
      files: { added: 1, changed: 1, removed: 1 },
      bytesWritten: 15,
      unsent: 0,
    });
    const world = Object.entries(FIRST).filter(([path]) => path.startsWith('saves/World/'));
    const around = [...before].filter(([path]) => !path.startsWith('saves/World/'));
    expect(pc.files()).toEqual(new Map([...around, ...world].sort(([a], [b]) => (a < b ? -1 : 1))));
    expect(pc.trash()).toEqual(expect.arrayContaining(['world 2, longer', 'chunks 2']));
    expect(result.trash).toContain('.cloud-sync');
  });

  it('the next push sends it as the newest version', async () => {
    await restore(pc, { snapshot: first, world: 'World' });
    const newest = await sent(pc);
    const content = await cloud.content(newest);
    expect(content.get('saves/World/level.dat')).toBe('world 1');
    expect(content.get('saves/Other/level.dat')).toBe('other 2');
    expect(content.has('saves/World/region/r.1.0.mca')).toBe(false);
    const [, , last] = (await cloud.snapshots()).sort((a, b) => (a.snapshot.time < b.snapshot.time ? -1 : 1));
    expect(last?.snapshot.parent).not.toBe(first);
  });

  it('that is gone here, and one that has other letters', async () => {
    pc.remove('saves/World');
    expect(await restore(pc, { snapshot: first, world: 'saves/world/' })).toMatchObject({
      outcome: 'restored',
      files: { added: 2, changed: 0, removed: 0 },
    });
    expect(pc.files().get('saves/World/region/r.0.0.mca')).toBe('chunks 1');
  });

  it('that is as it was already', async () => {
    await restore(pc, { snapshot: first, world: 'World' });
    const trash = pc.trash();
    expect(await restore(pc, { snapshot: first, world: 'World' })).toMatchObject({ outcome: 'same' });
    expect(await restore(pc, { snapshot: first, world: 'World', dryRun: true })).toMatchObject({ outcome: 'same' });
    expect(pc.trash()).toEqual(trash);
  });

  it('with work that was never sent: the trash has it, and the result says so', async () => {
    pc.put('saves/World/level.dat', 'never sent');
    pc.put('saves/World/playerdata/new.dat', 'never sent either');
    const result = await restore(pc, { snapshot: first, world: 'World' });
    expect(result).toMatchObject({ files: { added: 1, changed: 1, removed: 2 }, unsent: 2 });
    expect(pc.trash()).toEqual(expect.arrayContaining(['never sent', 'never sent either']));
  });

  it('only its own files are read', async () => {
    for (const path of ['saves/World/level.dat', 'saves/Other/level.dat', 'options.txt']) pc.put(path, 'newer!');
    const read: string[] = [];
    pc.hooks.read = (path) => {
      read.push(path.slice(pc.game.length + 1).replaceAll('\\', '/'));
    };
    await restore(pc, { snapshot: first, world: 'World' });
    expect(read).toContain('saves/World/level.dat');
    expect(read.filter((path) => !path.startsWith('saves/World/'))).toEqual([]);
  });

  it('what the game has of its own in it stays', async () => {
    pc.put('saves/World/session.lock', 'x');
    await restore(pc, { snapshot: first, world: 'World' });
    expect(readFileSync(join(pc.game, 'saves/World/session.lock'), 'utf8')).toBe('x');
  });
});

describe('a path, and everything', () => {
  it('one file, one folder', async () => {
    expect(await restore(pc, { snapshot: first, path: './options.txt' })).toMatchObject({ part: 'options.txt' });
    expect(await restore(pc, { snapshot: first, path: 'config/' })).toMatchObject({ files: { added: 1 } });
    const files = pc.files();
    expect([files.get('options.txt'), files.get('config/a.toml')]).toEqual(['fov:1', 'a 1']);
    expect(files.get('saves/World/level.dat')).toBe('world 2, longer');
    expect(files.get('screenshots/1.png')).toBe('picture');
  });

  it('all that is in scope', async () => {
    pc.put('mods/a.jar', 'jar');
    expect(await restore(pc, { snapshot: first })).toMatchObject({ outcome: 'restored' });
    const expected = [...Object.entries(FIRST), ['mods/a.jar', 'jar']] as const;
    expect(pc.files()).toEqual(new Map([...expected].sort(([a], [b]) => (a < b ? -1 : 1))));
    expect(existsSync(join(pc.game, 'screenshots'))).toBe(false);
    expect(pc.trash()).toEqual(expect.arrayContaining(['picture', 'other 2', 'fov:2']));
  });

  it('a world that goes with it is meant to be gone: the next push does not ask', async () => {
    pc.put('saves/Third/level.dat', 'third');
    await sent(pc);
    await restore(pc, { snapshot: first });
    expect(await pc.push()).toMatchObject({ outcome: 'sent' });
    pc.remove('saves');
    expect(await codeOf(pc.push())).toBe('conflict');
  });

  it('a world all of whose files are others afterwards is not gone', async () => {
    pc.put('saves/Third/old.dat', 'old');
    const old = await sent(pc);
    pc.rename('saves/Third/old.dat', 'saves/Third/new.dat');
    pc.put('saves/Third/new.dat', 'new');
    await sent(pc);
    const result = await restore(pc, { snapshot: old, world: 'Third' });
    expect(result).toMatchObject({ files: { added: 1, changed: 0, removed: 1 } });
    expect(await pc.push()).toMatchObject({ outcome: 'sent' });
  });

  it('a dry run tells the same numbers and changes nothing', async () => {
    const before = pc.files();
    const dry = await restore(pc, { snapshot: first, dryRun: true });
    expect(pc.files()).toEqual(before);
    expect(pc.trash()).toEqual([]);
    const { trash: _, ...done } = await restore(pc, { snapshot: first });
    expect({ ...dry, outcome: 'restored' }).toEqual(done);
  });
});

describe('refused, with nothing changed', () => {
  const refused = async (options: BringBackOptions, code: string): Promise<void> => {
    const before = pc.files();
    expect(await codeOf(restore(pc, options))).toBe(code);
    expect(pc.files()).toEqual(before);
    expect(pc.trash()).toEqual([]);
  };

  it('what the version does not have, and what is no part of the game folder', async () => {
    await refused({ snapshot: first, world: 'Gone' }, 'not-found');
    await refused({ snapshot: first, path: 'screenshots' }, 'not-found');
    await refused({ snapshot: 'ffffffff' }, 'not-found');
    for (const path of ['../x', '/etc', 'saves/../../x']) await refused({ snapshot: first, path }, 'usage');
    await refused({ snapshot: first, path: 'x', world: 'y' }, 'usage');
  });

  it('a file of it that cannot be read', async () => {
    pc.put('saves/World/level.dat', 'held by the game');
    pc.hooks.read = () => {
      throw new SyncError('io', 'locked', { details: { errno: 'EBUSY' } });
    };
    await refused({ snapshot: first, world: 'World' }, 'in-use');
  });

  it('a world in which somebody plays', async () => {
    game.holds = ['saves/World'];
    await refused({ snapshot: first, world: 'World' }, 'in-use');
    await refused({ snapshot: first }, 'in-use');
    expect(await restore(pc, { snapshot: first, world: 'Other' })).toMatchObject({ outcome: 'restored' });
  });

  it('a download that breaks off', async () => {
    pc.hooks.before = (call) => {
      if (call === 'read data') throw new SyncError('unreachable', 'cut');
    };
    const before = pc.files();
    expect(await codeOf(restore(pc, { snapshot: first, world: 'World' }))).toBe('unreachable');
    expect(pc.files()).toEqual(before);
    expect(existsSync(join(pc.cloudFolder, 'journal.json'))).toBe(false);
  });
});

it('what this PC cannot have is held back, and what is out of scope stays as it is', async () => {
  const files = { 'saves/W/ok': 'ok', 'saves/W/a:b': 'x', 'saves/W/out': '-> /etc/passwd', 'mods/a.jar': 'theirs' };
  const foreign = await cloud.foreign(files, { time: '2020-01-01T00:00:00Z' });
  const windows = await cloud.pc({ platform: 'win32' });
  windows.put('mods/a.jar', 'mine');
  const result = await restore(windows, { snapshot: foreign });
  expect(windows.files()).toEqual(
    new Map([
      ['mods/a.jar', 'mine'],
      ['saves/W/ok', 'ok'],
    ]),
  );
  expect(result.warnings).toHaveLength(2);
});
