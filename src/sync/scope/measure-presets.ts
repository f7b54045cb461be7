/** How much each preset would synchronise of a game folder, for a choice with numbers; the folder need not be set up. */
import { scanFolder } from '../../archive/scan.js';
import { packFolderOf, type SyncOptions } from '../session.js';
import { nodeFs } from '../swap/fs-ops.js';
import { readPackwizFiles } from './packwiz.js';
import { presetNames } from './preset.js';
import { makeScope, type Preset } from './scope.js';

export interface PresetSize {
  readonly preset: Preset;
  readonly files: number;
  readonly bytes: number;
}

/** By the presets alone: `include` and `exclude` of a scope.json do not count. Throws 'io', 'aborted'. */
export async function measurePresets(options: Pick<SyncOptions, 'packFolder' | 'signal'> = {}): Promise<PresetSize[]> {
  const folder = packFolderOf(options);
  const managed = await readPackwizFiles(nodeFs, folder, 'packwiz.json');
  const scopes = presetNames().map((preset) => makeScope({ preset }, managed.files));
  const anyOf = {
    includesFile: (path: string, size: number) => scopes.some((scope) => scope.includesFile(path, size)),
    includesFolder: () => false,
    mayContain: (path: string) => scopes.some((scope) => scope.mayContain(path)),
  };
  const { entries } = await scanFolder(folder, anyOf, options.signal);
  return scopes.map((scope) => {
    let [files, bytes] = [0, 0];
    for (const [path, { size }] of entries) {
      if (!scope.includesFile(path, size)) continue;
      files += 1;
      bytes += size;
    }
    return { preset: scope.preset, files, bytes };
  });
}
