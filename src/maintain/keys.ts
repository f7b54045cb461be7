/**
 * The passwords of a repository: each has a key file that holds the one master key. Whoever had a password may have kept
 * the master key, so removing one shuts out only those who had not used it.
 */
import { toHex } from '../base/bytes.js';
import { forEachLimit } from '../base/concurrency.js';
import { isSyncError, SyncError } from '../base/errors.js';
import type { KeyId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import { findByPrefix } from '../browse/select.js';
import type { InitOptions } from '../repo/create.js';
import { addKey as storeKey } from '../repo/create.js';
import { loadRaw } from '../repo/files.js';
import type { KeyFile } from '../repo/key-file.js';
import { decodeKeyFile, openKeyFile } from '../repo/key-file.js';
import type { Repository } from '../repo/repository.js';

export interface KeyInfo {
  readonly id: KeyId;
  /** Whether the repository was opened with it. */
  readonly isCurrent: boolean;
  /** '' where the key does not tell (rustic's). */
  readonly username: string;
  readonly hostname: string;
  /** RFC 3339. */
  readonly created: string | undefined;
}

export interface NewKeyOptions {
  /** Whom the key names; the user and the machine that make it, by default. */
  readonly username?: string | undefined;
  readonly hostname?: string | undefined;
  /** How costly a guess is. */
  readonly scrypt?: InitOptions['scrypt'] | undefined;
  readonly signal?: AbortSignal | undefined;
}

const CONNECTIONS = 5;

/** All keys, the oldest first. One that cannot be read is told to `onProblem`, or thrown without it. */
export async function listKeys(
  repo: Repository,
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly onProblem?: ((id: KeyId, error: unknown) => void) | undefined;
  } = {},
): Promise<KeyInfo[]> {
  const { signal, onProblem } = options;
  const found: KeyInfo[] = [];
  await forEachLimit(
    await keyIds(repo, signal),
    CONNECTIONS,
    async (id) => {
      try {
        const { username = '', hostname = '', created } = await loadKey(repo, id, signal);
        found.push({ id, isCurrent: id === repo.keyId, username, hostname, created });
      } catch (error) {
        if (onProblem === undefined || signal?.aborted) throw error;
        onProblem(id, error);
      }
    },
    signal,
  );
  return found.sort((a, b) => ((a.created ?? '') + a.id < (b.created ?? '') + b.id ? -1 : 1));
}

/** A further password. The new key is read back and opened; one that does not open is taken away again. */
export async function addKey(repo: Repository, password: string, options: NewKeyOptions = {}): Promise<KeyId> {
  const { username, hostname, scrypt, signal } = options;
  const owner = { ...(username && { username }), ...(hostname && { hostname }) };
  const id = await storeKey(repo.backend, repo.codec, password, scrypt, signal, owner);
  try {
    const what = `keys/${shortId(id)}`;
    const master = await openKeyFile(repo.codec.crypto, await loadKey(repo, id, signal), password, what);
    if (master !== undefined && toHex(master.encrypt) === toHex(repo.codec.key.encrypt)) return id;
    throw new SyncError('internal', `the new key ${what} does not open with its password`);
  } catch (error) {
    await withdraw(repo, id);
    throw error;
  }
}

/**
 * A new password in place of the one that the repository was opened with; that is gone afterwards. For use under an
 * exclusive lock. Throws 'forbidden' where the server is append-only, before anything was written.
 */
export async function changePassword(repo: Repository, password: string, options: NewKeyOptions = {}): Promise<KeyId> {
  await refuseAppendOnly(repo, options.signal);
  const id = await addKey(repo, password, options);
  try {
    await repo.backend.remove('keys', repo.keyId, { signal: options.signal });
  } catch (error) {
    // Two passwords where one was asked for: the new one goes again, so that all is as it was.
    await withdraw(repo, id);
    throw error;
  }
  return id;
}

/**
 * Removes the key whose id begins so. For use under an exclusive lock.
 * Throws 'usage' for the key in use and for a beginning that fits several, 'not-found', 'forbidden'.
 */
export async function removeKey(repo: Repository, prefix: string, signal?: AbortSignal): Promise<KeyId> {
  const id = findByPrefix(await keyIds(repo, signal), prefix);
  if (id === repo.keyId) throw new SyncError('usage', 'refusing to remove key currently used to access repository');
  await repo.backend.remove('keys', id, { signal });
  return id;
}

async function keyIds(repo: Repository, signal: AbortSignal | undefined): Promise<KeyId[]> {
  return (await repo.backend.list('keys', { signal })).map((file) => file.name as KeyId);
}

async function loadKey(repo: Repository, id: KeyId, signal: AbortSignal | undefined): Promise<KeyFile> {
  const bytes = await loadRaw(repo.backend, repo.codec.crypto, 'keys', id, signal);
  return decodeKeyFile(bytes, `keys/${shortId(id)}`);
}

/** An append-only server forbids the removal of any key, also of one that is not there. */
async function refuseAppendOnly(repo: Repository, signal: AbortSignal | undefined): Promise<void> {
  const nobody = toHex(repo.codec.crypto.randomBytes(32));
  try {
    await repo.backend.remove('keys', nobody, { signal });
  } catch (error) {
    if (!isSyncError(error, 'forbidden')) throw error;
    const message = `${repo.backend.location} does not allow keys to be removed, so the old password would stay`;
    throw new SyncError('forbidden', `${message}; "key add" adds a further one`, { cause: error });
  }
}

async function withdraw(repo: Repository, id: KeyId): Promise<void> {
  await repo.backend.remove('keys', id).catch(() => {
    // The error that led here is the one to tell.
  });
}
