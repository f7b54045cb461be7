import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkInstanceId,
  checkServerUrl,
  disableInstance,
  newInstanceId,
  readInstance,
  repositoryUrl,
  writeInstance,
} from '../../../src/sync/folder/instance.js';
import { temporaryFolder } from '../temporary-folder.js';

const ID = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const settings = { schema: 1, url: 'https://sync.example.org/', instanceId: ID, extra: {} } as const;

describe('sync.json', () => {
  test('is written whole, readable by all, and read back', async () => {
    const folder = await temporaryFolder();
    await writeInstance(folder, { ...settings, extra: { future: [1] } });
    const path = join(folder, '.cloud-sync', 'sync.json');
    const text = await readFile(path, 'utf8');
    expect(JSON.parse(text)).toEqual({ future: [1], schema: 1, url: 'https://sync.example.org/', instance_id: ID });
    expect(text).toContain('\n  "url"');
    if (process.platform !== 'win32') expect((await stat(path)).mode & 0o777 & ~0o022).toBe(0o644 & ~0o022);
    expect(await readdir(join(folder, '.cloud-sync'))).toEqual(['sync.json']);
    const instance = await readInstance(folder);
    expect(instance).toEqual({
      packFolder: folder,
      cloudFolder: join(folder, '.cloud-sync'),
      settings: { ...settings, extra: { future: [1] } },
    });
  });

  test('keeps keys of others when it is rewritten', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, '.cloud-sync'));
    const path = join(folder, '.cloud-sync', 'sync.json');
    await writeFile(path, JSON.stringify({ schema: 1, url: 'http://a', instance_id: ID.toLowerCase(), note: 'mine' }));
    const instance = await readInstance(folder);
    // As stored: the address of the repository contains it.
    expect(instance?.settings.instanceId).toBe(ID.toLowerCase());
    if (instance) await writeInstance(folder, { ...instance.settings, url: 'http://b' });
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ url: 'http://b', note: 'mine' });
  });

  test('missing: no instance', async () => {
    expect(await readInstance(await temporaryFolder())).toBeUndefined();
  });

  test.each([
    ['{', 'is not JSON'],
    ['[]', 'is not a JSON object'],
    ['{"schema":2}', 'update instance-sync'],
    ['{"schema":"1"}', 'schema "1"'],
    ['{}', 'has schema nothing'],
    [`{"schema":1,"instance_id":"${ID}"}`, 'no text as "url"'],
    [`{"schema":1,"url":7,"instance_id":"${ID}"}`, 'no text as "url" (7)'],
    ['{"schema":1,"url":"http://a","instance_id":"x"}', 'no ULID'],
    [`{"schema":1,"url":"ftp://a","instance_id":"${ID}"}`, 'scheme "ftp:"'],
    [`{"schema":1,"url":"nonsense","instance_id":"${ID}"}`, 'no URL'],
    [`{"schema":1,"url":"http://kim:secret@a","instance_id":"${ID}"}`, 'user name or password'],
  ])('%s: a clear line', async (text, part) => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, '.cloud-sync'));
    await writeFile(join(folder, '.cloud-sync', 'sync.json'), text);
    const error: unknown = await readInstance(folder).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'SyncError', code: 'bad-settings' });
    expect(String(error)).toContain(part);
    expect(String(error)).toContain('sync.json');
    expect(String(error)).not.toContain('secret');
    expect(String(error)).not.toContain('\n');
  });

  test('no game folder, or a file in its place: "usage"', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'file'), '');
    for (const name of ['missing', 'file']) {
      await expect(readInstance(join(folder, name))).rejects.toMatchObject({ code: 'usage' });
      await expect(writeInstance(join(folder, name), settings)).rejects.toMatchObject({ code: 'usage' });
      await expect(disableInstance(join(folder, name))).rejects.toMatchObject({ code: 'usage' });
    }
  });

  test('disable takes the marker away and keeps everything', async () => {
    const folder = await temporaryFolder();
    expect(await disableInstance(folder)).toBe(false);
    for (let round = 0; round < 2; round++) {
      await writeInstance(folder, settings);
      await writeFile(join(folder, '.cloud-sync', 'token'), 'x');
      expect(await disableInstance(folder)).toBe(true);
      expect(await readInstance(folder)).toBeUndefined();
      expect((await readdir(join(folder, '.cloud-sync'))).sort()).toEqual(['sync.json.disabled', 'token']);
    }
  });
});

describe('ids and addresses', () => {
  test('new ids are valid, different and in order of time', () => {
    const ids = Array.from({ length: 100 }, newInstanceId);
    for (const id of ids) expect(checkInstanceId(id)).toBe(id);
    expect(new Set(ids).size).toBe(100);
    expect((ids[0] ?? '').slice(0, 8) <= (ids[99] ?? '').slice(0, 8)).toBe(true);
  });

  test('an id given by a person is taken in either case', () => {
    expect(checkInstanceId(` ${ID.toLowerCase()}\n`)).toBe(ID);
    for (const bad of ['', ID.slice(1), `${ID}0`, ID.replace('A', 'U'), `8${ID.slice(1)}`, `../${ID.slice(3)}`]) {
      expect(() => checkInstanceId(bad), bad).toThrow(expect.objectContaining({ code: 'usage' }));
    }
  });

  test('the repository lies below the server by user and instance', () => {
    for (const url of ['https://a.b/x', 'https://a.b/x/', 'https://a.b/x//']) {
      expect(repositoryUrl({ ...settings, url }, 'kim')).toBe(`https://a.b/x/kim/${ID}/`);
    }
  });

  test('any text is an address or refused with a clear line', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          expect(new URL(checkServerUrl(text, 'x')).protocol).toMatch(/^https?:$/);
        } catch (error) {
          expect(error).toMatchObject({ code: 'bad-settings' });
        }
      }),
    );
  });
});
