/** The instances that a player's PCs have set up, as the catalogue has them: what a second PC chooses from. */
import { join } from 'node:path';
import { CLOUD_FOLDER, checkServerUrl } from '../folder/instance.js';
import type { Token } from '../folder/token.js';
import { parseToken, readToken, TOKEN_FILE } from '../folder/token.js';
import { otherPasswords } from '../folder/token-store.js';
import type { NotConfigured } from '../results.js';
import { NOT_CONFIGURED } from '../results.js';
import type { Services, SyncOptions } from '../session.js';
import { openSession, packFolderOf } from '../session.js';
import type { Account } from './account.js';
import { accountOf } from './account.js';
import { withCatalogue } from './catalogue.js';
import type { KnownInstance } from './catalogue-file.js';

export interface KnownInstancesOptions
  extends Pick<SyncOptions, 'packFolder' | 'tokenFile' | 'token' | 'signal' | 'onProgress'> {
  /** Address of the server, for a game folder that is not set up. Default: that of the game folder. */
  readonly url?: string | undefined;
}

export interface ListedInstance extends KnownInstance {
  /** It is the one of this game folder. */
  readonly here: boolean;
}

export interface KnownInstances {
  readonly outcome: 'instances';
  /** In order of their labels; none also if there is no catalogue yet. */
  readonly instances: readonly ListedInstance[];
}

/** Throws 'wrong-password', 'unauthorized', 'unreachable', 'no-token', … */
export async function listKnownInstances(
  options: KnownInstancesOptions,
  services: Services,
): Promise<KnownInstances | NotConfigured> {
  if (options.url !== undefined) return list(await accountAt(options.url, options, services), undefined);
  const found = await openSession(options, services, async (session) =>
    list(await accountOf(session), session.instance.settings.instanceId),
  );
  return found ?? NOT_CONFIGURED;
}

async function list(account: Account, hereId: string | undefined): Promise<KnownInstances> {
  return { outcome: 'instances', instances: (await listInstances(account, hereId)) ?? [] };
}

/** undefined: there is no catalogue yet. */
export async function listInstances(
  account: Account,
  hereId: string | undefined,
): Promise<ListedInstance[] | undefined> {
  const entries = await withCatalogue(account, async ({ content }) => [...content.instances.values()]);
  const instances = entries?.map(({ extra: _, ...entry }) => ({ ...entry, here: entry.id === hereId }));
  const key = ({ label, id }: KnownInstance): string => `${label.toLowerCase()} ${id}`;
  return instances?.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** Of a player whose game folder need not be set up. */
export async function accountAt(address: string, options: KnownInstancesOptions, services: Services): Promise<Account> {
  const url = checkServerUrl(address, 'the option url');
  const cloudFolder = join(packFolderOf(options), CLOUD_FOLDER);
  const token = await givenToken(options, cloudFolder);
  return { url, token, others: await otherPasswords(cloudFolder, token), services, signal: options.signal };
}

async function givenToken({ token, tokenFile }: KnownInstancesOptions, cloudFolder: string): Promise<Token> {
  if (token !== undefined) return parseToken(token, 'the token');
  if (tokenFile !== undefined) return (await readToken(tokenFile, { loose: 'refuse' })).token;
  return (await readToken(join(cloudFolder, TOKEN_FILE), { loose: 'tighten' })).token;
}
