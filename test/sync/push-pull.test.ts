/** push and pull of two PCs, decision by decision; the random walks over all of them are in sync-property.test.ts. */

import { describe, expect, it, vi } from 'vitest';
import { onPosix } from '../helpers/only-where.js';
import { codeOf, newCloud, type TestCloud, type TestPc } from '../helpers/two-pcs.js';

vi.mock('../../src/base/sleep.js', () => import('../helpers/no-wait.js'));

/** A has pushed, B has pulled. */
async function twoPcs(files: Record<string, string> = {}): Promise<{ cloud: TestCloud; a: TestPc; b: TestPc }> {
  const cloud = await newCloud();
  const [a, b] = [await cloud.pc(), await cloud.pc()];
  const all = { 'options.txt': 'fov:70', 'saves/World/level.dat': 'one', ...files };
  for (const [path, content] of Object.entries(all)) a.put(path, content);
  expect((await a.push()).outcome).toBe('sent');
  expect((await b.pull()).outcome).toBe('updated');
  expect(b.files()).toEqual(a.files());
  return { cloud, a, b };
}

describe('two PCs', () => {
  it('hand a world to each other', async () => {
    const { cloud, a, b } = await twoPcs();
    b.put('saves/World/level.dat', 'two');
    b.put('saves/World/region/r.0.0.mca', 'chunks');
    b.remove('options.txt');
    expect(await b.push()).toMatchObject({ outcome: 'sent', files: { added: 1, changed: 1, removed: 1 } });
    expect(await a.pull()).toMatchObject({ outcome: 'updated', files: { added: 1, changed: 1, removed: 1 } });
    expect(a.files()).toEqual(b.files());
    expect(a.trash()).toEqual(expect.arrayContaining(['one', 'fov:70']));
    expect(await cloud.snapshots()).toHaveLength(2);
  });

  it('ask nothing and send nothing when nothing changed', async () => {
    const { cloud, a, b } = await twoPcs();
    for (const pc of [a, b]) {
      expect((await pc.push()).outcome).toBe('nothing-to-send');
      const calls: string[] = [];
      pc.hooks.before = (call) => void calls.push(call);
      expect((await pc.push()).outcome).toBe('nothing-to-send');
      expect(calls).toEqual([]);
      expect((await pc.pull()).outcome).toBe('up-to-date');
      expect(calls).toEqual(['list snapshots']);
    }
    expect(await cloud.snapshots()).toHaveLength(1);
  });

  it('stop where both changed the same, and what was refused is in the history too', async () => {
    const { cloud, a, b } = await twoPcs();
    a.put('saves/World/level.dat', 'from a');
    b.put('saves/World/level.dat', 'from b');
    await a.push();
    const before = b.files();
    expect(await codeOf(b.push())).toBe('conflict');
    expect(await codeOf(b.pull())).toBe('conflict');
    expect(b.files()).toEqual(before);
    expect(await cloud.snapshots()).toHaveLength(3);
    expect(await codeOf(a.pull())).toBe('conflict');
  });

  it('meet where both did the same', async () => {
    const { cloud, a, b } = await twoPcs();
    for (const pc of [a, b]) pc.put('saves/World/level.dat', 'the same');
    await a.push();
    expect((await b.push()).outcome).toBe('nothing-to-send');
    expect((await b.pull()).outcome).toBe('up-to-date');
    expect(await cloud.snapshots()).toHaveLength(2);
  });

  it('meet for the first time only where no world is lost', async () => {
    const { cloud, a } = await twoPcs();
    const copied = await cloud.pc();
    for (const [path, content] of a.files()) copied.put(path, content);
    copied.put('options.txt', 'fov:90');
    copied.put('servers.dat', 'mine');
    expect(await copied.pull()).toMatchObject({ outcome: 'updated', files: { changed: 1, added: 0, removed: 0 } });
    expect(copied.files().get('servers.dat')).toBe('mine');
    expect(copied.trash()).toContain('fov:90');
    const strange = await cloud.pc();
    strange.put('saves/Mine/level.dat', 'mine');
    strange.put('options.txt', 'fov:90');
    expect(await codeOf(strange.pull())).toBe('conflict');
    expect(await codeOf(strange.push())).toBe('conflict');
    expect(await codeOf(strange.pull())).toBe('conflict');
  });

  it('turn files into folders and back', async () => {
    const { a, b } = await twoPcs({ 'config/x': 'file', 'config/y/z': 'in folder' });
    a.remove('config/x');
    a.put('config/x/deep/er', 'folder now');
    a.remove('config/y');
    a.put('config/y', 'file now');
    await a.push();
    await b.pull();
    expect(b.files().get('config/x/deep/er')).toBe('folder now');
    expect(b.files().get('config/y')).toBe('file now');
  });

  it('move nothing away that is not synchronised', async () => {
    const { a, b } = await twoPcs({ 'config/y/z': 'in folder' });
    b.put('config/y/own.log', 'never sent');
    a.remove('config/y');
    a.put('config/y', 'file now');
    await a.push();
    const before = b.files();
    expect(await codeOf(b.pull())).toBe('conflict');
    expect(b.files()).toEqual(before);
  });
});

describe('what a PC keeps to itself', () => {
  it('held entries outlive every push of that PC', async () => {
    const { cloud, a, b } = await twoPcs({ 'config/mod.toml': 'a', 'config/other.toml': 'a' });
    b.setScope({ exclude: ['config/**'] });
    expect((await b.pull()).outcome).toBe('up-to-date');
    for (let i = 0; i < 3; i++) {
      b.put('options.txt', `fov:${i}`);
      expect((await b.push()).outcome).toBe('sent');
      await a.pull();
      a.put('config/other.toml', `a ${i}`);
      await a.push();
      await b.pull();
    }
    const head = (await cloud.snapshots()).find(({ id }) => id !== undefined);
    expect(head).toBeDefined();
    expect(a.files().get('config/mod.toml')).toBe('a');
    expect(a.files().get('config/other.toml')).toBe('a 2');
    // What was there when the scope became narrower stays as it was.
    expect(b.files().get('config/other.toml')).toBe('a');
  });

  it('a narrower scope deletes nothing anywhere, whichever command sees it first', async () => {
    for (const first of ['push', 'pull'] as const) {
      const { a, b } = await twoPcs({ 'config/mod.toml': 'a' });
      b.setScope({ preset: 'worlds' });
      await b[first]();
      b.remove('config');
      b.put('saves/World/level.dat', 'two');
      expect(await b.push()).toMatchObject({ files: { added: 0, changed: 1, removed: 0 } });
      await a.pull();
      expect(a.files().get('config/mod.toml')).toBe('a');
      b.setScope(undefined);
      expect((await b.pull()).outcome).toBe('updated');
      expect(b.files()).toEqual(a.files());
    }
  });

  it('what comes into scope comes with the next pull, also if a push was first', async () => {
    const { a, b } = await twoPcs({ 'config/mod.toml': 'a' });
    const c = b;
    c.setScope({ preset: 'worlds' });
    await c.pull();
    c.remove('config');
    c.setScope(undefined);
    expect((await c.push()).outcome).toBe('nothing-to-send');
    c.put('saves/World/level.dat', 'two');
    await c.push();
    expect((await c.pull()).outcome).toBe('updated');
    await a.pull();
    expect(c.files()).toEqual(a.files());
  });

  it('a folder that is empty for this PC alone is no change', async () => {
    const { cloud, a, b } = await twoPcs({ 'screenshots/1.png': 'picture' });
    b.setScope({ exclude: ['screenshots/*.png'] });
    b.remove('screenshots/1.png');
    b.mkdir('screenshots');
    expect((await b.pull()).outcome).toBe('up-to-date');
    expect((await b.push()).outcome).toBe('nothing-to-send');
    a.put('options.txt', 'fov:80');
    await a.push();
    expect((await b.pull()).outcome).toBe('updated');
    expect((await b.push()).outcome).toBe('nothing-to-send');
    expect(await cloud.snapshots()).toHaveLength(2);
    expect(a.files().get('screenshots/1.png')).toBe('picture');
  });

  it('a world that was out of scope is not mixed with the one of the cloud', async () => {
    const { cloud, a, b } = await twoPcs();
    b.setScope({ include: ['options.txt'] });
    await b.pull();
    // B played on in its own copy; A too.
    b.put('saves/World/level.dat', 'months ago');
    a.put('saves/World/level.dat', 'today');
    a.put('saves/World/region/r.0.0.mca', 'chunks');
    await a.push();
    await b.pull();
    b.setScope(undefined);
    const before = b.files();
    expect(await codeOf(b.pull())).toBe('conflict');
    expect(await codeOf(b.push())).toBe('conflict');
    expect(b.files()).toEqual(before);
    expect(await cloud.snapshots()).toHaveLength(2);
    b.rename('saves/World', 'World of mine');
    expect((await b.pull()).outcome).toBe('updated');
    expect(b.files().get('saves/World/level.dat')).toBe('today');
  });

  onPosix('a world that is now a link to another disk is not deleted', async () => {
    const { cloud, a, b } = await twoPcs({ 'saves/Far/level.dat': 'far' });
    b.rename('saves/Far', 'elsewhere');
    b.link('saves/Far', '/somewhere/else');
    expect(await b.push()).toMatchObject({ outcome: 'nothing-to-send' });
    b.put('options.txt', 'fov:80');
    expect(await b.push()).toMatchObject({ files: { removed: 0, changed: 1 } });
    await a.pull();
    a.put('saves/Far/level.dat', 'further');
    await a.push();
    expect(await b.pull()).toMatchObject({ outcome: 'up-to-date' });
    expect(b.files().get('saves/Far')).toBe('-> /somewhere/else');
    b.put('options.txt', 'fov:85');
    await b.push();
    const snapshots = await cloud.snapshots();
    const newest = snapshots.find(({ id }) => snapshots.every(({ snapshot }) => snapshot.parent !== id));
    if (newest === undefined) throw new Error('no head');
    expect((await cloud.content(newest.id)).get('saves/Far/level.dat')).toBe('further');
  });

  it('a file of its own in the place of a folder held for others is refused with a reason', async () => {
    const { cloud, a, b } = await twoPcs({ 'config/x/y': 'a' });
    b.setScope({ exclude: ['config/x/**'] });
    await b.pull();
    b.remove('config/x');
    b.setScope({ exclude: ['config/x/*'] });
    b.put('config/x', 'file');
    const code = await codeOf(b.push());
    expect(['conflict', 'ok']).toContain(code);
    await a.pull();
    expect(await cloud.snapshots()).toHaveLength(code === 'ok' ? 2 : 1);
  });
});

describe('snapshots of other programs', () => {
  it('are pulled, and their secrets and locks are neither taken nor sent on', async () => {
    const cloud = await newCloud();
    await cloud.create();
    const files = {
      'options.txt': '1',
      '.cloud-sync/token': 'secret',
      'saves/W/session.lock': 'x',
      'mods/a.jar': 'jar',
    };
    await cloud.foreign(files, { below: 'home/kim/mc', paths: ['/home/kim/mc'] });
    const pc = await cloud.pc();
    await pc.pull();
    expect([...pc.files().keys()]).toEqual(['options.txt']);
    expect(await codeOf(pc.push())).toBe('ok');
    pc.put('options.txt', '2');
    const sent = await pc.push();
    if (sent.outcome !== 'sent') throw new Error(sent.outcome);
    expect([...(await cloud.content(sent.snapshot)).keys()]).toEqual(['mods/a.jar', 'options.txt']);
  });

  it('of several the newest counts, and the next push follows them all', async () => {
    const cloud = await newCloud();
    await cloud.create();
    const old = await cloud.foreign({ 'options.txt': 'old' }, { time: '2026-01-01T00:00:00Z', hostname: 'x' });
    await cloud.foreign({ 'options.txt': 'new' }, { time: '2026-02-01T00:00:00Z', hostname: 'y' });
    const pc = await cloud.pc();
    await pc.pull();
    expect(pc.files().get('options.txt')).toBe('new');
    pc.put('options.txt', 'newer');
    await pc.push();
    const ours = (await cloud.snapshots()).find(({ snapshot }) => snapshot.programVersion !== undefined);
    expect(ours?.snapshot.tags).toContain(`follows:${old}`);
    const late = await cloud.pc();
    await late.pull();
    expect(late.files().get('options.txt')).toBe('newer');
  });

  it('beside ours are a second head', async () => {
    const { cloud, a, b } = await twoPcs();
    await cloud.foreign({ 'options.txt': 'restic' }, { time: '2020-01-01T00:00:00Z' });
    for (const pc of [a, b]) expect(await codeOf(pc.pull())).toBe('conflict');
    a.put('options.txt', 'new');
    expect(await codeOf(a.push())).toBe('conflict');
  });

  onPosix('cannot put anything outside the game folder', async () => {
    const cloud = await newCloud();
    await cloud.create();
    const evil = { 'saves/W/out': '-> ../../../x', 'saves/W/abs': '-> /etc', 'saves/W/via': '-> l/../../..' };
    await cloud.foreign({ ...evil, 'saves/W/level.dat': '1', 'saves/W/l': '-> level.dat' });
    const pc = await cloud.pc();
    const result = await pc.pull();
    expect([...pc.files().keys()].sort()).toEqual(['saves/W/l', 'saves/W/level.dat']);
    if (result.outcome !== 'updated') throw new Error(result.outcome);
    expect(result.warnings).toHaveLength(3);
    pc.put('saves/W/level.dat', '2');
    const sent = await pc.push();
    if (sent.outcome !== 'sent') throw new Error(sent.outcome);
    expect((await cloud.content(sent.snapshot)).get('saves/W/out')).toBe('-> ../../../x');
  });
});

describe('a cloud that lost something', () => {
  it('went back behind this PC: neither side is taken for newer', async () => {
    const { cloud, a, b } = await twoPcs();
    b.put('saves/World/level.dat', 'two');
    const sent = await b.push();
    if (sent.outcome !== 'sent') throw new Error(sent.outcome);
    await cloud.forget(sent.snapshot);
    expect(await codeOf(b.pull())).toBe('conflict');
    // The other PC goes on from the old state: still not over this one's.
    a.put('saves/World/level.dat', 'three');
    await a.push();
    expect(await codeOf(b.pull())).toBe('conflict');
    b.put('options.txt', 'fov:99');
    expect(await codeOf(b.push())).toBe('conflict');
    expect(b.files().get('saves/World/level.dat')).toBe('two');
  });

  it('forgot old snapshots: all goes on', async () => {
    const { cloud, a, b } = await twoPcs();
    const [first] = await cloud.snapshots();
    for (const pc of [a, b, a]) {
      await pc.pull();
      pc.put('options.txt', `fov:${Math.random()}`);
      await pc.push();
    }
    const all = await cloud.snapshots();
    const base = all.find(({ snapshot }) => snapshot.parent === first?.id);
    if (first === undefined || base === undefined) throw new Error('no chain');
    await cloud.forget(first.id, base.id);
    await b.pull();
    expect(b.files()).toEqual(a.files());
    expect((await (await cloud.pc()).pull()).outcome).toBe('updated');
  });

  it('was begun anew by another PC: not over what is here', async () => {
    const { cloud, a, b } = await twoPcs();
    await cloud.forget(...(await cloud.snapshots()).map(({ id }) => id));
    expect(await codeOf(b.pull())).toBe('no-repository');
    a.put('saves/World/level.dat', 'anew');
    await a.push();
    b.put('saves/World/level.dat', 'mine');
    expect(await codeOf(b.pull())).toBe('conflict');
    expect(await codeOf(b.push())).toBe('conflict');
  });

  it('lost its snapshots and blobs: a push brings all that this PC has, and only that', async () => {
    const cloud = await newCloud();
    const [a, b] = [await cloud.pc(), await cloud.pc()];
    a.put('options.txt', 'fov:1');
    a.put('config/held.toml', 'held');
    await a.push();
    b.setScope({ exclude: ['config/**'] });
    await b.pull();
    for (const type of ['snapshots', 'index', 'data'] as const)
      for (const { name } of await cloud.backend.list(type)) await cloud.backend.remove(type, name);
    b.put('servers.dat', 'new');
    const sent = await b.push();
    if (sent.outcome !== 'sent') throw new Error(sent.outcome);
    expect([...(await cloud.content(sent.snapshot)).keys()]).toEqual(['options.txt', 'servers.dat']);
  });
});
