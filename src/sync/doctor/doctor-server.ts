/** doctor's look at the cloud: is it there, does it let us in, does the repository open, is its clock like ours. */
import { join } from 'node:path';
import { isSyncError } from '../../base/errors.js';
import type { Remote } from '../../repo/remote.js';
import { openRepository } from '../account/open-repository.js';
import type { Instance } from '../folder/instance.js';
import { repositoryUrl } from '../folder/instance.js';
import type { StateHead } from '../folder/state.js';
import type { Token } from '../folder/token.js';
import { openSession, type Services, type SyncOptions } from '../session.js';
import { type Checkup, problemOf } from './checkup.js';

/** Clocks are for showing only, yet a server may refuse, and a player be misled by, one that is further off. */
const CLOCK_LIMIT_MS = 5 * 60_000;

export interface ServerCheck {
  readonly instance: Instance;
  readonly token: Token;
  readonly state: StateHead | undefined;
  readonly services: Services;
  readonly options: SyncOptions;
}

export async function checkServer(check: ServerCheck): Promise<Checkup[]> {
  const { instance, token, state, services, options } = check;
  const checkups: Checkup[] = [];
  let remote: Remote | undefined;
  let id = 'server';
  try {
    const url = repositoryUrl(instance.settings, token.id);
    const cacheFolder = join(instance.cloudFolder, 'cache');
    remote = await services.connect({ url, username: token.id, password: token.password, cacheFolder });
    const snapshots = await remote.listSnapshots(options.signal);
    checkups.push({ id, level: 'ok', message: `the server answers and knows ${token.id}` });
    checkups.push(...checkClock(remote.clockSkewMs()));
    id = 'repository';
    const isNew = snapshots.length === 0 && state?.base === undefined;
    checkups.push(await checkRepository(check, remote, isNew, snapshots.length));
  } catch (error) {
    if (!isSyncError(error) || error.code === 'aborted') throw error;
    const { todo = TODO[error.code], ...problem } = problemOf(id, error);
    checkups.push({ ...problem, ...(todo === undefined ? {} : { todo }) });
  } finally {
    await remote?.close();
  }
  return checkups;
}

const TODO: Readonly<Partial<Record<string, string>>> = {
  unreachable: 'check the address and the network; the game can be played meanwhile',
  server: 'ask the operator of the server',
  unauthorized: 'run "instance-sync setup" with the right token',
  damaged: 'ask the operator of the server; "restic check" shows more',
};

async function checkRepository(
  check: ServerCheck,
  remote: Remote,
  isNew: boolean,
  snapshots: number,
): Promise<Checkup> {
  try {
    await open(check, remote);
    const count = `${snapshots} snapshot${snapshots === 1 ? '' : 's'}`;
    return { id: 'repository', level: 'ok', message: `the repository opens and holds ${count}` };
  } catch (error) {
    if (!isSyncError(error, 'no-repository')) throw error;
    if (isNew) return { id: 'repository', level: 'ok', message: 'no repository yet; the first push makes it' };
    const message = `${remote.location} no longer holds the repository of this instance`;
    const todo = 'ask its operator; to send everything anew, delete .cloud-sync/state.json and push';
    return { id: 'repository', level: 'problem', message, todo };
  }
}

async function open({ token, state, services, options }: ServerCheck, remote: Remote): Promise<void> {
  try {
    await remote.open({ passwords: [token.password], keyHint: state?.keyHint, signal: options.signal });
  } catch (error) {
    if (!isSyncError(error, 'wrong-password')) throw error;
    // A command knows other ways in: an earlier password that is still at hand.
    await openSession(options, services, (session) => openRepository(session, remote));
  }
}

function checkClock(skewMs: number | undefined): Checkup[] {
  if (skewMs === undefined) return [];
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  if (Math.abs(skewMs) <= CLOCK_LIMIT_MS) {
    return [{ id: 'clock', level: 'ok', message: `the server's clock differs by ${seconds} s` }];
  }
  const side = skewMs > 0 ? 'behind' : 'ahead of';
  const message = `this PC's clock is ${Math.round(seconds / 60)} minutes ${side} the server's`;
  const todo = 'correct it: a sync goes by history, not by time, but the history shows wrong times';
  return [{ id: 'clock', level: 'warning', message, todo }];
}
