/** The repository of an instance, opened with what is at hand, or with words on what a player can do. */
import { isSyncError, SyncError } from '../../base/errors.js';
import type { Remote } from '../../repo/remote.js';
import type { Repository } from '../../repo/repository.js';
import { hasOldTokens } from '../folder/token-store.js';
import type { SyncSession } from '../session.js';
import { readHeldKey, writeHeldKey } from './held-key.js';

/** Opens the repository; undefined if there is none and this instance never had one. */
export async function openRepository(session: SyncSession, remote: Remote): Promise<Repository | undefined> {
  const { token, state, signal, instance } = session;
  try {
    const heldKey = await readHeldKey(session);
    const repo = await remote.open({ passwords: [token.password], keyHint: state?.keyHint, heldKey, signal });
    if (repo.codec.key !== heldKey?.key) await writeHeldKey(session, { key: repo.codec.key, keyId: repo.keyId });
    // An earlier password is still at hand: is there anything else that needs it?
    if (await hasOldTokens(instance.cloudFolder, token)) await (await import('./rotation.js')).settleRotation(session);
    return repo;
  } catch (error) {
    if (isSyncError(error, 'no-repository') && state?.base === undefined) return undefined;
    if (isSyncError(error, 'wrong-password')) {
      const repo = await (await import('./rotation.js')).openOtherwise(session, remote);
      if (repo !== undefined) return repo;
    }
    throw withAdvice(error, remote.location);
  }
}

/** What a player can do about it is known here, not in the engine. */
function withAdvice(error: unknown, location: string): unknown {
  if (isSyncError(error, 'no-repository')) {
    const advice = 'ask its operator; to send everything anew, delete .cloud-sync/state.json and push';
    const message = `${location} no longer holds the repository of this instance; ${advice}`;
    return new SyncError('no-repository', message, { cause: error });
  }
  if (isSyncError(error, 'wrong-password')) {
    const made = 'give the token with which the instance was made: "instance-sync init" with --token-file';
    const advice = `${made}, or the recovery code: "instance-sync recover"`;
    return new SyncError('wrong-password', `${error.message}; ${advice}`, { cause: error });
  }
  return error;
}
