import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { findGameFolders } from '../../src/launcher/find-game-folders.js';
import type { Surroundings } from '../../src/launcher/places.js';
import { tempFolder } from '../helpers/temp.js';
import { makeLauncher } from './launcher-folder.js';

function around(root: string): Surroundings {
  return { platform: 'linux', env: { XDG_DATA_HOME: dirname(root) }, home: '/nowhere' };
}

it('finds the game folders of all instances, also where the settings lead elsewhere', async () => {
  const elsewhere = tempFolder();
  const made = makeLauncher({ name: 'prismlauncher', config: ['InstanceDir=instances'] });
  const other = join(elsewhere, 'Other');
  mkdirSync(join(other, '.minecraft'), { recursive: true });
  writeFileSync(join(other, 'instance.cfg'), 'InstanceType=OneSix\n');
  expect(await findGameFolders(around(made.root))).toEqual([made.game]);
  writeFileSync(made.config, `[General]\nConfigVersion=1.2\nInstanceDir=${elsewhere}\n`);
  expect(await findGameFolders(around(made.root))).toEqual([join(other, '.minecraft')]);
});

it('passes over what is no instance, and what cannot be read', async () => {
  const made = makeLauncher({ name: 'multimc', gameName: '.minecraft' });
  const instances = dirname(dirname(made.game));
  mkdirSync(join(instances, '_LAUNCHER_TEMP', '.minecraft'), { recursive: true });
  mkdirSync(join(instances, 'Server'), { recursive: true });
  writeFileSync(join(instances, 'Server', 'instance.cfg'), '');
  writeFileSync(join(instances, 'instgroups.json'), '{}');
  expect(await findGameFolders(around(made.root))).toEqual([made.game]);
  writeFileSync(made.config, Buffer.alloc(17 * 1024 * 1024));
  expect(await findGameFolders(around(made.root))).toEqual([]);
  expect(await findGameFolders(around('/no/such/folder'))).toEqual([]);
});
