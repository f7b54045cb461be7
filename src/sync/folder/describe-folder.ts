/** What can be told of a game folder at once: no server is asked, no file of the game is read. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isSyncError } from '../../base/errors.js';
import { toFsPath } from '../../base/raw-string.js';
import { packFolderOf, type SyncOptions } from '../session.js';
import { readGameVersion } from './game-version.js';
import { readInstance } from './instance.js';
import { instanceLabel } from './instance-label.js';
import { newestIcon } from './worlds.js';

export interface FolderFacts {
  /** Absolute. */
  readonly packFolder: string;
  /**
   * 'ready': it is synchronised; 'off': it is not, or no longer; 'missing': there is no such folder; 'broken': its
   * settings cannot be read, `problem` says why.
   */
  readonly state: 'ready' | 'off' | 'missing' | 'broken';
  readonly problem?: { readonly code: string; readonly message: string };
  /** Name of the instance in its launcher, or of its folder. */
  readonly label: string;
  readonly instanceId?: string;
  /** "1.21.1", where the launcher tells. */
  readonly minecraft?: string;
  /** The world whose icon.png is the newest, as "saves/World": readWorldIcon gives it. */
  readonly iconWorld?: string;
  /** ISO 8601: when this PC last recorded a state that it has in common with the cloud. */
  readonly lastSync?: string;
}

/** Throws 'usage' for an empty path only. */
export async function describeFolder(
  options: Pick<SyncOptions, 'packFolder' | 'instanceLabel'> = {},
): Promise<FolderFacts> {
  const packFolder = packFolderOf(options);
  const label = await instanceLabel(packFolder, options.instanceLabel);
  try {
    const instance = await readInstance(packFolder);
    if (instance === undefined) return { packFolder, state: 'off', label };
    const minecraft = (await readGameVersion(packFolder))?.minecraft;
    const lastSync = await timeOf(join(instance.cloudFolder, 'files.bin'));
    const iconWorld = await newestIcon(packFolder);
    return {
      packFolder,
      state: 'ready',
      label,
      instanceId: instance.settings.instanceId,
      ...(minecraft === undefined ? {} : { minecraft }),
      ...(iconWorld === undefined ? {} : { iconWorld }),
      ...(lastSync === undefined ? {} : { lastSync }),
    };
  } catch (error) {
    if (!isSyncError(error)) throw error;
    if (error.code === 'usage') return { packFolder, state: 'missing', label };
    return { packFolder, state: 'broken', label, problem: { code: error.code, message: error.message } };
  }
}

/** The table of files is written with each common state, and never else. */
async function timeOf(path: string): Promise<string | undefined> {
  try {
    return (await stat(toFsPath(path))).mtime.toISOString();
  } catch {
    // None so far, or not to be looked at: the time is for showing only.
    return undefined;
  }
}
