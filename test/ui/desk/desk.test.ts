/** The desk at work against the embedded server: two PCs of a player, from setup to the empty trash. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunningServer } from '../../../src/index.js';
import { codeOf } from '../../helpers/two-pcs.js';
import { levelDat } from '../../sync/level-dat.js';
import { type DeskPc, newPc, startCloud, TOKEN } from './desk-env.js';

vi.mock('../../../src/base/sleep.js', () => import('../../helpers/no-wait.js'));
vi.mock('../../../src/crypto/kdf.js', async (original) => ({
  ...(await original<typeof import('../../../src/crypto/kdf.js')>()),
  DEFAULT_SCRYPT: { N: 128, r: 1, p: 1 },
}));

const PNG = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]);
let server: RunningServer;
beforeAll(async () => {
  server = await startCloud();
});

async function setUp(pc: DeskPc, url: string, instanceId?: string): Promise<string> {
  const input = { url, token: TOKEN, preset: 'personal' as const };
  const { instance } = await pc.ask('finish-setup', instanceId === undefined ? input : { ...input, instanceId });
  return instance;
}

describe('the life of an instance', () => {
  const [one, two] = [newPc({ name: 'Survival' }), newPc({ name: 'Other name' })];
  let [first, second, version] = ['', '', ''];

  it('a PC is set up: nothing is stored before the end, and the code is shown once', async () => {
    one.put('saves/Home/level.dat', levelDat('Home sweet <b>home</b>', 1));
    one.put('saves/Home/icon.png', PNG);
    one.put('options.txt', 'fov:1');
    expect(await one.ask('setup', {})).toEqual({ packFolder: one.game, label: 'Survival', hasToken: false });
    const checked = await one.ask('check-server', { url: server.url, token: TOKEN });
    expect(checked).toEqual({ instances: [], isNewAccount: true });
    const { presets } = await one.ask('presets', {});
    expect(presets.map(({ preset, files }) => [preset, files])).toEqual([
      ['worlds', 2],
      ['personal', 3],
      ['everything', 3],
    ]);
    expect(existsSync(join(one.game, '.cloud-sync'))).toBe(false);
    const result = await one.ask('finish-setup', { url: server.url, token: TOKEN, preset: 'personal' });
    expect(result).toMatchObject({
      preHook: expect.stringContaining('"/opt/instance-sync.mjs" pull'),
      postHook: expect.stringContaining('"/opt/instance-sync.mjs" push'),
      launcher: { name: 'testlauncher', linesAreThere: false },
      recoveryCode: expect.stringMatching(/^\S{20,}/),
      warnings: [],
    });
    first = result.instance;
    expect(await one.ask('setup', {})).toMatchObject({ url: server.url, hasToken: true });
    const again = await one.ask('finish-setup', { url: server.url, preset: 'personal' });
    expect([again.instance, again.recoveryCode]).toEqual([first, undefined]);
  });

  it('its lines go into the launcher', async () => {
    const { file } = await one.ask('write-hooks', { instance: first });
    expect(file).toBe(one.config);
    expect(readFileSync(one.config, 'utf8')).toContain('/opt/instance-sync.mjs');
    const { launcher } = await one.ask('finish-setup', { url: server.url, preset: 'personal' });
    expect(launcher).toMatchObject({ linesAreThere: true });
  });

  it('it is sent, and the window follows the work', async () => {
    const before = await one.ask('stand', { instance: first });
    expect(before).toMatchObject({ cloud: 'empty', unsent: { added: 3 }, openConflict: false, trashBytes: 0 });
    const end = await one.finish('sync', { instance: first, task: 'push' });
    expect(end).toMatchObject({ outcome: 'done', task: 'push', files: { added: 3 }, warnings: [] });
    expect(one.views[0]).toMatchObject({ view: 'progress', task: 'push', label: 'Survival', mayStop: 'later' });
    const { instances } = await one.ask('instances', {});
    expect(instances).toMatchObject([
      { id: first, label: 'Survival', packFolder: one.game, here: true, state: 'ready' },
    ]);
    expect(instances[0]?.lastSync).toMatch(/^\d{4}-/);
    expect(await one.desk.icon(instances[0]?.icon ?? '', new AbortController().signal)).toEqual(Buffer.from(PNG));
    expect(one.views.at(-1)).toEqual({ view: 'home', start: 'status', instance: first });
    const shown = one.views.length;
    await one.ask('instances', {});
    expect(one.views).toHaveLength(shown);
  });

  it('how it stands, with the names and pictures of worlds', async () => {
    const stand = await one.ask('stand', { instance: first });
    expect(stand).toMatchObject({ cloud: 'same', preset: 'personal', files: 3, unsent: { added: 0, changed: 0 } });
    expect(stand.cloudBytes).toBeGreaterThan(0);
    const [world] = stand.worlds;
    expect(world).toMatchObject({ id: 'saves/Home', name: 'Home sweet <b>home</b>' });
    expect(await one.desk.icon(world?.icon ?? '', new AbortController().signal)).toEqual(Buffer.from(PNG));
    expect(await one.desk.icon('no such id', new AbortController().signal)).toBeUndefined();
  });

  it('a second PC finds it by name, and pulls', async () => {
    const { instances, isNewAccount } = await two.ask('check-server', { url: server.url, token: TOKEN });
    expect([instances, isNewAccount]).toMatchObject([[{ label: 'Survival' }], false]);
    second = await setUp(two, server.url, instances[0]?.id);
    expect(await two.finish('sync', { instance: second, task: 'pull' })).toMatchObject({ files: { added: 3 } });
    expect(readFileSync(join(two.game, 'options.txt'), 'utf8')).toBe('fov:1');
  });

  it('the time line, what changed in a version, and what lies in it', async () => {
    two.put('saves/Home/level.dat', levelDat('Home', 2));
    two.put('saves/Home/region/r.0.0.mca', 'chunks');
    await two.finish('sync', { instance: second, task: 'push' });
    await one.finish('sync', { instance: first, task: 'pull' });
    const { versions, total, hasMore } = await one.ask('history', { instance: first });
    expect([versions.length, total, hasMore]).toEqual([2, 2, false]);
    expect(versions[0]).toMatchObject({
      isHead: true,
      isHere: true,
      worlds: [{ id: 'saves/Home', state: 'changed', files: 2 }],
      otherFiles: 0,
    });
    expect((await one.ask('history', { instance: first, limit: '1' })).hasMore).toBe(true);
    version = versions[1]?.id ?? '';
    const changes = await one.ask('changes', { instance: first, version: versions[0]?.id ?? '' });
    expect(changes.changes.map(({ path, change }) => `${change} ${path}`)).toEqual([
      'changed saves/Home/level.dat',
      'added saves/Home/region/r.0.0.mca',
    ]);
    // A window that has not listed them looks them up; the first version has added all that it has.
    const other = one.again(one.game);
    const { changes: all } = await other.ask('changes', { instance: await idOf(other), version });
    expect(all.map(({ path, change }) => `${change} ${path}`)).toEqual([
      'added options.txt',
      'added saves/Home/icon.png',
      'added saves/Home/level.dat',
    ]);
    const root = await one.ask('folder', { instance: first, version, path: '' });
    expect(root.entries).toMatchObject([
      { path: 'saves', name: 'saves', type: 'dir' },
      { path: 'options.txt', type: 'file', size: 5, time: '2023-11-14T22:13:20.123Z' },
    ]);
    const home = await one.ask('folder', { instance: first, version, path: 'saves/Home' });
    expect(home.entries.map(({ name }) => name)).toEqual(['icon.png', 'level.dat']);
  });

  it('one file back from it, undone again, and the trash emptied', async () => {
    const level = join(one.game, 'saves/Home/level.dat');
    const now = readFileSync(level);
    const part = { instance: first, version, path: 'saves/Home/level.dat' };
    expect(await one.ask('plan-restore', part)).toMatchObject({ added: 0, changed: 1, removed: 0 });
    expect(readFileSync(level)).toEqual(now);
    expect(await one.finish('restore', part)).toMatchObject({ outcome: 'done', files: { changed: 1 } });
    expect(readFileSync(level)).not.toEqual(now);
    expect(await one.ask('plan-undo', { instance: first })).toMatchObject({
      possible: true,
      command: 'restore',
      worlds: ['saves/Home'],
      files: 1,
      changedSince: 0,
    });
    expect(await one.finish('undo', { instance: first })).toMatchObject({ outcome: 'done', files: { changed: 1 } });
    expect(readFileSync(level)).toEqual(now);
    const trash = await one.ask('trash', { instance: first });
    expect(trash.generations.length).toBeGreaterThan(1);
    expect(trash.generations[0]).toMatchObject({ from: 'undo', isNext: true, worlds: ['saves/Home'] });
    const { bytes } = await one.ask('empty-trash', { instance: first });
    expect(bytes).toBe(trash.bytes);
    expect(await one.ask('trash', { instance: first })).toEqual({ generations: [], bytes: 0 });
    expect(await one.ask('plan-undo', { instance: first })).toEqual({ possible: false });
  });

  it('a conflict is asked in the window; what nobody settles changes nothing, and is told as open', async () => {
    one.put('saves/Home/level.dat', levelDat('Home', 3));
    one.put('config/mine.toml', 'one');
    two.put('saves/Home/level.dat', levelDat('Home', 4));
    await two.finish('sync', { instance: second, task: 'push' });
    const asked = one.shown('conflict');
    const ended = one.shown('end');
    await one.ask('sync', { instance: first, task: 'pull' });
    const { question, units, task, label } = await asked;
    expect({ task, label, units }).toMatchObject({
      task: 'pull',
      label: 'Survival',
      units: [{ id: 'saves/Home', kind: 'world', name: 'Home', choices: ['local', 'cloud', 'keep-both'] }],
    });
    expect(await one.desk.icon(units[0]?.icon ?? '', new AbortController().signal)).toEqual(Buffer.from(PNG));
    const wrong = one.ask('answer', { question: 'another', answer: { kind: 'cancel' } });
    expect(await codeOf(wrong)).toBe('not-found');
    await one.ask('answer', { question, answer: { kind: 'cancel' } });
    expect(await ended).toMatchObject({ outcome: 'cancelled', task: 'pull' });
    expect((await one.ask('stand', { instance: first })).openConflict).toBe(true);
    expect((await two.ask('stand', { instance: second })).openConflict).toBe(false);
    expect(readFileSync(join(one.game, 'saves/Home/level.dat'))).toEqual(levelDat('Home', 3));
  });

  it('it is settled, world by world', async () => {
    const asked = one.shown('conflict');
    const ended = one.shown('end');
    await one.ask('sync', { instance: first, task: 'pull' });
    const { question } = await asked;
    const half = one.ask('answer', { question, answer: { kind: 'conflict', units: {} } });
    expect(await codeOf(half)).toBe('usage');
    await one.ask('answer', { question, answer: { kind: 'conflict', units: { 'saves/Home': 'cloud' } } });
    expect(await ended).toMatchObject({ outcome: 'done', task: 'pull' });
    expect(readFileSync(join(one.game, 'saves/Home/level.dat'))).toEqual(levelDat('Home', 4));
    expect((await one.ask('stand', { instance: first })).openConflict).toBe(false);
    const late = one.ask('answer', { question, answer: { kind: 'cancel' } });
    expect(await codeOf(late)).toBe('not-found');
  });

  it('a world that is gone is asked about; a window that is gone decides nothing', async () => {
    rmSync(join(one.game, 'saves/Home'), { recursive: true });
    const asked = one.shown('deletion');
    const ended = one.shown('end');
    await one.ask('sync', { instance: first, task: 'push' });
    expect(await asked).toMatchObject({ worlds: ['Home'] });
    await one.desk.idle();
    expect(await ended).toMatchObject({ outcome: 'cancelled' });
    const left = one.again(one.game);
    const unasked = left.shown('end');
    await left.ask('sync', { instance: await idOf(left), task: 'push' });
    await left.desk.idle();
    expect(await unasked).toMatchObject({ outcome: 'cancelled' });
    expect(left.views.map(({ view }) => view)).not.toContain('deletion');
    const other = one.again(one.game);
    const [again, end] = [other.shown('deletion'), other.shown('end')];
    await other.ask('sync', { instance: await idOf(other), task: 'pull' });
    const { question } = await again;
    await other.ask('answer', { question, answer: { kind: 'deletion', deletion: 'restore' } });
    expect(await end).toMatchObject({ outcome: 'done', warnings: [] });
    expect(existsSync(join(one.game, 'saves/Home/level.dat'))).toBe(true);
  });

  it('what a push finds gone, and shall be there again, comes back', async () => {
    rmSync(join(one.game, 'saves/Home'), { recursive: true });
    const other = one.again(one.game);
    const [asked, end] = [other.shown('deletion'), other.shown('end')];
    await other.ask('sync', { instance: await idOf(other), task: 'push' });
    const { question } = await asked;
    await other.ask('answer', { question, answer: { kind: 'deletion', deletion: 'restore' } });
    expect(await end).toMatchObject({ outcome: 'done', warnings: [] });
    expect(existsSync(join(one.game, 'saves/Home/level.dat'))).toBe(true);
  });

  it('it is switched off, and then leaves the list', async () => {
    await two.ask('disable', { instance: second });
    expect(await codeOf(two.ask('stand', { instance: second }))).toBe('not-found');
    const other = two.again();
    expect((await other.ask('instances', {})).instances).toMatchObject([{ state: 'off', here: false }]);
    await other.ask('disable', { instance: await idOf(other) });
    expect((await other.ask('instances', {})).instances).toEqual([]);
    expect(existsSync(join(two.game, 'saves/Home/level.dat'))).toBe(true);
  });

  it('a folder that is gone is shown as missing', async () => {
    rmSync(one.game, { recursive: true });
    const other = one.again();
    const { instances } = await other.ask('instances', {});
    expect(instances).toMatchObject([{ label: 'Survival', state: 'missing', packFolder: one.game }]);
    await other.ask('disable', { instance: instances[0]?.id ?? '' });
    expect((await other.ask('instances', {})).instances).toEqual([]);
  });
});

async function idOf(pc: DeskPc): Promise<string> {
  return (await pc.ask('instances', {})).instances[0]?.id ?? '';
}
