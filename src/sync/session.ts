/**
 * What push, pull and status have in common: find the instance, read its settings, take its lock, finish what an
 * interrupted command left, and reach its repository.
 */
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { SyncError } from '../base/errors.js';
import type { OnEvent, Phase } from '../base/events.js';
import type { LockOptions } from '../repo/lock.js';
import type { Remote } from '../repo/remote.js';
import type { Repository } from '../repo/repository.js';
import type { Executor } from '../worker/executor.js';
import type { Instance } from './folder/instance.js';
import { newInstanceId, readInstance, repositoryUrl } from './folder/instance.js';
import type { LockHolder } from './folder/instance-lock.js';
import { acquireInstanceLock } from './folder/instance-lock.js';
import { type Settled, settleRelocation } from './folder/relocation.js';
import type { State } from './folder/state.js';
import { readState } from './folder/state.js';
import type { Token } from './folder/token.js';
import { parseToken, readToken, TOKEN_FILE } from './folder/token.js';
import type { OnConflict, OnDeletion, OnRelocation } from './merge/decisions.js';
import type { Scope } from './scope/scope.js';
import { readScope } from './scope/scope.js';
import { isCaseBlind, type Speller, spellerOf } from './spelling.js';
import { recoverSwap } from './swap/stage.js';
import type { Blindness } from './swap/windows-names.js';

export interface Address {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** None: nothing is kept. */
  readonly cacheFolder?: string | undefined;
  /** Milliseconds in which a call is repeated that got no good answer; 2 minutes. */
  readonly retryMs?: number | undefined;
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
  /** The game crashed, or its hook did not run: the snapshot is tagged `unclean`. */
  readonly unclean?: boolean | undefined;
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
  /** Whether this disk takes names that differ in letter case, or in normal form alone, for one. */
  readonly caseBlind: Blindness;
  readonly token: Token;
  readonly services: Services;
  readonly signal: AbortSignal | undefined;
  readonly options: SyncOptions;
  readonly hostname: string;
  /** Of this game folder on this PC. */
  readonly deviceId: string;
  readonly warnings: string[];
  readonly emit: OnEvent;
  warn(code: string, message: string): void;
  phase(phase: Phase): void;
  connect(): Promise<Remote>;
  /** Throws 'in-use' if another command has taken over because this one was silent for too long. */
  checkLock(): Promise<void>;
  /** To be awaited before files of the player's change places: the repository's lock may be still on its way. */
  lockHeld(): Promise<void>;
  /** Warns if the server's clock, once it has answered, is far from this PC's. */
  checkClock(remote: Remote): void;
  /** Milliseconds since 1970: this PC's clock or, if that was found far from it, the server's. */
  now(): number;
}

const CLOCK_MS = 5 * 60_000;
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
    const settled = await settleRelocation(instance, options.onRelocation);
    // A PC that slept through the lock's time must not go on: another command may be at work by now.
    const signal = AbortSignal.any([lock.lost, ...(options.signal ? [options.signal] : [])]);
    const checkLock = (): Promise<void> => lock.check();
    return await withConnection(settled, { ...options, signal }, services, (session) =>
      work({ ...session, checkLock }),
    );
  } catch (error) {
    // Whatever failed because of it, this is the reason.
    await lock.check();
    throw error;
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
  return instance && withConnection({ instance, isNew: false }, options, services, work);
}

async function withConnection<T>(
  settled: Settled,
  options: SyncOptions,
  services: Services,
  work: (session: SyncSession) => Promise<T>,
): Promise<T> {
  let remote: Remote | undefined;
  try {
    const session = await prepare(settled, options, services, async (address) => {
      remote ??= await services.connect(address);
      return remote;
    });
    return await work(session);
  } finally {
    await remote?.close();
  }
}

async function prepare(
  { instance, isNew }: Settled,
  options: SyncOptions,
  services: Services,
  connect: (address: Address) => Promise<Remote>,
): Promise<SyncSession> {
  const emit: OnEvent = options.onProgress ?? (() => undefined);
  const warnings: string[] = [];
  let skewMs = 0;
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
    options,
    hostname: hostname(),
    deviceId: (isNew ? undefined : state.state?.deviceId) ?? newInstanceId(),
    warnings,
    emit,
    warn,
    phase: (phase) => emit({ type: 'progress', phase, filesDone: 0, bytesDone: 0 }),
    connect: () => connect(address),
    checkLock: async () => undefined,
    lockHeld: async () => undefined,
    checkClock: (remote) => {
      const skew = remote.clockSkewMs() ?? 0;
      if (Math.abs(skew) < CLOCK_MS) return;
      skewMs = skew;
      const minutes = Math.round(Math.abs(skew) / 60_000);
      const side = skew > 0 ? 'behind' : 'ahead of';
      warn(
        'clock',
        `this PC's clock is ${minutes} minutes ${side} the server's; correct it, or the history shows wrong times`,
      );
    },
    now: () => Date.now() + skewMs,
  };
}

/** The session with the state as it is on the disk now. */
export async function reopenState(session: SyncSession): Promise<SyncSession> {
  const { state } = await readState(session.instance);
  return { ...session, state };
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
  return caseBlind ? spellerOf([...more, ...(state?.files.keys() ?? [])], caseBlind) : undefined;
}

function describeHolder({ command, host, pid }: LockHolder): string {
  return `${command} on ${host} (process ${pid})`;
}

/** How long a prune or another exclusive command elsewhere is waited for. */
const REPOSITORY_LOCK_WAIT_MS = 10_000;

/**
 * How a command of ours takes the repository's lock: it waits a little, and says for whom. By the server's time, or a PC
 * whose clock is wrong would take the locks of others for dead, and they its own.
 */
export function repositoryLock(session: SyncSession): Omit<LockOptions, 'signal'> {
  let told = false;
  const onWait = (holder: string): void => {
    if (!told) session.warn('waiting', `waiting for the repository, which is locked by ${holder}`);
    told = true;
  };
  return { waitMs: session.options.waitMs ?? REPOSITORY_LOCK_WAIT_MS, onWait, now: session.now };
}
