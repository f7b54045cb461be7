/**
 * init and disable: opting a game folder in and out. Both are local; no server is asked. The first push makes the
 * repository.
 */
import { join } from 'node:path';
import { SyncError } from '../../base/errors.js';
import { packFolderOf } from '../session.js';
import type { Instance } from './instance.js';
import {
  checkInstanceId,
  checkServerUrl,
  disableInstance,
  makeCloudFolder,
  newInstanceId,
  readDisabledInstance,
  readInstance,
  writeInstance,
} from './instance.js';
import { instanceLabel } from './instance-label.js';
import { rememberFolder } from './known-folders.js';
import type { Token } from './token.js';
import { parseToken, readToken, TOKEN_FILE } from './token.js';
import { storeToken } from './token-store.js';

export interface InitOptions {
  /** The game folder. Default: $INST_MC_DIR, else the working directory. */
  readonly packFolder?: string | undefined;
  /** Address of the server; http or https. */
  readonly url: string;
  /** A file with one line ID:PASSWORD. One of `tokenFile` and `token` is needed, unless a token is stored already. */
  readonly tokenFile?: string | undefined;
  /** The token itself, for callers that got it in another way than from a file. */
  readonly token?: string | undefined;
  /** The id of an instance that another PC pushed; default: a new one, or the one that this folder has. */
  readonly instanceId?: string | undefined;
}

export interface InitResult {
  readonly packFolder: string;
  readonly url: string;
  readonly instanceId: string;
  /** Whether the folder was opted in before, with the same instance. */
  readonly known: boolean;
}

/** Throws 'usage', 'bad-settings' or 'no-token'; writes nothing then. */
export async function init(options: InitOptions): Promise<InitResult> {
  const packFolder = packFolderOf(options);
  const url = checkServerUrl(options.url, 'the option url');
  const before = (await readInstance(packFolder)) ?? (await disabledBefore(packFolder, url));
  const instanceId =
    options.instanceId === undefined ? before?.settings.instanceId : checkInstanceId(options.instanceId);
  const token = await findToken(options, before?.cloudFolder);
  const settings = {
    schema: 1,
    url,
    instanceId: instanceId ?? newInstanceId(),
    extra: before?.settings.extra ?? {},
  } as const;
  // sync.json last: it is what makes launchers run the hook here, which then needs the token.
  if (token) await storeToken(await makeCloudFolder(packFolder), token);
  await writeInstance(packFolder, settings);
  const label = await instanceLabel(packFolder);
  await rememberFolder({ instanceId: settings.instanceId, folder: packFolder, label }).catch(() => {
    // A list for showing: the first sync tries again.
  });
  return {
    packFolder,
    url,
    instanceId: settings.instanceId,
    known: before?.settings.instanceId === settings.instanceId,
  };
}

/** A folder that was disabled goes on with its instance, if it is on the same server. */
async function disabledBefore(packFolder: string, url: string): Promise<Instance | undefined> {
  const disabled = await readDisabledInstance(packFolder);
  return disabled?.settings.url === url ? disabled : undefined;
}

/** undefined: the one that is stored stays. */
async function findToken(options: InitOptions, cloudFolder: string | undefined): Promise<Token | undefined> {
  if (options.token !== undefined) return parseToken(options.token, 'the token');
  if (options.tokenFile !== undefined) return (await readToken(options.tokenFile, { loose: 'refuse' })).token;
  if (cloudFolder === undefined) {
    throw new SyncError('no-token', 'no token given; name a file that holds one line ID:PASSWORD');
  }
  await readToken(join(cloudFolder, TOKEN_FILE), { loose: 'tighten' });
  return undefined;
}

export interface DisableResult {
  readonly packFolder: string;
  /** False if the folder had not opted in. */
  readonly disabled: boolean;
}

/** Stops synchronising the folder. Its files, its token and everything in the cloud stay. */
export async function disable(options: { readonly packFolder?: string | undefined } = {}): Promise<DisableResult> {
  const packFolder = packFolderOf(options);
  return { packFolder, disabled: await disableInstance(packFolder) };
}
