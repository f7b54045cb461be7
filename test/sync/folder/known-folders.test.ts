import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeFolder } from '../../../src/sync/folder/describe-folder.js';
import { disable, init } from '../../../src/sync/folder/init.js';
import {
  dataFolder,
  forgetFolder,
  type KnownFolder,
  listKnownFolders,
  rememberFolder,
  type UserPlaces,
} from '../../../src/sync/folder/known-folders.js';
import { tempFolder } from '../../helpers/temp.js';

const ID = '01KAT8ZZ000000000000000001';
const OTHER = '01KAT8ZZ000000000000000002';

function newUser(): UserPlaces {
  return { platform: process.platform, env: { INSTANCE_SYNC_HOME: join(tempFolder(), 'data') }, home: '/nowhere' };
}

async function newGame(instanceId: string = ID): Promise<string> {
  const packFolder = tempFolder();
  await init({ packFolder, url: 'http://127.0.0.1:1/', token: 'ann:x', instanceId });
  return packFolder;
}

function entry(folder: string, more: Partial<KnownFolder> = {}): KnownFolder {
  return { instanceId: ID, folder, label: 'Pack', ...more };
}

describe('the list of game folders', () => {
  it.each<[NodeJS.Platform, Record<string, string>, string]>([
    ['linux', {}, '/home/kim/.local/share/instance-sync'],
    ['linux', { XDG_DATA_HOME: '/data' }, '/data/instance-sync'],
    ['linux', { XDG_DATA_HOME: 'relative' }, '/home/kim/.local/share/instance-sync'],
    ['darwin', {}, '/home/kim/Library/Application Support/instance-sync'],
    ['win32', { LOCALAPPDATA: 'C:\\Users\\kim\\AppData\\Local' }, 'C:\\Users\\kim\\AppData\\Local\\instance-sync'],
    ['linux', { INSTANCE_SYNC_HOME: '/elsewhere' }, '/elsewhere'],
  ])("lies in the user's data folder on %s with %j", (platform, env, expected) => {
    expect(dataFolder({ platform, env, home: '/home/kim' })).toBe(expected);
  });

  it('knows what it was told, by label, and forgets what it shall', async () => {
    const user = newUser();
    expect(await listKnownFolders(user)).toEqual([]);
    const [a, b] = [entry('/games/a', { label: 'Zoo' }), entry('/games/b', { label: 'apple', instanceId: OTHER })];
    await rememberFolder({ ...a, lastSync: '2026-11-22T10:00:00.000Z' }, user);
    await rememberFolder(b, user);
    expect((await listKnownFolders(user)).map(({ label }) => label)).toEqual(['apple', 'Zoo']);
    await rememberFolder({ ...a, label: 'Aaa' }, user);
    expect((await listKnownFolders(user))[0]).toEqual({ ...a, label: 'Aaa', lastSync: '2026-11-22T10:00:00.000Z' });
    await forgetFolder(a.folder, user);
    await forgetFolder('/games/never', user);
    expect(await listKnownFolders(user)).toEqual([b]);
  });

  it('loses nothing when two commands end at the same moment', async () => {
    const user = newUser();
    const folders = Array.from({ length: 20 }, (_, i) => `/games/${i}`);
    await Promise.all(folders.map((folder, i) => rememberFolder(entry(folder, { instanceId: `${i}` }), user)));
    expect((await listKnownFolders(user)).map(({ folder }) => folder).sort()).toEqual(folders.sort());
    expect(readdirSync(join(dataFolder(user), 'instances')).every((name) => name.endsWith('.json'))).toBe(true);
  });

  it('a folder that moved takes the place of its old entry; one that is still there keeps it', async () => {
    const user = newUser();
    const [there, gone] = [await newGame(), join(tempFolder(), 'gone')];
    await rememberFolder(entry(there), user);
    await rememberFolder(entry(gone), user);
    const here = await newGame();
    await rememberFolder(entry(here), user);
    expect((await listKnownFolders(user)).map(({ folder }) => folder).sort()).toEqual([there, here].sort());
  });

  it('what is damaged, or under another name, counts as missing', async () => {
    const user = newUser();
    await rememberFolder(entry('/games/a'), user);
    const folder = join(dataFolder(user), 'instances');
    const [name = ''] = readdirSync(folder);
    writeFileSync(join(folder, `${'0'.repeat(32)}.json`), JSON.stringify({ schema: 1, folder: '/x' }));
    writeFileSync(join(folder, `${'1'.repeat(32)}.json`), 'nonsense');
    mkdirSync(join(folder, `${'2'.repeat(32)}.json`));
    const other = { schema: 1, instance_id: ID, folder: '/games/b', label: 'b' };
    writeFileSync(join(folder, `${'3'.repeat(32)}.json`), JSON.stringify(other));
    expect((await listKnownFolders(user)).map((one) => one.folder)).toEqual(['/games/a']);
    writeFileSync(join(folder, name), '{');
    expect(await listKnownFolders(user)).toEqual([]);
    await rememberFolder(entry('/games/a'), user);
    expect(await listKnownFolders(user)).toHaveLength(1);
  });

  it('a folder for temporary things is passed over, unless the list has a place of its own', async () => {
    const home = tempFolder();
    const user: UserPlaces = { platform: 'linux', env: {}, home };
    await rememberFolder(entry(join(tempFolder(), 'minecraft')), user);
    expect(await listKnownFolders(user)).toEqual([]);
    await rememberFolder(entry('/games/a'), user);
    expect(await listKnownFolders(user)).toHaveLength(1);
  });

  it('says so when it cannot be written', async () => {
    const file = join(tempFolder(), 'file');
    writeFileSync(file, '');
    const user = { ...newUser(), env: { INSTANCE_SYNC_HOME: file } };
    await expect(rememberFolder(entry('/games/a'), user)).rejects.toMatchObject({ code: 'io' });
    await forgetFolder('/games/a', user);
  });
});

describe('a game folder at a glance', () => {
  it('ready, off, missing, broken', async () => {
    const packFolder = await newGame();
    expect(await describeFolder({ packFolder })).toMatchObject({ state: 'ready', instanceId: ID });
    writeFileSync(join(packFolder, '.cloud-sync', 'sync.json'), '{"schema":9}');
    expect(await describeFolder({ packFolder })).toMatchObject({ state: 'broken', problem: { code: 'bad-settings' } });
    await disable({ packFolder });
    expect(await describeFolder({ packFolder })).toMatchObject({ state: 'off' });
    rmSync(packFolder, { recursive: true });
    expect(await describeFolder({ packFolder })).toMatchObject({ state: 'missing', label: expect.any(String) });
    expect(await describeFolder({ packFolder: join(dirname(packFolder), 'never', 'there') })).toMatchObject({
      state: 'missing',
    });
  });
});
