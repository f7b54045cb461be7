/**
 * Every row of the decision: what lies here, the head, and what both last had in common. docs/sync.md names these tests.
 */
import { cpSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import type { Conflict, Deletion, Relocation } from '../../src/sync/merge/decisions.js';
import { readLevelName } from '../../src/sync/merge/level-name.js';
import { onPosix } from '../helpers/only-where.js';
import { codeOf, newCloud, type TestCloud, type TestPc } from '../helpers/two-pcs.js';
import { levelDat } from './level-dat.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));

const START = {
  'saves/A/level.dat': 'a',
  'saves/A/region/r.0.0.mca': 'a region',
  'saves/B/level.dat': 'b',
  'options.txt': 'fov:70',
  'config/mod.toml': 'x',
};

async function twoPcs(
  files: Readonly<Record<string, string>> = START,
): Promise<{ cloud: TestCloud; a: TestPc; b: TestPc }> {
  const cloud = await newCloud();
  const [a, b] = [await cloud.pc(), await cloud.pc()];
  for (const [path, content] of Object.entries(files)) a.put(path, content);
  await a.push();
  await b.pull();
  return { cloud, a, b };
}

const tagsOf = async (cloud: TestCloud): Promise<string[][]> =>
  (await cloud.snapshots()).map(({ snapshot }) => [...(snapshot.tags ?? [])]);

async function heads(cloud: TestCloud): Promise<number> {
  const all = await cloud.snapshots();
  const followed = new Set(
    all.flatMap(({ snapshot }) => [
      snapshot.parent,
      ...(snapshot.tags ?? []).filter((tag) => tag.startsWith('follows:')).map((tag) => tag.slice(8)),
    ]),
  );
  return all.filter(({ id }) => !followed.has(id)).length;
}

/** Notes the question, and stops. */
function notedIn<T>(asked: T[]): (question: T) => 'abort' {
  return (question) => {
    asked.push(question);
    return 'abort';
  };
}

describe('same here, same there', () => {
  it('one request, no key', async () => {
    const { b } = await twoPcs();
    const calls: string[] = [];
    b.hooks.before = (call) => void calls.push(call);
    expect(await b.pull()).toMatchObject({ outcome: 'up-to-date' });
    expect(calls).toEqual(['list snapshots']);
  });
});

describe('same here, newer there', () => {
  it('comes; what it replaces is in the trash', async () => {
    const { a, b } = await twoPcs();
    a.put('saves/A/level.dat', 'played');
    a.remove('config/mod.toml');
    await a.push();
    expect(await b.pull()).toMatchObject({ outcome: 'updated', files: { changed: 1, removed: 1 } });
    expect(b.files()).toEqual(a.files());
    expect(b.trash()).toEqual(expect.arrayContaining(['a', 'x']));
  });
});

describe('changed here, same there', () => {
  it('what the last session left is sent first, and marked', async () => {
    const { cloud, a, b } = await twoPcs();
    b.put('saves/A/level.dat', 'played, then the game crashed');
    expect(await b.pull()).toMatchObject({ outcome: 'up-to-date', recovered: { files: { changed: 1 } } });
    expect((await tagsOf(cloud)).flat()).toContain('unclean');
    await a.pull();
    expect(a.files()).toEqual(b.files());
    expect((await b.push()).outcome).toBe('nothing-to-send');
  });

  it('a cloud that takes nothing holds no game up', async () => {
    const { b } = await twoPcs();
    b.put('saves/A/level.dat', 'played');
    const { SyncError } = await import('../../src/base/errors.js');
    b.hooks.before = (call) => {
      if (call.startsWith('write')) throw new SyncError('no-space', 'quota');
    };
    const result = await b.pull();
    expect(result).toMatchObject({
      outcome: 'up-to-date',
      warnings: [expect.stringContaining('could not be sent yet')],
    });
    b.hooks.before = () => undefined;
    expect((await b.push()).outcome).toBe('sent');
  });
});

describe('changed here, newer there', () => {
  it('other worlds and files: both, here and there, and it is said', async () => {
    const { cloud, a, b } = await twoPcs();
    a.put('saves/A/level.dat', 'of a');
    a.put('screenshots/1.png', 'a');
    await a.push();
    b.put('saves/B/level.dat', 'of b');
    b.put('options.txt', 'fov:90');
    const result = await b.pull();
    expect(result).toMatchObject({
      outcome: 'updated',
      merged: { fromHere: ['saves/B', 'options.txt'], fromCloud: ['saves/A', 'screenshots/1.png'] },
    });
    expect(await heads(cloud)).toBe(1);
    await a.pull();
    expect(a.files()).toEqual(b.files());
    expect(a.files().get('saves/A/level.dat')).toBe('of a');
    expect(a.files().get('saves/B/level.dat')).toBe('of b');
    expect((await tagsOf(cloud)).flat()).toContain('merge');
  });

  async function conflicting(): Promise<{ cloud: TestCloud; a: TestPc; b: TestPc }> {
    const made = await twoPcs();
    made.a.put('saves/A/level.dat', 'of a');
    await made.a.push();
    made.b.put('saves/A/region/r.0.0.mca', 'of b');
    made.b.put('saves/B/level.dat', 'of b');
    return made;
  }

  it('the same world: a conflict, which changes nothing unless somebody decides', async () => {
    const { cloud, b } = await conflicting();
    const before = b.files();
    const asked: Conflict[] = [];
    const error = await b.pull({ onConflict: notedIn(asked) }).catch((one) => one);
    expect(error).toMatchObject({ code: 'conflict', details: { conflict: asked[0] } });
    expect(asked).toMatchObject([
      {
        reason: 'both-changed',
        local: { where: 'this-pc' },
        cloud: { where: 'cloud', time: expect.any(String) },
        units: [{ id: 'saves/A', kind: 'world', local: { files: 2 }, cloud: { files: 2 } }],
      },
    ]);
    expect(b.files()).toEqual(before);
    expect(await cloud.snapshots()).toHaveLength(2);
  });

  it.each(['local', 'cloud', 'keep-both'] as const)(
    '%s: the loser is in the history and in the trash',
    async (choice) => {
      const { cloud, a, b } = await conflicting();
      const before = b.files();
      expect(await codeOf(b.pull({ onConflict: choice }))).toBe('ok');
      expect(await heads(cloud)).toBe(1);
      const contents = await Promise.all((await cloud.snapshots()).map(({ id }) => cloud.content(id)));
      expect(contents.some((content) => content.get('saves/A/region/r.0.0.mca') === 'of b')).toBe(true);
      expect(contents.some((content) => content.get('saves/A/level.dat') === 'of a')).toBe(true);
      const here = b.files();
      expect(here.get('saves/B/level.dat')).toBe('of b');
      const mine = choice === 'cloud' ? ['of a', 'a region'] : ['a', 'of b'];
      expect([here.get('saves/A/level.dat'), here.get('saves/A/region/r.0.0.mca')]).toEqual(mine);
      if (choice === 'cloud') expect(b.trash()).toContain(before.get('saves/A/region/r.0.0.mca'));
      const second = [...here].filter(([path]) => path.startsWith('saves/A (cloud '));
      expect(second.map(([, content]) => content)).toEqual(choice === 'keep-both' ? ['of a', 'a region'] : []);
      const loser = (await tagsOf(cloud)).flat().some((tag) => tag.startsWith('conflict-loser'));
      expect(loser).toBe(choice !== 'keep-both');
      await a.pull();
      expect(a.files()).toEqual(here);
      for (const pc of [a, b]) expect((await pc.push()).outcome).toBe('nothing-to-send');
    },
  );

  it('by unit: each as it was chosen', async () => {
    const { a, b } = await conflicting();
    a.put('options.txt', 'fov:80');
    await a.push();
    b.put('options.txt', 'fov:90');
    const onConflict = { default: 'abort', units: { 'saves/A': 'local', 'options.txt': 'cloud' } } as const;
    expect(await codeOf(b.pull({ onConflict }))).toBe('ok');
    expect(b.files().get('options.txt')).toBe('fov:80');
    expect(b.files().get('saves/A/region/r.0.0.mca')).toBe('of b');
    await a.pull();
    expect(a.files()).toEqual(b.files());
  });

  it('keep both: the game shows the second world by a name of its own', async () => {
    const { a, b } = await twoPcs();
    writeFileSync(join(a.game, 'saves/A/level.dat'), levelDat('My World', 1));
    await a.push();
    writeFileSync(join(b.game, 'saves/A/level.dat'), levelDat('My World', 2));
    const result = await b.pull({ onConflict: 'keep-both' });
    const name = 'merged' in result ? result.merged?.secondNames['saves/A'] : undefined;
    const [own, second] = ['saves/A', name ?? ''].map((folder) => readFileSync(join(b.game, folder, 'level.dat')));
    expect(own && readLevelName(own)).toBe('My World');
    expect(second && readLevelName(second)).toMatch(/^My World \(cloud \d{4}-\d\d-\d\d\)$/);
    expect(gunzipSync(second ?? '').length).toBeGreaterThan(0);
  });

  it('a world deleted there and played here', async () => {
    const { a, b } = await twoPcs();
    a.remove('saves/B');
    await a.push({ onDeletion: 'send' });
    b.put('saves/B/level.dat', 'played');
    expect(await codeOf(b.pull())).toBe('conflict');
    expect(await codeOf(b.pull({ onConflict: 'keep-both' }))).toBe('ok');
    expect(b.files().get('saves/B/level.dat')).toBe('played');
    await a.pull();
    expect(a.files()).toEqual(b.files());
  });

  it('a file there where a folder is here', async () => {
    const { a, b } = await twoPcs();
    a.put('config/new', 'file');
    await a.push();
    b.put('config/new/deep', 'folder');
    expect(await codeOf(b.pull())).toBe('conflict');
    expect(await codeOf(b.pull({ onConflict: 'keep-both' }))).toBe('ok');
    expect(b.files().get('config/new/deep')).toBe('folder');
    await a.pull();
    expect(a.files()).toEqual(b.files());
    expect([...a.files().values()]).toContain('file');
  });
});

describe('two heads from one base', () => {
  async function forked(): Promise<{ cloud: TestCloud; a: TestPc; b: TestPc }> {
    const made = await twoPcs();
    made.a.put('saves/A/level.dat', 'of a');
    made.b.put('saves/A/level.dat', 'of b');
    await made.a.push();
    expect(await codeOf(made.b.push())).toBe('conflict');
    expect(await heads(made.cloud)).toBe(2);
    return made;
  }

  it.each(['a', 'b', 'new'] as const)('are told to PC %s by its next pull, and settled there for all', async (who) => {
    const made = await forked();
    const late = await made.cloud.pc();
    const pc = { ...made, new: late }[who];
    const before = pc.files();
    expect(await codeOf(pc.pull())).toBe('conflict');
    expect(pc.files()).toEqual(before);
    expect(await codeOf(pc.pull({ onConflict: 'keep-both' }))).toBe('ok');
    expect(await heads(made.cloud)).toBe(1);
    for (const other of [made.a, made.b, late]) {
      expect(await codeOf(other.pull())).toBe('ok');
      expect(other.files()).toEqual(pc.files());
    }
    const levels = [...pc.files()].filter(([path]) => path.endsWith('level.dat')).map(([, content]) => content);
    expect(levels.sort()).toEqual(['b', 'of a', 'of b']);
  });

  it('of other worlds: the second push makes them one', async () => {
    const { cloud, a, b } = await twoPcs();
    a.put('saves/A/level.dat', 'of a');
    b.put('saves/B/level.dat', 'of b');
    await a.push();
    expect(await b.push()).toMatchObject({
      outcome: 'sent',
      merged: { fromHere: ['saves/B'], fromCloud: ['saves/A'] },
    });
    expect(b.files().get('saves/A/level.dat')).toBe('a');
    for (const pc of [a, b]) expect(await codeOf(pc.pull())).toBe('ok');
    expect(a.files()).toEqual(b.files());
    expect(await heads(cloud)).toBe(1);
  });

  it('a push can settle them too', async () => {
    const { a, b } = await forked();
    b.put('options.txt', 'fov:100');
    expect(await b.push({ onConflict: 'local' })).toMatchObject({ outcome: 'sent', merged: {} });
    for (const pc of [a, b]) expect(await codeOf(pc.pull())).toBe('ok');
    expect(a.files()).toEqual(b.files());
    expect(a.files().get('saves/A/level.dat')).toBe('of b');
  });
});

describe('no state here', () => {
  it('worlds here and there: first contact, never a blind restore', async () => {
    const { cloud } = await twoPcs();
    const pc = await cloud.pc();
    pc.put('saves/Mine/level.dat', 'mine');
    pc.put('saves/A/level.dat', 'another a');
    const before = pc.files();
    const asked: Conflict[] = [];
    expect(await codeOf(pc.pull({ onConflict: notedIn(asked) }))).toBe('conflict');
    expect(asked).toMatchObject([{ reason: 'first-contact', units: [{ id: 'saves/A' }] }]);
    expect(pc.files()).toEqual(before);
    expect(await codeOf(pc.pull({ onConflict: 'keep-both' }))).toBe('ok');
    const files = pc.files();
    expect(files.get('saves/A/level.dat')).toBe('another a');
    expect(files.get('saves/Mine/level.dat')).toBe('mine');
    expect(files.get('saves/B/level.dat')).toBe('b');
    expect([...files.values()]).toContain('a');
  });

  it('no worlds here: the cloud comes, and the settings that were here are in the trash', async () => {
    const { cloud, a } = await twoPcs();
    const pc = await cloud.pc();
    pc.put('options.txt', 'default');
    expect(await codeOf(pc.pull())).toBe('ok');
    expect(pc.files()).toEqual(a.files());
    expect(pc.trash()).toContain('default');
  });

  it('an empty cloud: the first push fills it', async () => {
    const cloud = await newCloud();
    const pc = await cloud.pc();
    pc.put('saves/A/level.dat', 'a');
    expect((await pc.pull()).outcome).toBe('nothing-in-cloud');
    expect((await pc.push()).outcome).toBe('sent');
  });
});

describe('a mass deletion', () => {
  it.each(['push', 'pull'] as const)('a whole world, or all files: %s stops', async (command) => {
    for (const paths of [['saves/A'], ['saves', 'options.txt', 'config']]) {
      const { cloud, b } = await twoPcs();
      for (const path of paths) b.remove(path);
      const asked: Deletion[] = [];
      expect(await codeOf(b[command]({ onDeletion: notedIn(asked) }))).toBe('conflict');
      expect(asked).toHaveLength(1);
      expect(asked[0]?.worlds).toContain('saves/A');
      expect(await codeOf(b[command]())).toBe('conflict');
      expect(await cloud.snapshots()).toHaveLength(1);
    }
  });

  it('that was meant goes to the cloud; one that was not comes back', async () => {
    const { a, b } = await twoPcs();
    const before = b.files();
    b.remove('saves/A');
    expect(await codeOf(b.pull({ onDeletion: 'restore' }))).toBe('ok');
    expect(b.files()).toEqual(before);
    b.remove('saves/A');
    expect((await b.push({ onDeletion: 'send' })).outcome).toBe('sent');
    await a.pull();
    expect(a.files().has('saves/A/level.dat')).toBe(false);
    expect(a.trash()).toContain('a region');
  });

  it('comes back also where the cloud has news, and where only part of it is gone', async () => {
    const { a, b } = await twoPcs();
    a.put('options.txt', 'fov:80');
    await a.push();
    b.remove('saves/A');
    expect(await codeOf(b.pull({ onDeletion: 'restore' }))).toBe('ok');
    expect(b.files()).toEqual(a.files());
  });

  it('is no renamed world, and no change of the scope', async () => {
    const { b } = await twoPcs();
    b.rename('saves/A', 'saves/Renamed');
    expect((await b.push()).outcome).toBe('sent');
    b.setScope({ include: ['options.txt'] });
    b.put('options.txt', 'fov:75');
    expect((await b.push()).outcome).toBe('sent');
    b.setScope(undefined);
    expect(await codeOf(b.pull())).toBe('ok');
    expect(b.files().get('saves/Renamed/level.dat')).toBe('a');
  });
});

describe('a copied instance', () => {
  it('asks; a copy becomes an instance of its own, a moved one stays', async () => {
    const { cloud, a } = await twoPcs();
    const copy = `${a.game}-copy`;
    cpSync(a.game, copy, { recursive: true });
    const asked: Relocation[] = [];
    expect(await codeOf(a.pull({ packFolder: copy, onRelocation: notedIn(asked) }))).toBe('relocated');
    expect(asked).toMatchObject([{ stillThere: true }]);
    expect(await codeOf(a.push({ packFolder: copy }))).toBe('relocated');
    expect(await codeOf(a.pull({ packFolder: copy, onRelocation: 'copied' }))).not.toBe('relocated');
    const settings = (folder: string): unknown =>
      JSON.parse(readFileSync(join(folder, '.cloud-sync/sync.json'), 'utf8')).instance_id;
    expect(settings(copy)).not.toBe(settings(a.game));
    const moved = `${a.game}-moved`;
    renameSync(a.game, moved);
    expect(await codeOf(a.pull({ packFolder: moved }))).toBe('ok');
    expect(await cloud.snapshots()).toHaveLength(1);
  });
});

describe('a world in use', () => {
  onPosix('is left alone by pull, and sent only when told so', async () => {
    const { a, b } = await twoPcs();
    const inUse = await import('../../src/sync/folder/world-in-use.js');
    a.put('saves/A/level.dat', 'played');
    await a.push();
    b.put('saves/B/level.dat', 'playing');
    vi.spyOn(inUse, 'worldsInUse').mockResolvedValue(['saves/B']);
    expect(await codeOf(b.push())).toBe('in-use');
    expect(await codeOf(b.pull())).toBe('in-use');
    expect(b.files().get('saves/A/level.dat')).toBe('a');
    vi.restoreAllMocks();
  });
});

describe('a newer program', () => {
  it('its snapshots are not touched by this one', async () => {
    const { cloud, a, b } = await twoPcs();
    await cloud.foreign({ 'options.txt': 'new' }, { tags: ['format:2'], programVersion: 'instance-sync 9.0.0' });
    for (const pc of [a, b]) {
      pc.put('saves/A/level.dat', 'played');
      expect(await codeOf(pc.pull())).toBe('unsupported');
      expect(await codeOf(pc.push())).toBe('unsupported');
      expect(pc.files().get('saves/A/level.dat')).toBe('played');
    }
  });

  it('of which only tags and fields are unknown is read as any other', async () => {
    const { cloud, a, b } = await twoPcs();
    const [first] = await cloud.snapshots();
    if (first === undefined) throw new Error('no snapshot');
    const newer = { parent: first.id, tags: ['instance-sync', 'mood:good'], programVersion: 'instance-sync 9.0.0' };
    await cloud.foreign({ ...START, 'options.txt': 'new' }, newer);
    for (const pc of [a, b]) {
      expect(await codeOf(pc.pull())).toBe('ok');
      expect(pc.files().get('options.txt')).toBe('new');
    }
  });
});
