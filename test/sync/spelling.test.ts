import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isCaseBlind, respellKeys, respellScan, spellerOf } from '../../src/sync/spelling.js';
import { MemoryFs } from './memory-fs.js';
import { temporaryFolder } from './temporary-folder.js';

describe('the spelling of the cloud', () => {
  const spell = spellerOf(['saves/World/level.dat', 'config/Ä.toml', 'saves/Twin/a', 'saves/twin/b']);

  test.each([
    ['saves/World/level.dat', 'saves/World/level.dat'],
    ['saves/world/LEVEL.DAT', 'saves/World/level.dat'],
    ['SAVES/wORLD', 'saves/World'],
    ['saves/world/new.dat', 'saves/World/new.dat'],
    ['config/a\u0308.toml', 'config/Ä.toml'],
    ['saves/twin/new', 'saves/twin/new'],
    ['saves/Twin/new', 'saves/Twin/new'],
    ['saves/World 2/level.dat', 'saves/World 2/level.dat'],
    ['Options.txt', 'Options.txt'],
  ])('%j is %j', (path, expected) => expect(spell(path)).toBe(expected));

  test('two of this disk never become one', () => {
    const map = new Map([
      ['A.txt', 1],
      ['a.txt', 2],
      ['B.txt', 3],
      ['b.TXT', 4],
    ]);
    const respelled = respellKeys(map, spellerOf(['a.txt', 'b.txt']));
    expect([...respelled]).toEqual([
      ['A.txt', 1],
      ['a.txt', 2],
      ['b.txt', 3],
      ['b.TXT', 4],
    ]);
  });

  test('known paths stay, values are kept, and doing it twice changes nothing more', () => {
    const path = fc.array(fc.constantFrom('a', 'A', 'b', 'ä', 'Ä'), { minLength: 1, maxLength: 3 });
    const paths = fc.uniqueArray(path.map((names) => names.join('/')));
    fc.assert(
      fc.property(paths, paths, (known, here) => {
        const spellAll = spellerOf(known);
        for (const one of known) expect(spellAll(one)).toBe(one);
        const once = respellKeys(new Map(here.map((one, i) => [one, i])), spellAll);
        expect([...once.values()].sort()).toEqual(here.map((_, i) => i).sort());
        expect([...respellKeys(once, spellAll)]).toEqual([...once]);
      }),
    );
  });

  test('what could not be read, or was left out, is spelled too: else it would count as deleted', () => {
    const scan = {
      startedMs: 0,
      entries: new Map(),
      unreadable: [{ path: 'saves/world', error: new Error('EBUSY') }],
      skipped: [{ path: 'config/ä.toml', reason: 'it is a pipe' }],
    };
    expect(respellScan(scan, spell)).toMatchObject({
      unreadable: [{ path: 'saves/World' }],
      skipped: [{ path: 'config/Ä.toml' }],
    });
  });
});

test('a disk without letter case shows itself', async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, '.cloud-sync'));
  await writeFile(join(folder, '.cloud-sync/sync.json'), '{}');
  if (process.platform === 'linux') expect(await isCaseBlind(join(folder, '.cloud-sync'))).toBe(false);
  const fs = new MemoryFs();
  fs.put('/game/.cloud-sync/sync.json', '{}');
  expect(await isCaseBlind('/game/.cloud-sync', fs)).toBe(false);
  fs.ignoreCase = true;
  expect(await isCaseBlind('/game/.cloud-sync', fs)).toBe(true);
});
