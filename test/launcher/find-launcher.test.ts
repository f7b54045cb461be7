/** The launcher around a game folder, wherever its data and its instances lie. */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findLauncher } from '../../src/launcher/find-launcher.js';
import type { Surroundings } from '../../src/launcher/places.js';
import { onPosix } from '../helpers/only-where.js';
import { tempFolder } from '../helpers/temp.js';
import { makeLauncher } from './launcher-folder.js';

describe('beside its instances', () => {
  it.each([
    ['prismlauncher', 'minecraft', undefined],
    ['multimc', '.minecraft', 'plain'],
    ['polymc', '.minecraft', undefined],
    ['fjordlauncher', 'minecraft', undefined],
  ] as const)('%s with %s', async (name, gameName, dialect) => {
    const made = makeLauncher({ name, gameName });
    const { root, config, instanceConfig } = made;
    const found = await findLauncher(made.game, made.around);
    expect(found).toEqual({ root, config, name, instanceConfig, dialect, sandbox: undefined });
  });

  it('a fork of another name, by what stands in its settings', async () => {
    const made = makeLauncher({ name: 'krakenlauncher', config: ['SelectedInstance=My Pack (1)'] });
    writeFileSync(join(made.root, 'archive.cfg'), 'PlayTime=1\n');
    writeFileSync(join(made.root, 'playtime.cfg'), '[General]\nConfigVersion=1.3\nTotalPlayTime=1\n');
    expect((await findLauncher(made.game, made.around))?.config).toBe(made.config);
  });

  it("Prism's settings before those that it was copied from", async () => {
    const made = makeLauncher();
    for (const name of ['multimc.cfg', 'polymc.cfg', 'aaa.cfg'])
      writeFileSync(join(made.root, name), 'InstanceDir=instances\n');
    expect((await findLauncher(made.game, made.around))?.config).toBe(made.config);
  });
});

describe('instances in another place', () => {
  /** Where the data folder lies, and what the surroundings must be for it to be found. */
  const places: readonly [string, (home: string) => string, Partial<Surroundings>][] = [
    ['Linux', (home) => join(home, '.local/share/PrismLauncher'), {}],
    ['XDG_DATA_HOME', (home) => join(home, 'xdg/PrismLauncher'), { env: { XDG_DATA_HOME: 'xdg' } }],
    ['Flatpak', (home) => join(home, '.var/app/org.prismlauncher.PrismLauncher/data/PrismLauncher'), {}],
    ['Snap', (home) => join(home, 'snap/prismlauncher/common'), {}],
    ['macOS', (home) => join(home, 'Library/Application Support/PrismLauncher'), { platform: 'darwin' }],
    ['a named folder', (home) => join(home, 'named'), { env: { PRISMLAUNCHER_DATA_DIR: 'named' } }],
    ['Windows', (home) => join(home, 'Roaming/PrismLauncher'), { platform: 'win32', env: { APPDATA: 'Roaming' } }],
  ];

  it.each(places)('%s', async (name, rootIn, change) => {
    const home = tempFolder();
    const env = Object.fromEntries(
      Object.entries(change.env ?? {}).map(([key, path]) => [key, join(home, path ?? '')]),
    );
    const instances = join(tempFolder(), 'Spiele');
    const made = makeLauncher({
      root: rootIn(home),
      instances,
      config: [`InstanceDir="${instances.replaceAll('\\', '/')}"`],
    });
    const found = await findLauncher(made.game, { ...made.around, home, ...change, env });
    const sandbox = name === 'Flatpak' ? 'flatpak' : name === 'Snap' ? 'snap' : undefined;
    expect(found).toMatchObject({ root: made.root, config: made.config, name: 'prismlauncher', sandbox });
  });

  it('one of several', async () => {
    const home = tempFolder();
    const instances = join(tempFolder(), 'more, of them');
    const root = join(home, '.local/share/PrismLauncher');
    const made = makeLauncher({ root, instances, config: [`AdditionalInstanceDirs=/nowhere, "${instances}"`] });
    expect((await findLauncher(made.game, { ...made.around, home }))?.config).toBe(made.config);
  });

  onPosix('through links', async () => {
    const made = makeLauncher();
    const link = join(tempFolder(), 'link');
    symlinkSync(made.game, link);
    expect((await findLauncher(link, made.around))?.config).toBe(made.config);
  });

  it('an instance whose launcher is not found', async () => {
    const made = makeLauncher({ instances: join(tempFolder(), 'x') });
    const none = { root: undefined, config: undefined, name: undefined, instanceConfig: made.instanceConfig };
    expect(await findLauncher(made.game, made.around)).toMatchObject(none);
    const other = makeLauncher({ config: ['InstanceDir=elsewhere'] });
    expect(await findLauncher(other.game, other.around)).toMatchObject({
      ...none,
      instanceConfig: other.instanceConfig,
    });
  });
});

it('no launcher: a game folder of its own, an instance without its settings', async () => {
  const around: Surroundings = { platform: 'linux', env: {}, home: tempFolder() };
  const plain = join(tempFolder(), '.minecraft');
  mkdirSync(plain);
  expect(await findLauncher(plain, around)).toBeUndefined();
  expect(await findLauncher(join(plain, 'missing'), around)).toBeUndefined();
  const made = makeLauncher();
  rmSync(made.instanceConfig);
  expect(await findLauncher(made.game, made.around)).toBeUndefined();
});
