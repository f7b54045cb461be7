import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Instance } from '../../../src/sync/folder/instance.js';
import { writeInstance } from '../../../src/sync/folder/instance.js';
import { checkGlob } from '../../../src/sync/scope/glob.js';
import { makeScope, readScope } from '../../../src/sync/scope/scope.js';
import { EXCLUDES, isNeverInScope, PRESETS } from '../../../src/sync/scope/scope-rules.js';
import { temporaryFolder } from '../temporary-folder.js';

async function instanceWith(files: Record<string, string>): Promise<Instance> {
  const folder = await temporaryFolder();
  const settings = { schema: 1, url: 'http://127.0.0.1', instanceId: '01ARZ3NDEKTSV4RRFFQ69G5FAV', extra: {} } as const;
  const instance = await writeInstance(folder, settings);
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return instance;
}

describe('the default scope', () => {
  const scope = makeScope({ preset: 'personal' });

  test.each([
    'saves/W/level.dat',
    'saves/W/level.dat_old',
    'saves/W/datapacks/x/data/cache/a.tmp',
    'saves/W/notes.log',
    'options.txt',
    'servers.dat',
    'config/a/b.toml',
    'screenshots/2026-11-22_10.00.00.png',
    'resourcepacks/x.zip',
    'resourcepacks/folder/pack.mcmeta',
    'shaderpacks/x.zip.txt',
    'journeymap/data/sp/W/day/0,0.png',
    'XaeroWaypoints/W/wp.txt',
  ])('holds %s', (path) => expect(scope.includesFile(path, 1)).toBe(true));

  test.each([
    '.cloud-sync/token',
    '.CLOUD-SYNC/token',
    '.cloud-sync',
    '.cloud-sync./x',
    'cloud-~1/x',
    '.cl\u200coud-sync/x',
    'saves/W/session.lock',
    'saves/W/level.dat_new',
    'saves/W/.DS_Store',
    'saves/W/.git/HEAD',
    'mods/x.jar',
    'logs/latest.log',
    'crash-reports/x.txt',
    'config/mod/cache/x',
    'config/x.log',
    'versions/1.21/x.jar',
    'kubejs/x.js',
    '.bobby/x',
    'Distant_Horizons_server_data/x',
    'accounts.json',
    'launcher_accounts.json',
    'Saves/W/level.dat',
  ])('leaves out %s', (path) => expect(scope.includesFile(path, 1)).toBe(false));

  test('caps the size of resource packs only', () => {
    const cap = 256 * 1024 * 1024;
    expect(scope.includesFile('resourcepacks/x.zip', cap)).toBe(true);
    expect(scope.includesFile('resourcepacks/x.zip', cap + 1)).toBe(false);
    expect(scope.includesFile('saves/W/region/r.0.0.mca', cap + 1)).toBe(true);
  });

  test('is walked only where something can be', () => {
    for (const folder of ['', 'saves', 'saves/W/region', 'config']) expect(scope.mayContain(folder), folder).toBe(true);
    for (const folder of ['mods', 'logs', '.cloud-sync', 'versions', 'config/x/cache', 'saves/W/.git']) {
      expect(scope.mayContain(folder), folder).toBe(false);
    }
    expect(scope.includesFolder('saves/W/empty')).toBe(true);
    expect(scope.includesFolder('mods')).toBe(false);
  });

  test('its patterns are all well-formed', () => {
    for (const pattern of [...EXCLUDES, ...Object.values(PRESETS).flat()]) expect(checkGlob(pattern)).toBeUndefined();
  });
});

describe('presets and own patterns', () => {
  test('worlds and everything', () => {
    const worlds = makeScope({ preset: 'worlds' });
    expect([worlds.includesFile('saves/W/x', 1), worlds.includesFile('options.txt', 1)]).toEqual([true, false]);
    const everything = makeScope({ preset: 'everything' });
    expect(['kubejs/x', 'mods/x.jar', 'a'].every((path) => everything.includesFile(path, 1))).toBe(true);
    expect(
      ['logs/x', 'libraries/x', '.cloud-sync/x', 'accounts.json'].some((path) => everything.includesFile(path, 1)),
    ).toBe(false);
  });

  test('include replaces the list of the preset, exclude is added, what is never in scope stays out', () => {
    const scope = makeScope({
      preset: 'personal',
      include: ['kubejs/**', '.cloud-sync/**', 'logs/**'],
      exclude: ['kubejs/secret'],
    });
    expect(scope.includesFile('kubejs/x', 1)).toBe(true);
    for (const path of ['kubejs/secret/x', 'saves/W/x', '.cloud-sync/token', 'logs/x']) {
      expect(scope.includesFile(path, 1), path).toBe(false);
    }
  });

  test('nothing never in scope gets in by any settings', () => {
    const bad = fc.constantFrom(
      '.cloud-sync/token',
      '.Cloud-Sync/x',
      'saves/W/Session.Lock',
      'CLOUD-~2/y',
      'accounts.json',
    );
    fc.assert(
      fc.property(bad, fc.subarray(['**', '*', '*/**', '.cloud-sync/**', '**/session.lock']), (path, include) => {
        expect(isNeverInScope(path)).toBe(true);
        expect(makeScope({ preset: 'everything', include }).includesFile(path, 0)).toBe(false);
      }),
    );
  });

  test('the fingerprint tells rules apart, and nothing else', () => {
    const print = (include: string[], managed: string[] = []): string =>
      makeScope({ preset: 'personal', include }, new Set(managed)).fingerprint;
    expect(print(['a', 'b'])).toBe(print(['b', 'a', 'a']));
    expect(print(['a'])).not.toBe(print(['b']));
    expect(makeScope({ preset: 'worlds' }).fingerprint).toBe(print(['saves/**']));
    expect(print(['config'], ['mods/x.jar'])).toBe(print(['config']));
    expect(print(['config'], ['config/x'])).not.toBe(print(['config']));
    expect(makeScope({ preset: 'worlds', keepOptions: ['x'] }).fingerprint).toBe(
      makeScope({ preset: 'worlds' }).fingerprint,
    );
    expect(print(['a'])).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('scope.json and packwiz.json', () => {
  test('missing: the default', async () => {
    const { scope, warnings } = await readScope(await instanceWith({}));
    expect(scope.preset).toBe('personal');
    expect(scope.keepOptions).toContain('renderDistance');
    expect(warnings).toEqual([]);
    expect(scope.fingerprint).toBe(makeScope({ preset: 'personal' }).fingerprint);
  });

  test('are read', async () => {
    const cachedFiles = {
      'mods/a.pw.toml': { cachedLocation: 'mods/a.jar' },
      'config/p.toml': { hash: {}, cachedLocation: 'config\\p.toml' },
      'config/q.toml': { cachedLocation: null },
    };
    const instance = await instanceWith({
      '.cloud-sync/scope.json':
        '\ufeff{"schema":1,"preset":"worlds","include":["config/**"],"exclude":["config/x"],"later":1}',
      'packwiz.json': JSON.stringify({ packFileHash: {}, cachedFiles, cachedSide: 'client' }),
    });
    const { scope, warnings } = await readScope(instance);
    const wanted = ['config/a', 'config/p.toml', 'config/q.toml', 'config/x', 'saves/W/x'];
    expect(wanted.filter((path) => scope.includesFile(path, 1))).toEqual(['config/a', 'config/q.toml']);
    expect(warnings).toEqual([expect.stringContaining('"later"')]);
  });

  test('a broken packwiz.json is a warning', async () => {
    const { warnings } = await readScope(await instanceWith({ 'packwiz.json': '{' }));
    expect(warnings).toEqual([expect.stringContaining('packwiz.json')]);
  });

  test.each([
    ['{"schema":1', 'not JSON'],
    ['{"schema":2}', 'update'],
    ['{}', 'schema'],
    ['{"schema":1,"preset":"all"}', '"all"'],
    ['{"schema":1,"preset":"constructor"}', '"constructor"'],
    ['{"schema":1,"include":"saves"}', '"include"'],
    ['{"schema":1,"exclude":[1]}', '"exclude"'],
    ['{"schema":1,"exclude":["../x"]}', '"../x"'],
  ])('%s: a clear line', async (text, part) => {
    const instance = await instanceWith({ '.cloud-sync/scope.json': text });
    const error: unknown = await readScope(instance).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'bad-settings' });
    expect(String(error)).toContain(part);
    expect(String(error)).toContain('scope.json');
  });
});

test('50,000 paths are decided in a moment', () => {
  const scope = makeScope({ preset: 'personal' });
  const started = performance.now();
  let count = 0;
  for (let i = 0; i < 50_000; i++) if (scope.includesFile(`config/mod${i % 500}/sub/file${i}.json`, 1)) count += 1;
  expect(count).toBe(50_000);
  expect(performance.now() - started).toBeLessThan(2000);
});
