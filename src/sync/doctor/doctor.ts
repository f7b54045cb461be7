/**
 * doctor: everything that a sync of this game folder depends on, looked at one by one, each with a line and what to do.
 * One thing that is broken hides none of the others, where it can be helped. Nothing is changed but the mode of a token
 * that other users could read, as every command does.
 */
import { join } from 'node:path';
import { isSyncError, throwIfAborted } from '../../base/errors.js';
import { type Instance, readInstance } from '../folder/instance.js';
import { readStateHead, type StateHead } from '../folder/state.js';
import { parseToken, readToken, TOKEN_FILE, type Token } from '../folder/token.js';
import { readScope, type Scope } from '../scope/scope.js';
import type { Services, SyncOptions } from '../session.js';
import { packFolderOf } from '../session.js';
import { type Checkup, problemOf } from './checkup.js';
import { checkDisk } from './doctor-disk.js';
import { checkServer } from './doctor-server.js';

export type DoctorOptions = Pick<SyncOptions, 'packFolder' | 'tokenFile' | 'token' | 'signal'>;

export interface DoctorResult {
  readonly outcome: 'doctor';
  readonly packFolder: string;
  readonly checkups: readonly Checkup[];
  /** No checkup is a 'problem'. */
  readonly healthy: boolean;
}

/** Throws 'usage' if there is no such folder, and 'aborted'. */
export async function doctor(options: DoctorOptions, services: Services): Promise<DoctorResult> {
  const packFolder = packFolderOf(options);
  const checkups: Checkup[] = [];
  const notSetUp = { id: 'settings', level: 'problem', message: `${packFolder} is not set up` } as const;
  const instance = await tryCheck(checkups, 'settings', () => readInstance(packFolder), 'usage');
  if (instance !== undefined) await checkInstance(instance, options, services, checkups);
  else if (checkups.length === 0) checkups.push({ ...notSetUp, todo: 'run "instance-sync setup"' });
  const healthy = checkups.every(({ level }) => level !== 'problem');
  return { outcome: 'doctor', packFolder, checkups, healthy };
}

async function checkInstance(
  instance: Instance,
  options: DoctorOptions,
  services: Services,
  checkups: Checkup[],
): Promise<void> {
  const { url, instanceId } = instance.settings;
  checkups.push({ id: 'settings', level: 'ok', message: `instance ${instanceId} on ${url}` });
  const token = await tryCheck(checkups, 'token', () => checkToken(instance, options, checkups));
  const scope = await tryCheck(checkups, 'scope', () => checkScope(instance, checkups));
  const state = await tryCheck(checkups, 'state', () => checkState(instance, checkups));
  checkups.push(...(await checkDisk(instance, scope, options.signal)));
  throwIfAborted(options.signal);
  if (token === undefined) return;
  checkups.push(...(await checkServer({ instance, token, state, services, options })));
}

/** Turns what `work` throws into a problem; undefined then. `rethrown`: not even that is caught. */
async function tryCheck<T>(
  checkups: Checkup[],
  id: string,
  work: () => Promise<T>,
  rethrown?: 'usage',
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!isSyncError(error) || error.code === 'aborted' || error.code === rethrown) throw error;
    checkups.push(problemOf(id, error));
    return undefined;
  }
}

async function checkToken(instance: Instance, options: DoctorOptions, checkups: Checkup[]): Promise<Token> {
  if (options.token !== undefined) return parseToken(options.token, 'the token');
  const path = options.tokenFile ?? join(instance.cloudFolder, TOKEN_FILE);
  const loose = options.tokenFile === undefined ? 'tighten' : 'refuse';
  const { token, warnings } = await readToken(path, { loose });
  const [warning] = warnings;
  const mode = process.platform === 'win32' ? '' : ', readable by this user only';
  if (warning === undefined) checkups.push({ id: 'token', level: 'ok', message: `token of ${token.id}${mode}` });
  else {
    const todo = 'if others use this computer, ask the operator of the server for a new password';
    checkups.push({ id: 'token', level: 'warning', message: warning, todo });
  }
  return token;
}

async function checkScope(instance: Instance, checkups: Checkup[]): Promise<Scope> {
  const { scope, warnings } = await readScope(instance);
  for (const message of warnings) {
    checkups.push({ id: 'scope', level: 'warning', message, todo: 'check the file for a mistyped word' });
  }
  return scope;
}

async function checkState(instance: Instance, checkups: Checkup[]): Promise<StateHead | undefined> {
  const { state, warnings } = await readStateHead(instance);
  const todo = 'the next pull or push does that';
  for (const message of warnings) checkups.push({ id: 'state', level: 'warning', message, todo });
  if (warnings.length > 0) return state;
  const message =
    state?.base === undefined ? 'this PC has not synchronised yet' : `last sync ${state.base.slice(0, 8)}`;
  checkups.push({ id: 'state', level: 'ok', message });
  return state;
}
