import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compareGameVersions,
  type GameVersion,
  minecraftOf,
  readGameVersion,
  versionTags,
} from '../../../src/sync/folder/game-version.js';
import { temporaryFolder } from '../temporary-folder.js';

async function read(content: string | undefined): Promise<GameVersion | undefined> {
  const folder = await temporaryFolder();
  mkdirSync(join(folder, 'minecraft'));
  if (content !== undefined) writeFileSync(join(folder, 'mmc-pack.json'), content);
  return readGameVersion(join(folder, 'minecraft'));
}

const pack = (...components: unknown[]): string => JSON.stringify({ components, formatVersion: 1 });

describe('of an instance', () => {
  test('game and loader', async () => {
    const lwjgl = { cachedName: 'LWJGL 3', cachedVersion: '3.3.3', uid: 'org.lwjgl3', version: '3.3.3' };
    const minecraft = { cachedVersion: '1.21.0', important: true, uid: 'net.minecraft', version: '1.21.1' };
    const fabric = { uid: 'net.fabricmc.fabric-loader', version: '0.16.9' };
    expect(await read(pack(lwjgl, minecraft, fabric))).toEqual({ minecraft: '1.21.1', loader: 'fabric-loader 0.16.9' });
    expect(await read(pack(minecraft))).toEqual({ minecraft: '1.21.1' });
    expect(await read(pack({ uid: 'net.minecraft', cachedVersion: '26.1' }))).toEqual({ minecraft: '26.1' });
    expect(await read(pack(fabric))).toEqual({ loader: 'fabric-loader 0.16.9' });
  });

  test.each([
    ['org.quiltmc.quilt-loader', 'quilt-loader 1'],
    ['net.minecraftforge', 'forge 1'],
    ['net.neoforged', 'neoforge 1'],
  ])('%s', async (uid, loader) => {
    expect(await read(pack({ uid, version: '1' }))).toEqual({ loader });
  });

  test.each([
    ['no file', undefined],
    ['no JSON', '{'],
    ['no object', '[]'],
    ['no components', '{}'],
    ['strange components', '{"components":{"uid":"net.minecraft"}}'],
    [
      'strange entries',
      pack(null, 1, 'net.minecraft', [], { uid: 'net.minecraft' }, { uid: 'net.minecraft', version: 5 }),
    ],
    ['empty version', pack({ uid: 'net.minecraft', version: '' })],
    ['bytes', '\u0000\u0001'],
  ])('unknown with %s', async (_, content) => {
    expect(await read(content)).toBeUndefined();
  });

  test('unknown if the file is a folder', async () => {
    const folder = await temporaryFolder();
    mkdirSync(join(folder, 'mmc-pack.json'));
    mkdirSync(join(folder, 'minecraft'));
    expect(await readGameVersion(join(folder, 'minecraft'))).toBeUndefined();
  });
});

describe('tags', () => {
  test('there and back', () => {
    const tags = versionTags({ minecraft: '1.21.1', loader: 'fabric-loader 0.16.9' });
    expect(tags).toEqual(['mc:1.21.1', 'loader:fabric-loader 0.16.9']);
    expect(minecraftOf(['instance-sync', ...tags])).toBe('1.21.1');
    expect(versionTags(undefined)).toEqual([]);
    expect(versionTags({})).toEqual([]);
    expect(minecraftOf(['instance-sync', 'mc:'])).toBeUndefined();
    expect(minecraftOf([])).toBeUndefined();
  });

  test('hold nothing that a tag or a terminal must not', () => {
    const unit = fc.constantFrom('1', '.', ',', ' ', ':', '\n', '\u001b', '\u007f', '\u0085', 'é', '😀', '\udcff');
    const property = fc.property(fc.string({ unit, maxLength: 120 }), (some) => {
      for (const tag of versionTags({ minecraft: some, loader: some })) {
        expect(tag).toMatch(/^(mc|loader):[ -+\--~]{0,80}$/);
      }
    });
    fc.assert(property);
    expect(versionTags({ minecraft: '1,2\u001b[2J\nx' })).toEqual(['mc:1_2_[2J_x']);
  });
});

describe('which came first', () => {
  const ORDER = [
    '1.0',
    '1.7.10',
    '1.14-pre5',
    '1.14',
    '1.14.1 Pre-Release 1',
    '1.14.1 Pre-Release 2',
    '1.14.1',
    '1.14.4-pre7',
    '1.14.4',
    '1.20',
    '1.21-pre4',
    '1.21-rc1',
    '1.21',
    '1.21.1',
    '1.21.9',
    '1.21.10',
    '1.21.11-rc3',
    '1.21.11',
    '26.1-snapshot-2',
    '26.1-snapshot-10',
    '26.1-pre-1',
    '26.1-pre-3',
    '26.1-rc-1',
    '26.1',
    '26.1.1-rc-1',
    '26.1.1',
    '26.2',
    '27.1',
  ];
  const WEEKLY = ['13w01a', '18w50a', '24w14a', '24w14b', '24w33a', '25w02a', '25w46a'];

  test.each([
    ['releases and what leads to them', ORDER],
    ['weekly snapshots', WEEKLY],
  ])('%s', (_, names) => {
    for (const [i, a] of names.entries()) {
      for (const [j, b] of names.entries()) {
        expect(Math.sign(compareGameVersions(a, b) ?? Number.NaN), `${a} ${b}`).toBe(Math.sign(i - j));
      }
    }
  });

  test('some cannot be told', () => {
    for (const name of [
      '24w14potato',
      '20w14infinite',
      '1.RV-Pre1',
      'b1.7.3',
      '',
      'latest',
      '1',
      '1.2.3.4',
      '1.21-x1',
    ]) {
      expect(compareGameVersions(name, '1.21'), name).toBeUndefined();
      expect(compareGameVersions('24w14a', name), name).toBeUndefined();
      expect(compareGameVersions(name, name), name).toBe(0);
    }
    expect(compareGameVersions('24w14a', '1.21')).toBeUndefined();
    expect(compareGameVersions('1.20.4', '24w14a')).toBeUndefined();
  });

  test('a weekly snapshot came before all that is called after its year', () => {
    expect(compareGameVersions('25w46a', '26.1-snapshot-1')).toBeLessThan(0);
    expect(compareGameVersions('26.1', '25w46a')).toBeGreaterThan(0);
  });

  test('a missing third number is zero', () => {
    expect(compareGameVersions('1.21', '1.21.0')).toBe(0);
  });
});
