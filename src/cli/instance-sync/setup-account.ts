/**
 * What setup does with the player's account: offers the instances of the other PCs by name, and shows the recovery code
 * once. Neither is needed to be set up; a server that does not answer costs a warning.
 */
import type { KnownInstancesOptions, ListedInstance, SyncOptions } from '../../index.js';
import { isSyncError, listKnownInstances, recoveryCode } from '../../index.js';
import type { Console } from '../../ui/console.js';
import { pickInstance, recoveryCodeLines } from './account-commands.js';

export type Login = Required<Pick<KnownInstancesOptions, 'packFolder' | 'url' | 'token' | 'tokenFile'>>;

/** The id of the instance that the player chooses; undefined: a new one. */
export async function pickInstanceId(
  console: Console,
  login: Login,
  asking: (question: string) => Promise<string>,
): Promise<string | undefined> {
  const known = await listInstances(console, login);
  if (known.length > 0) return (await pickInstance(console, known, asking))?.id;
  const id = (await asking('Instance id from another PC (empty: a new instance): ')).trim();
  return id === '' ? undefined : id;
}

async function listInstances(console: Console, login: Login): Promise<readonly ListedInstance[]> {
  try {
    const found = await listKnownInstances(login);
    return found.outcome === 'instances' ? found.instances : [];
  } catch (error) {
    // Also a wrong token is only told: the player may be ahead of the operator. What is no token at all, init refuses.
    if (!isSyncError(error) || error.code === 'aborted') throw error;
    console.line('warning', `the list of your instances cannot be read: ${error.message}`);
    return [];
  }
}

/** Enters the instance in the player's list. Shows the recovery code if it was made just now. */
export async function enterAccount(
  console: Console,
  options: Pick<SyncOptions, 'packFolder' | 'instanceLabel'>,
): Promise<void> {
  try {
    const result = await recoveryCode({ ...options, onProgress: console.event });
    if (result.outcome === 'not-configured' || !result.isNew) return;
    console.object({ message_type: 'recovery_code', code: result.code });
    for (const line of ['', ...recoveryCodeLines(result), '']) console.line('info', line);
  } catch (error) {
    if (!isSyncError(error) || error.code === 'aborted') throw error;
    const later = '"instance-sync recovery-code" does it later';
    console.line('warning', `no recovery code was made (${later}): ${error.message}`);
  }
}
