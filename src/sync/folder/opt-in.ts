/** What a game folder was set up with, for programs that ask a player only what is not known yet. No server is asked. */
import { join } from 'node:path';
import { SCOPE_FILE } from '../scope/scope.js';
import { packFolderOf, type SyncOptions } from '../session.js';
import { nodeFs } from '../swap/fs-ops.js';
import { readInstance } from './instance.js';
import { TOKEN_FILE } from './token.js';

export interface OptIn {
  /** The game folder, absolute. */
  readonly packFolder: string;
  readonly url: string;
  readonly instanceId: string;
  /** Whether a token is stored. */
  readonly hasToken: boolean;
  /** Whether there is a scope.json. */
  readonly hasScope: boolean;
}

/** Undefined if the folder has not opted in. Throws 'usage' and 'bad-settings'. */
export async function readOptIn(options: Pick<SyncOptions, 'packFolder'> = {}): Promise<OptIn | undefined> {
  const instance = await readInstance(packFolderOf(options));
  if (instance === undefined) return undefined;
  const { packFolder, cloudFolder, settings } = instance;
  const has = async (name: string): Promise<boolean> => (await nodeFs.lstat(join(cloudFolder, name))) !== undefined;
  const { url, instanceId } = settings;
  return { packFolder, url, instanceId, hasToken: await has(TOKEN_FILE), hasScope: await has(SCOPE_FILE) };
}
