/**
 * After a change of the password: the repositories' keys are of the old one. Whichever PC comes first with both makes
 * the new one a key; keys can be added on append-only servers. Loaded only when that is the case.
 */
import { isSyncError, throwIfAborted } from '../../base/errors.js';
import { addKey } from '../../maintain/keys.js';
import type { Remote } from '../../repo/remote.js';
import type { Repository } from '../../repo/repository.js';
import { dropOldTokens } from '../folder/token-store.js';
import type { SyncSession } from '../session.js';
import type { Account } from './account.js';
import { accountOf } from './account.js';
import { withCatalogue } from './catalogue.js';

/**
 * Opens the instance's repository, of which the token's password opens no key, by an earlier password or by the recovery
 * code that the catalogue holds; the token's becomes a key then. undefined: nothing at hand opens it.
 */
export async function openOtherwise(session: SyncSession, remote: Remote): Promise<Repository | undefined> {
  const account = await accountOf(session);
  const repo =
    (await openBy(session, remote, account.others)) ?? (await openBy(session, remote, await storedCodes(account)));
  if (repo === undefined) return undefined;
  try {
    await addKey(repo, session.token.password, { signal: session.signal });
    const message = 'the password was changed; the new one opens the repository from now on';
    session.emit({ type: 'warning', code: 'new-key', message });
  } catch (error) {
    throwIfAborted(session.signal);
    session.warn('new-key', `the new password could not be made a key of the repository: ${reasonOf(error)}`);
    return repo;
  }
  await settleRotation(session);
  return repo;
}

async function openBy(
  { state, signal }: SyncSession,
  remote: Remote,
  passwords: readonly string[],
): Promise<Repository | undefined> {
  if (passwords.length === 0) return undefined;
  try {
    return await remote.open({ passwords, keyHint: state?.keyHint, signal });
  } catch (error) {
    if (isSyncError(error, 'wrong-password')) return undefined;
    throw error;
  }
}

/** The recovery codes of the catalogue. None, whatever is wrong with it: it is asked where all else has failed. */
export async function storedCodes(account: Account): Promise<string[]> {
  try {
    return (await withCatalogue(account, async ({ content }) => content.codes.map(({ code }) => code))) ?? [];
  } catch {
    throwIfAborted(account.signal);
    // The error of the repository that did not open is the one to tell.
    return [];
  }
}

/** The instance's repository opens by the token: once the catalogue does so too, the earlier tokens go. */
export async function settleRotation(session: SyncSession): Promise<void> {
  const account = await accountOf(session);
  try {
    await withCatalogue(account, async () => undefined);
  } catch (error) {
    throwIfAborted(session.signal);
    // Opened by none of them: keeping them does not help either.
    if (!isSyncError(error, 'wrong-password')) return;
  }
  await dropOldTokens(session.instance.cloudFolder, session.token.id);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
