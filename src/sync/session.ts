/**
 * What push, pull and status have in common: find the instance, read its settings, take its lock, finish what an
 * interrupted command left, and reach its repository.
 */
import { join, resolve } from 'node:path';
import { forEachLimit } from '../base/concurrency.js';
import { isSyncError, SyncError } from '../base/errors.js';
import type { OnEvent, Phase } from '../base/events.js';
import type { SnapshotId } from '../base/ids.js';
import type { LockOptions } from '../repo/lock.js';
import type { Remote } from '../repo/remote.js';
import type { Repository } from '../repo/repository.js';
import type { Executor } from '../worker/executor.js';
import type { OnConflict, OnDeletion, OnRelocation } from './decisions.js';
import type { KnownSnapshot } from './heads.js';
import type { Instance } from './instance.js';
import { readInstance, repositoryUrl } from './instance.js';
import type { LockHolder } from './instance-lock.js';
import { acquireInstanceLock } from './instance-lock.js';
import type { Scope } from './scope.js';
import { readScope } from './scope.js';
import { isCaseBlind, type Speller, spellerOf } from './spelling.js';
import { recoverSwap } from './stage.js';
import type { State } from './state.js';
import { readState } from './state.js';
import type { Token } from './token.js';
import { parseToken, readToken, TOKEN_FILE } from './token.js';

export interface Address {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly cacheFolder: string;
}

/** What the composition root provides: this room knows neither transport nor threads. */
export interface Services {
  connect(address: Address): Promise<Remote>;
  /** `bytes` is an estimate of the work to come: threads are worth their start only for some. */
  createExecutor(repo: Repository, bytes: number): Promise<Executor>;
  readonly version: string;
  readonly platform: NodeJS.Platform;
}

export interface SyncOptions {
  /** The game folder. Default: $INST_MC_DIR, else the working directory. */
  readonly packFolder?: string | undefined;
  /** Default: `.cloud-sync/token` in the game folder. */
  readonly tokenFile?: string | undefined;
  /** The token itself, ID:PASSWORD, instead of a file. */
  readonly token?: string | undefined;
  /** A name to call the instance by in messages; never stored. */
  readonly instanceLabel?: string | undefined;
  /** No window is opened, whatever happens. */
  readonly headless?: boolean | undefined;
  /** Default: 'abort', which throws 'conflict'. */
  readonly onConflict?: OnConflict | undefined;
  /** Default: 'abort', which throws 'conflict'. */
  readonly onDeletion?: OnDeletion | undefined;
  /** Default: 'moved' if nothing is left at the old place, else 'abort', which throws 'relocated'. */
  readonly onRelocation?: OnRelocation | undefined;
  /** Send worlds that a running game holds; such a snapshot is tagged `live`. Default: 'in-use' is thrown. */
  readonly allowLive?: boolean | undefined;
  /**
   * Milliseconds to wait for others: for another command on this game folder (default 10 minutes), and for a program
   * that has the repository for itself, such as restic prune (default 10 s). Then 'in-use' or 'locked' is thrown.
   */
  readonly waitMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnEvent | undefined;
}

export interface SyncSession {
  readonly instance: Instance;
  readonly scope: Scope;
  readonly state: State | undefined;
  /** Whether this disk takes names that differ in letter case for one. */
  readonly caseBlind: boolean;
  readonly token: Token;
  readonly services: Services;
  readonly signal: AbortSignal | undefined;
  /** As in SyncOptions. */
  readonly waitMs: number | undefined;
  readonly warnings: string[];
  readonly emit: OnEvent;
  warn(code: string, message: string): void;
  phase(phase: Phase): void;
  connect(): Promise<Remote>;
}

/** Another command of ours may be a long push: a pull waits for it (launchers start a game while one still runs). */
const LOCK_WAIT_MS = 10 * 60_000;

/** Throws 'usage' for an empty name: a launcher's variable that was not there must not stand for another folder. */
export function packFolderOf(options: Pick<SyncOptions, 'packFolder'>): string {
  if (options.packFolder === '') {
    throw new SyncError('usage', 'the option pack-folder is empty; give the path of the game folder, or leave it out');
  }
  return resolve(options.packFolder ?? (process.env['INST_MC_DIR'] || process.cwd()));
}

/** Runs `work` on the instance, alone; undefined if the folder has not opted in. */
export async function withInstance<T>(
  command: string,
  options: SyncOptions,
  services: Services,
  work: (session: SyncSession) => Promise<T>,
): Promise<T | undefined> {
  const instance = await readInstance(packFolderOf(options));
  if (instance === undefined) return undefined;
  const waiting = (holder: LockHolder): void => {
    const message = `waiting for ${describeHolder(holder)}, which uses this instance`;
    options.onProgress?.({ type: 'progress', phase: 'waiting', filesDone: 0, bytesDone: 0 });
    options.onProgress?.({ type: 'warning', code: 'waiting', message });
  };
  const lock = await acquireInstanceLock(instance.cloudFolder, {
    command,
    waitMs: options.waitMs ?? LOCK_WAIT_MS,
    ...(options.signal ? { signal: options.signal } : {}),
    onWait: waiting,
  });
  try {
    const recovered = await recoverSwap(instance);
    if (recovered !== 'nothing') {
      const message = `an earlier pull was interrupted; it has been ${recovered}`;
      options.onProgress?.({ type: 'warning', code: 'recovered', message });
    }
    // A PC that slept through the lock's time must not go on: another command may be at work by now.
    const signal = AbortSignal.any([lock.lost, ...(options.signal ? [options.signal] : [])]);
    return await withConnection(instance, { ...options, signal }, services, work);
  } finally {
    await lock.release();
  }
}

/** As withInstance, but takes no lock and repairs nothing: for looking only. */
export async function openSession<T>(
  options: SyncOptions,
  services: Services,
  work: (session: SyncSession) => Promise<T>,
): Promise<T | undefined> {
  const instance = await readInstance(packFolderOf(options));
  return instance && withConnection(instance, options, services, work);
}

async function withConnection<T>(
  instance: Instance,
  options: SyncOptions,
  services: Services,
  work: (session: SyncSession) => Promise<T>,
): Promise<T> {
  let remote: Remote | undefined;
  try {
    const session = await prepare(instance, options, services, async (address) => {
      remote ??= await services.connect(address);
      return remote;
    });
    return await work(session);
  } finally {
    await remote?.close();
  }
}

async function prepare(
  instance: Instance,
  options: SyncOptions,
  services: Services,
  connect: (address: Address) => Promise<Remote>,
): Promise<SyncSession> {
  const emit: OnEvent = options.onProgress ?? (() => undefined);
  const warnings: string[] = [];
  const warn = (code: string, message: string): void => {
    warnings.push(message);
    emit({ type: 'warning', code, message });
  };
  const token = await findToken(instance, options);
  const scope = await readScope(instance);
  const state = await readState(instance);
  for (const text of [...token.warnings, ...scope.warnings, ...state.warnings]) warn('settings', text);
  const { id: username, password } = token.token;
  const address = {
    url: repositoryUrl(instance.settings, username),
    username,
    password,
    cacheFolder: join(instance.cloudFolder, 'cache'),
  };
  return {
    instance,
    scope: scope.scope,
    state: state.state,
    caseBlind: await isCaseBlind(instance.cloudFolder),
    token: token.token,
    services,
    signal: options.signal,
    waitMs: options.waitMs,
    warnings,
    emit,
    warn,
    phase: (phase) => emit({ type: 'progress', phase, filesDone: 0, bytesDone: 0 }),
    connect: () => connect(address),
  };
}

async function findToken(instance: Instance, options: SyncOptions): Promise<{ token: Token; warnings: string[] }> {
  if (options.token !== undefined) return { token: parseToken(options.token, 'the token'), warnings: [] };
  if (options.tokenFile !== undefined) return readToken(options.tokenFile, { loose: 'refuse' });
  return readToken(join(instance.cloudFolder, TOKEN_FILE), { loose: 'tighten' });
}

/**
 * How the records of this PC, and `more`, spell the paths; undefined where the disk tells spellings
 * apart.
 */
export function recordedSpelling({ caseBlind, state }: SyncSession, more: Iterable<string> = []): Speller | undefined {
  return caseBlind ? spellerOf([...more, ...(state?.files.keys() ?? [])]) : undefined;
}

function describeHolder({ command, host, pid }: LockHolder): string {
  return `${command} on ${host} (process ${pid})`;
}

/** Opens the repository; undefined if there is none and this instance never had one. */
export async function openRepository(session: SyncSession, remote: Remote): Promise<Repository | undefined> {
  const { token, state, signal } = session;
  try {
    return await remote.open({ passwords: [token.password], keyHint: state?.keyHint, signal });
  } catch (error) {
    if (isSyncError(error, 'no-repository') && state?.base === undefined) return undefined;
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
    const advice = 'give the token with which the instance was made: "instance-sync init" with --token-file';
    return new SyncError('wrong-password', `${error.message}; ${advice}`, { cause: error });
  }
  return error;
}

export async function loadSnapshots(
  repo: Repository,
  ids: readonly SnapshotId[],
  signal?: AbortSignal,
): Promise<KnownSnapshot[]> {
  const known: KnownSnapshot[] = [];
  await forEachLimit(
    ids,
    5,
    async (id) => {
      known.push({ id, snapshot: await repo.loadSnapshot(id, signal) });
    },
    signal,
  );
  return known;
}

/** How long a prune or another exclusive command elsewhere is waited for. */
const REPOSITORY_LOCK_WAIT_MS = 10_000;

/** How a command of ours takes the repository's lock: it waits a little, and says for whom. */
export function repositoryLock(session: SyncSession): Omit<LockOptions, 'signal'> {
  let told = false;
  const onWait = (holder: string): void => {
    if (!told) session.warn('waiting', `waiting for the repository, which is locked by ${holder}`);
    told = true;
  };
  return { waitMs: session.waitMs ?? REPOSITORY_LOCK_WAIT_MS, onWait };
}
