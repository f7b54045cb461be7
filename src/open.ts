/**
 * The composition root: the only file that knows every part. It puts backends, cache, crypto, compression and
 * threads together for the commands. What a pull or push with nothing to do does not need is imported when it is called.
 */
import { availableParallelism } from 'node:os';
import { version } from 'virtual:version';
import type { Backend } from './backend/backend.js';
import { cacheBackend } from './backend/cache.js';
import { limitBackend } from './backend/limit.js';
import { localBackend } from './backend/local.js';
import { restBackend } from './backend/rest.js';
import type { RetryEvent } from './backend/retry.js';
import { retryBackend } from './backend/retry.js';
import { SyncError } from './base/errors.js';
import { formatPolynomial, randomPolynomial } from './chunker/polynomial.js';
import type { CompressionMode } from './compress/level.js';
import { loadZstd } from './compress/zstd.js';
import { defaultCrypto } from './crypto/select.js';
import type { Remote } from './repo/remote.js';
import { Repository } from './repo/repository.js';
import type { MakeCache, OpenOptions } from './repo/unlock.js';
import type { ChangeTokenOptions, Recovered, RecoverOptions, TokenChanged } from './sync/account/change-token.js';
import type { AccountCheck, CheckAccountOptions } from './sync/account/check-account.js';
import type { RecoveryCodeOptions, RecoveryCodeResult } from './sync/account/enrol.js';
import type { KnownInstances, KnownInstancesOptions } from './sync/account/known-instances.js';
import type { DoctorOptions, DoctorResult } from './sync/doctor/doctor.js';
import type { BringBackOptions, BringBackResult } from './sync/history/bring-back.js';
import type { DiffOptions, DiffResult } from './sync/history/diff-versions.js';
import type { HistoryOptions, HistoryResult } from './sync/history/history.js';
import type { ListVersionOptions, ListVersionResult } from './sync/history/list-version.js';
import type { UndoOptions, UndoResult } from './sync/history/undo.js';
import { pull as pullWith } from './sync/pull.js';
import { push as pushWith } from './sync/push.js';
import type { NotConfigured, PullResult, PushResult } from './sync/results.js';
import type { Address, Services, SyncOptions } from './sync/session.js';
import type { StatusOptions, StatusResult } from './sync/status.js';
import type { Executor } from './worker/executor.js';

/** A hook gives up sooner than a backup at night: the player waits. */
const RETRY_MS = 2 * 60_000;
/** As restic: a server that is away may come back. */
const RETRY_UNATTENDED_MS = 15 * 60_000;
const MAX_THREADS = 8;
/** Starting threads takes about 50 ms each, what one core does with 8 MB. */
const WORTH_THREADS = 8 * 1024 * 1024;

const services: Services = { connect, createExecutor, version, platform: process.platform };

/** Sends what this PC has and the cloud has not. Throws 'conflict' if the cloud has news that this PC has not seen. */
export function push(options: SyncOptions = {}): Promise<PushResult> {
  return pushWith(options, services);
}

/** Brings the cloud's state into the game folder. Throws 'conflict', touching nothing, if both sides changed. */
export function pull(options: SyncOptions = {}): Promise<PullResult> {
  return pullWith(options, services);
}

/** Looks at both sides without changing anything. */
export async function status(options: StatusOptions = {}): Promise<StatusResult | NotConfigured> {
  const { status: run } = await import('./sync/status.js');
  return run(options, services);
}

/** The versions that the cloud holds, newest first, with what changed in each. */
export async function history(options: HistoryOptions = {}): Promise<HistoryResult> {
  const { history: run } = await import('./sync/history/history.js');
  return run(options, services);
}

/** What differs between two versions, or between one and the game folder; by default from the head to the folder. */
export async function diffVersions(options: DiffOptions = {}): Promise<DiffResult> {
  const { diffVersions: run } = await import('./sync/history/diff-versions.js');
  return run(options, services);
}

/** What a folder of a version holds, or all files below it. */
export async function listVersion(options: ListVersionOptions): Promise<ListVersionResult> {
  const { listVersion: run } = await import('./sync/history/list-version.js');
  return run(options, services);
}

/** Puts a version of a world, of a path or of everything back into the game folder; undo takes it back. */
export async function bringBack(options: BringBackOptions): Promise<BringBackResult> {
  const { bringBack: run } = await import('./sync/history/bring-back.js');
  return run(options, services);
}

/** Back to what was there before the last pull, bringBack or undo. Asks no server. */
export async function undo(options: UndoOptions = {}): Promise<UndoResult> {
  const { undo: run } = await import('./sync/history/undo.js');
  return run(options, services);
}

/** Takes a new token into use; its password becomes a further key of the repository. */
export async function changeToken(options: ChangeTokenOptions): Promise<TokenChanged | NotConfigured> {
  const { changeToken: run } = await import('./sync/account/change-token.js');
  return run(options, services);
}

/** Opens the repository by the recovery code, and makes the token's password a key. */
export async function recoverAccess(options: RecoverOptions): Promise<Recovered | NotConfigured> {
  const { recoverAccess: run } = await import('./sync/account/change-token.js');
  return run(options, services);
}

/** The player's recovery code, made if there is none; secret. Also enters the instance in the player's catalogue. */
export async function recoveryCode(options: RecoveryCodeOptions = {}): Promise<RecoveryCodeResult | NotConfigured> {
  const { recoveryCode: run } = await import('./sync/account/enrol.js');
  return run(options, services);
}

/** The instances that the player's PCs have set up. */
export async function listKnownInstances(options: KnownInstancesOptions = {}): Promise<KnownInstances | NotConfigured> {
  const { listKnownInstances: run } = await import('./sync/account/known-instances.js');
  return run(options, services);
}

/** Whether a server can be used with a token, and which instances the player has there; stores nothing. */
export async function checkAccount(options: CheckAccountOptions): Promise<AccountCheck> {
  const { checkAccount: run } = await import('./sync/account/check-account.js');
  return run(options, services);
}

/** Looks at everything that a sync of the folder depends on, and says what to do. */
export async function doctor(options: DoctorOptions = {}): Promise<DoctorResult> {
  const { doctor: run } = await import('./sync/doctor/doctor.js');
  return run(options, services);
}

async function connect(address: Address): Promise<Remote> {
  const rest = restBackend({ ...address, userAgent: `instance-sync/${version}` });
  const backend = retryBackend(limitBackend(rest), { maxElapsedMs: address.retryMs ?? RETRY_MS });
  const crypto = defaultCrypto();
  const { cacheFolder: folder } = address;
  const cache: MakeCache | undefined =
    folder === undefined ? undefined : (inner, repositoryId) => cacheBackend(inner, { folder, repositoryId });
  return {
    location: backend.location,
    listSnapshots: async (signal) => {
      const files = await backend.list('snapshots', { signal });
      return files.map((file) => file.name as Awaited<ReturnType<Remote['listSnapshots']>>[number]);
    },
    packBytes: (signal) => rest.packBytes({ signal }),
    open: async (options) => Repository.open({ ...options, backend, crypto, cache, zstd: await loadZstd() }),
    init: async (password, signal) => {
      const chunkerPolynomial = formatPolynomial(randomPolynomial((length) => crypto.randomBytes(length)));
      return Repository.init({ backend, crypto, cache, zstd: await loadZstd(), password, chunkerPolynomial, signal });
    },
    clockSkewMs: () => rest.clockSkewMs(),
    close: () => backend.close(),
  };
}

export interface RepositoryAddress {
  /** `rest:https://user:password@host/path/`, a folder, or `local:` and a folder. */
  readonly repository: string;
  /** User and password of a REST server; they win over those in the address. */
  readonly serverUser?: string | undefined;
  readonly serverPassword?: string | undefined;
  /** PEM texts: certificates to trust instead of the system's; certificate and key that the server asks for. */
  readonly ca?: string | undefined;
  readonly clientCert?: string | undefined;
  readonly insecureTls?: boolean | undefined;
  readonly userAgent?: string | undefined;
  /** Requests at once; 5 by default. */
  readonly connections?: number | undefined;
  /** Bytes per second, of a REST server. */
  readonly limitUpload?: number | undefined;
  readonly limitDownload?: number | undefined;
  /** Milliseconds without any progress after which a request is made anew; a minute by default. */
  readonly stallMs?: number | undefined;
  /** Milliseconds in which a call that got no answer is repeated; 15 minutes by default. */
  readonly retryMs?: number | undefined;
  readonly onRetry?: ((event: RetryEvent) => void) | undefined;
}

export interface OpenRepositoryOptions extends RepositoryAddress {
  readonly password: string;
  /** Beginning of the id of the key to try first. */
  readonly keyHint?: string | undefined;
  /** Where copies of snapshots, indexes and trees are kept, in restic's layout. None by default. */
  readonly cacheFolder?: string | undefined;
  /** For what will be written; 'auto' by default. */
  readonly compression?: CompressionMode | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface InitRepositoryOptions extends OpenRepositoryOptions {
  /** 2 by default. */
  readonly version?: 1 | 2 | undefined;
  /** That of another repository, so that equal files give equal blobs in both; a random one by default. */
  readonly chunkerPolynomial?: string | undefined;
}

/** Throws 'no-repository', 'wrong-password', 'unsupported', 'usage' and what the backend throws. */
export async function openRepository(options: OpenRepositoryOptions): Promise<Repository> {
  const parts = await repositoryParts(options);
  const opening = Repository.open({ ...parts, passwords: [options.password], keyHint: options.keyHint });
  return orClose(parts.backend, opening);
}

/** Throws 'exists'. */
export async function initRepository(options: InitRepositoryOptions): Promise<Repository> {
  const parts = await repositoryParts(options);
  const random = (length: number): Uint8Array => parts.crypto.randomBytes(length);
  const chunkerPolynomial = options.chunkerPolynomial ?? formatPolynomial(randomPolynomial(random));
  const version = options.version ?? 2;
  const making = Repository.init({ ...parts, password: options.password, version, chunkerPolynomial });
  return orClose(parts.backend, making);
}

/** Connections do not outlive a repository that could not be opened. */
async function orClose(backend: Backend, opening: Promise<Repository>): Promise<Repository> {
  try {
    return await opening;
  } catch (error) {
    await backend.close();
    throw error;
  }
}

/** Files of a repository, with retries and a limit of requests, not opened. */
function openBackend(address: RepositoryAddress): Backend {
  const { repository, retryMs, onRetry, connections } = address;
  if (!repository.startsWith('rest:')) return localBackend(localPath(repository));
  const { serverUser, serverPassword, ca, clientCert, insecureTls, userAgent, limitUpload, limitDownload } = address;
  const tls = { ca, clientCert, insecureTls };
  const limits = { limitUpload, limitDownload, connections, stallTimeoutMs: address.stallMs };
  const login = { username: serverUser, password: serverPassword };
  const agent = userAgent ?? `restic-ts/${version}`;
  const rest = restBackend({ url: repository, ...login, ...tls, ...limits, userAgent: agent });
  const waitMs = retryMs ?? RETRY_UNATTENDED_MS;
  const told = onRetry === undefined ? {} : { onRetry };
  return retryBackend(limitBackend(rest, connections), { maxElapsedMs: waitMs, connectBudgetMs: waitMs, ...told });
}

/** Throws 'unsupported' for `s3:` and the like; a Windows drive is none of these. */
function localPath(repository: string): string {
  if (repository.startsWith('local:')) return repository.slice('local:'.length);
  const scheme = /^([a-z][a-z0-9]+):/.exec(repository)?.[1];
  if (scheme === undefined) return repository;
  throw new SyncError(
    'unsupported',
    `repositories at "${scheme}:" are not supported; use "rest:", or "local:" before a folder of that name`,
  );
}

async function repositoryParts(options: OpenRepositoryOptions): Promise<Omit<OpenOptions, 'passwords'>> {
  const { cacheFolder: folder, compression, signal } = options;
  const cache: MakeCache | undefined =
    folder === undefined
      ? undefined
      : (inner, repositoryId, cacheData) => cacheBackend(inner, { folder, repositoryId, cacheData });
  const backend = openBackend(options);
  return { backend, cache, compression, signal, crypto: defaultCrypto(), zstd: await loadZstd() };
}

/** Threads for so many bytes of work; the calling thread alone where they are not worth their start. */
export async function createExecutor(repo: Repository, bytes: number): Promise<Executor> {
  const { codec, config } = repo;
  if (bytes < WORTH_THREADS) {
    const [{ inlineExecutor }, { fileTools }] = await Promise.all([
      import('./worker/executor.js'),
      import('./worker/split.js'),
    ]);
    return inlineExecutor(fileTools(codec, config.chunkerPolynomial));
  }
  const { poolExecutor } = await import('./worker/pool.js');
  const { workerSource } = await import('virtual:worker-source');
  const threads = Math.min(availableParallelism(), MAX_THREADS);
  const setup = {
    key: codec.key,
    version: codec.version,
    compression: codec.compression,
    polynomial: config.chunkerPolynomial,
  };
  return poolExecutor({ threads, source: workerSource, setup });
}
