/** A launcher's data folder with one instance, as Prism Launcher and MultiMC lay it out. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Surroundings } from '../../src/launcher/places.js';
import { tempFolder } from '../helpers/temp.js';

export interface FakeLauncher {
  readonly root: string;
  readonly config: string;
  readonly instanceConfig: string;
  /** The game folder. */
  readonly game: string;
  readonly around: Surroundings;
}

export interface FakeOptions {
  /** Name of the settings without ".cfg". */
  readonly name?: string;
  readonly root?: string;
  /** Lines behind `[General]` and ConfigVersion; in MultiMC's files there are neither. */
  readonly config?: readonly string[];
  readonly instance?: readonly string[];
  /** Where the instances are; default: in the data folder. */
  readonly instances?: string;
  readonly gameName?: 'minecraft' | '.minecraft';
  readonly around?: Partial<Surroundings>;
}

export function makeLauncher(options: FakeOptions = {}): FakeLauncher {
  const { name = 'prismlauncher', config = [], instance = [], gameName = 'minecraft' } = options;
  const home = tempFolder();
  const root = options.root ?? join(home, 'Prism Data');
  const folder = join(options.instances ?? join(root, 'instances'), 'My Pack (1)');
  const game = join(folder, gameName);
  for (const path of [root, game]) mkdirSync(path, { recursive: true });
  const head = name === 'multimc' ? [] : ['[General]', 'ConfigVersion=1.2'];
  const text = (lines: readonly string[]): string => [...head, ...lines, ''].join('\n');
  const files = { config: join(root, `${name}.cfg`), instanceConfig: join(folder, 'instance.cfg') };
  writeFileSync(files.config, text(config));
  writeFileSync(files.instanceConfig, text(['InstanceType=OneSix', ...instance]));
  return { root, ...files, game, around: { platform: 'linux', env: {}, home, ...options.around } };
}
