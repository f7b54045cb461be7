/**
 * passwd and recover: a new token for an instance, and its password as a further key of the player's repositories.
 * Keys first, token last: wherever it is cut off, what is stored opens the repositories, and the next call goes on.
 */
import { isSyncError, SyncError, throwIfAborted } from '../../base/errors.js';
import type { Token } from '../folder/token.js';
import { dropOldTokens, storedToken, storeToken } from '../folder/token-store.js';
import type { NotConfigured } from '../results.js';
import { NOT_CONFIGURED } from '../results.js';
import type { Services, SyncOptions, SyncSession } from '../session.js';
import { withInstance } from '../session.js';
import type { Account } from './account.js';
import { accountOf, connectTo, openAndAdd } from './account.js';
import { CATALOGUE } from './catalogue.js';
import { parseRecoveryCode } from './recovery-code.js';
import { storedCodes } from './rotation.js';

/** `token` or `tokenFile`: the new token. */
export interface ChangeTokenOptions
  extends Pick<SyncOptions, 'packFolder' | 'tokenFile' | 'token' | 'waitMs' | 'signal' | 'onProgress'> {
  /**
   * The server does not take the new token yet, only the old one; a typing error in it would become a key that stays.
   * True goes on. Default: true.
   */
  readonly onUnknownToken?: (() => Promise<boolean> | boolean) | undefined;
}

export interface TokenChanged {
  /**
   * 'prepared': the server does not take the new token yet. Its password opens the repositories from now on; the old
   * token stays in use until the server's password was changed and this was called again.
   */
  readonly outcome: 'changed' | 'prepared' | 'unchanged';
  /** Repositories that got the new password as a key just now. */
  readonly keysAdded: readonly PlayersRepository[];
  readonly warnings: readonly string[];
}

export type PlayersRepository = 'instance' | 'catalogue';

/**
 * Throws 'unauthorized' if the server takes neither the new token nor an old one, 'wrong-password' if nothing at hand
 * opens the repository, 'usage' for a token of another user.
 */
export async function changeToken(
  options: ChangeTokenOptions,
  services: Services,
): Promise<TokenChanged | NotConfigured> {
  if (options.token === undefined && options.tokenFile === undefined) {
    throw new SyncError('no-token', 'no new token given; name a file that holds one line ID:PASSWORD');
  }
  const work = (session: SyncSession): Promise<TokenChanged> => change(session, options);
  return (await withInstance('passwd', options, services, work)) ?? NOT_CONFIGURED;
}

async function change(session: SyncSession, options: ChangeTokenOptions): Promise<TokenChanged> {
  const { token, warnings, instance } = session;
  const before = await storedToken(instance.cloudFolder);
  refuseOtherUser(before, token);
  const account = await accountOf(session);
  const login = await findLogin(session, account);
  const isKnown = login === token.password;
  if (!isKnown && (await (options.onUnknownToken?.() ?? true)) !== true) {
    throw new SyncError('aborted', 'the server does not take the new token yet; nothing was changed');
  }
  const { added, isSettled } = await addEverywhere(session, { ...account, login }, RECOVER);
  if (!isKnown) return { outcome: 'prepared', keysAdded: added, warnings };
  await keepToken(session, isSettled);
  const isSame = before?.password === token.password && added.length === 0;
  return { outcome: isSame ? 'unchanged' : 'changed', keysAdded: added, warnings };
}

const RECOVER = '"instance-sync recover", with the recovery code and the same --token-file, opens it';

function refuseOtherUser(before: Token | undefined, { id }: Token): void {
  if (before === undefined || before.id === id) return;
  const todo = '"instance-sync init" moves an instance to another user';
  throw new SyncError('usage', `the new token is of the user ${id}, the old one of ${before.id}; ${todo}`);
}

/** The password that the server takes: the new one, or, before it was changed there, one of the others. */
async function findLogin(session: SyncSession, account: Account): Promise<string> {
  for (const password of [account.token.password, ...account.others]) {
    if (await isTaken(session, { ...account, login: password })) return password;
  }
  const others = account.others.length > 0 ? ', and the old one as well' : '';
  const todo = 'check it for typing errors, or ask the operator';
  const message = `the server refuses the new token of ${account.token.id}${others}; ${todo}; nothing was changed`;
  throw new SyncError('unauthorized', message);
}

async function isTaken(session: SyncSession, account: Account): Promise<boolean> {
  const remote = await connectTo(account, session.instance.settings.instanceId);
  try {
    await remote.listSnapshots(session.signal);
    return true;
  } catch (error) {
    if (isSyncError(error, 'unauthorized')) return false;
    throw error;
  } finally {
    await remote.close();
  }
}

export interface RecoverOptions
  extends Pick<SyncOptions, 'packFolder' | 'tokenFile' | 'token' | 'waitMs' | 'signal' | 'onProgress'> {
  /** As typed from paper. */
  readonly code: string;
}

export interface Recovered {
  readonly outcome: 'recovered';
  /** Repositories that got the token's password as a key just now; none if it opened them already. */
  readonly keysAdded: readonly PlayersRepository[];
  readonly warnings: readonly string[];
}

/**
 * Opens the repositories by the recovery code and makes the token's password a key. A token that is given is stored.
 * Throws 'usage' for a typing error in the code, 'wrong-password' if it is another player's.
 */
export async function recoverAccess(options: RecoverOptions, services: Services): Promise<Recovered | NotConfigured> {
  const code = parseRecoveryCode(options.code);
  const work = async (session: SyncSession): Promise<Recovered> => {
    refuseOtherUser(await storedToken(session.instance.cloudFolder), session.token);
    const known = await accountOf(session);
    const account = { ...known, others: [code, ...known.others] };
    const todo = 'check that it is the code of this player, or ask the operator for an older password';
    const { added, isThere, isSettled } = await addEverywhere(session, account, todo);
    if (!isThere) throw nothingThere(session);
    await keepToken(session, isSettled);
    return { outcome: 'recovered', keysAdded: added, warnings: session.warnings };
  };
  return (await withInstance('recover', options, services, work)) ?? NOT_CONFIGURED;
}

function nothingThere({ instance, token }: SyncSession): SyncError {
  const where = `${instance.settings.url}, user ${token.id}`;
  return new SyncError('no-repository', `nothing was sent for this instance yet (${where}); there is nothing to open`);
}

async function keepToken({ instance, token }: SyncSession, isSettled: boolean): Promise<void> {
  await storeToken(instance.cloudFolder, token);
  if (isSettled) await dropOldTokens(instance.cloudFolder, token.id);
}

interface Added {
  readonly added: PlayersRepository[];
  /** The instance's repository has been made. */
  readonly isThere: boolean;
  /** No earlier password is needed any more. */
  readonly isSettled: boolean;
}

/** The instance's repository must open; of the catalogue, what fails is a warning, and a later push tries it again. */
async function addEverywhere(session: SyncSession, account: Account, todo: string): Promise<Added> {
  const own = await addToInstance(session, account, todo);
  const isThere = own !== undefined;
  const added: PlayersRepository[] = own === true ? ['instance'] : [];
  try {
    if ((await addTo(account, CATALOGUE)) === true) added.push('catalogue');
    return { added, isThere, isSettled: true };
  } catch (error) {
    throwIfAborted(session.signal);
    const reason = error instanceof Error ? error.message : String(error);
    session.warn('catalogue', `the list of your instances does not open by the new password: ${reason}`);
    return { added, isThere, isSettled: isSyncError(error, 'wrong-password') };
  }
}

/** By what lies on this disk, else by the recovery code that another PC's catalogue has. */
async function addToInstance(session: SyncSession, account: Account, todo: string): Promise<boolean | undefined> {
  const { instance, state } = session;
  const { instanceId } = instance.settings;
  try {
    return await addTo(account, instanceId, state?.keyHint);
  } catch (error) {
    if (!isSyncError(error, 'wrong-password')) throw error;
    const others = await storedCodes(account);
    if (others.length === 0) throw withTodo(error, todo);
    return addTo({ ...account, others }, instanceId).catch((again: unknown) => {
      throw isSyncError(again, 'wrong-password') ? withTodo(again, todo) : again;
    });
  }
}

function withTodo(error: SyncError, todo: string): SyncError {
  return new SyncError(error.code, `${error.message}; ${todo}`, { cause: error });
}

/** Whether the key was added; undefined: there is no such repository yet. */
async function addTo(account: Account, name: string, keyHint?: string): Promise<boolean | undefined> {
  const remote = await connectTo(account, name);
  try {
    return (await openAndAdd(account, remote, keyHint)).added;
  } catch (error) {
    if (isSyncError(error, 'no-repository')) return undefined;
    throw error;
  } finally {
    await remote.close();
  }
}
