/** Choosing what is synchronised by the name of a preset: `.cloud-sync/scope.json` with all else that stands in it. */
import { join } from 'node:path';
import { SyncError } from '../../base/errors.js';
import { readInstance } from '../folder/instance.js';
import { readJsonFile, show } from '../folder/json-file.js';
import { packFolderOf, type SyncOptions } from '../session.js';
import { writeFileAtomic } from '../swap/atomic-write.js';
import { nodeFs } from '../swap/fs-ops.js';
import { readScope, SCOPE_FILE } from './scope.js';
import { PRESETS, type Preset } from './scope-rules.js';

/** Throws 'usage' for another name, or if the folder has not opted in; 'bad-settings' if scope.json is broken. */
export async function setPreset(preset: string, options: Pick<SyncOptions, 'packFolder'> = {}): Promise<Preset> {
  const known = presetNames().find((name) => name === preset);
  if (known === undefined) {
    throw new SyncError('usage', `${show(preset)} is no preset; there are ${presetNames().join(', ')}`);
  }
  const packFolder = packFolderOf(options);
  const instance = await readInstance(packFolder);
  if (instance === undefined) throw new SyncError('usage', `${packFolder} has not opted in; run "instance-sync setup"`);
  const before = (await readScope(instance)).scope.preset;
  const path = join(instance.cloudFolder, SCOPE_FILE);
  const object = await readJsonFile(nodeFs, path, 'correct it, or delete it to use the default scope');
  if (before === known && (object !== undefined || known === DEFAULT)) return known;
  const text = JSON.stringify({ ...object, schema: 1, preset: known }, undefined, 2);
  await writeFileAtomic(nodeFs, path, `${text}\n`);
  return known;
}

const DEFAULT: Preset = 'personal';

export function presetNames(): Preset[] {
  const names: readonly Preset[] = ['worlds', 'personal', 'everything'];
  return names.filter((name) => Object.hasOwn(PRESETS, name));
}
