/** Whether a server can be used with a token, before anything is stored: for a setup that says at once what is wrong. */
import type { Services } from '../session.js';
import { connectTo } from './account.js';
import { CATALOGUE } from './catalogue.js';
import { accountAt, type KnownInstancesOptions, type ListedInstance, listInstances } from './known-instances.js';

export interface CheckAccountOptions extends Pick<KnownInstancesOptions, 'packFolder' | 'signal'> {
  /** Address of the server. */
  readonly url: string;
  /** ID:PASSWORD. Default: the one that the game folder has stored. */
  readonly token?: string | undefined;
}

export interface AccountCheck {
  /** The server knows this user, and none of the player's PCs has set anything up yet. */
  readonly isNewAccount: boolean;
  /** What a further PC can take part in, in order of the labels. */
  readonly instances: readonly ListedInstance[];
}

/** Somebody waits, and can try again. */
const RETRY_MS = 3000;

/**
 * Throws 'bad-settings' (no address), 'no-token', 'unreachable', 'tls', 'server' (no restic server, or one that is ill),
 * 'unauthorized', 'forbidden', 'wrong-password' (the account was made with another password).
 */
export async function checkAccount(options: CheckAccountOptions, services: Services): Promise<AccountCheck> {
  const account = { ...(await accountAt(options.url, options, services)), retryMs: RETRY_MS };
  const remote = await connectTo(account, CATALOGUE);
  try {
    // Unlike the look at one file, a list tells a restic server from a web server that has no such page.
    await remote.listSnapshots(options.signal);
  } finally {
    await remote.close();
  }
  const found = await listInstances(account, undefined);
  return { isNewAccount: found === undefined, instances: found ?? [] };
}
