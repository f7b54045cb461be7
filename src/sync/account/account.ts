/**
 * A player at a server. Every repository of the player lies at `<url>/<ID>/<name>/` and has the token's password, or had
 * it once: a key made before the password was changed opens by an earlier one only, and then gets the present one too.
 */
import { isSyncError } from '../../base/errors.js';
import { addKey } from '../../maintain/keys.js';
import type { Remote } from '../../repo/remote.js';
import type { Repository } from '../../repo/repository.js';
import type { Token } from '../folder/token.js';
import { otherPasswords } from '../folder/token-store.js';
import type { Services, SyncSession } from '../session.js';

export interface Account {
  /** Of the server. */
  readonly url: string;
  readonly token: Token;
  /** What the server takes, while that is not the token's password yet. */
  readonly login?: string;
  /** Tried after the token's: passwords of earlier tokens, the recovery code. */
  readonly others: readonly string[];
  readonly services: Services;
  readonly signal: AbortSignal | undefined;
  /** As in Address. */
  readonly retryMs?: number;
}

export interface OpenedByAny {
  readonly repo: Repository;
  /** Whether the token's own password has opened it. */
  readonly byToken: boolean;
}

/** With the passwords that lie on this disk. */
export async function accountOf(session: SyncSession): Promise<Account> {
  const { instance, token, services, signal } = session;
  const others = await otherPasswords(instance.cloudFolder, token);
  return { url: instance.settings.url, token, others, services, signal };
}

/** `name` is an instance's id, or another repository of the player. */
export function connectTo({ url, token, login, services, retryMs }: Account, name: string): Promise<Remote> {
  const { id, password } = token;
  return services.connect({
    url: `${url.replace(/\/+$/, '')}/${id}/${name}/`,
    username: id,
    password: login ?? password,
    retryMs,
  });
}

/** Throws 'wrong-password' if nothing at hand opens it, 'no-repository'. */
export async function openByAny(account: Account, remote: Remote, keyHint?: string): Promise<OpenedByAny> {
  const { token, others, signal } = account;
  try {
    return { repo: await remote.open({ passwords: [token.password], keyHint, signal }), byToken: true };
  } catch (error) {
    if (others.length === 0 || !isSyncError(error, 'wrong-password')) throw error;
  }
  return { repo: await remote.open({ passwords: others, keyHint, signal }), byToken: false };
}

/** Opens as openByAny, and makes the token's password a key if it was none. */
export async function openAndAdd(
  account: Account,
  remote: Remote,
  keyHint?: string,
): Promise<{ readonly repo: Repository; readonly added: boolean }> {
  const { repo, byToken } = await openByAny(account, remote, keyHint);
  if (!byToken) await addKey(repo, account.token.password, { signal: account.signal });
  return { repo, added: !byToken };
}
