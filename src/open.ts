/**
 * The composition root: the only file that knows every part. It puts backends, cache, crypto, compression and
 * threads together for the commands.
 */
import { availableParallelism } from 'node:os';
import { version } from 'virtual:version';
import type { Backend } from './backend/backend.js';
import { cacheBackend } from './backend/cache.js';
import { limitBackend } from './backend/limit.js';
import { restBackend } from './backend/rest.js';
import { retryBackend } from './backend/retry.js';
import { createChunker } from './chunker/chunker.js';
import { formatPolynomial, parsePolynomial, randomPolynomial } from './chunker/polynomial.js';
import { loadZstd } from './compress/zstd.js';
import { defaultCrypto } from './crypto/select.js';
import type { Remote } from './repo/remote.js';
import { Repository } from './repo/repository.js';
import { pull as pullWith } from './sync/pull.js';
import { push as pushWith } from './sync/push.js';
import type { NotConfigured, PullResult, PushResult } from './sync/results.js';
import type { Address, Services, SyncOptions } from './sync/session.js';
import type { StatusResult } from './sync/status.js';
import { status as statusWith } from './sync/status.js';
import type { Executor } from './worker/executor.js';
import { inlineExecutor } from './worker/executor.js';

/** A hook gives up sooner than a backup at night: the player waits. */
const RETRY_MS = 2 * 60_000;
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
export function status(options: SyncOptions = {}): Promise<StatusResult | NotConfigured> {
  return statusWith(options, services);
}

async function connect(address: Address): Promise<Remote> {
  const rest = restBackend({ ...address, userAgent: `instance-sync/${version}` });
  const backend = retryBackend(limitBackend(rest), { maxElapsedMs: RETRY_MS });
  const crypto = defaultCrypto();
  const cache = (inner: Backend, repositoryId: string): Backend =>
    cacheBackend(inner, { folder: address.cacheFolder, repositoryId });
  return {
    location: backend.location,
    listSnapshots: async (signal) => {
      const files = await backend.list('snapshots', { signal });
      return files.map((file) => file.name as Awaited<ReturnType<Remote['listSnapshots']>>[number]);
    },
    open: async (options) => Repository.open({ ...options, backend, crypto, cache, zstd: await loadZstd() }),
    init: async (password, signal) => {
      const chunkerPolynomial = formatPolynomial(randomPolynomial((length) => crypto.randomBytes(length)));
      return Repository.init({ backend, crypto, cache, zstd: await loadZstd(), password, chunkerPolynomial, signal });
    },
    clockSkewMs: () => rest.clockSkewMs(),
    close: () => backend.close(),
  };
}

async function createExecutor(repo: Repository, bytes: number): Promise<Executor> {
  const { codec, config } = repo;
  const polynomial = parsePolynomial(config.chunkerPolynomial);
  if (bytes < WORTH_THREADS) return inlineExecutor({ codec, newChunker: () => createChunker(polynomial) });
  const { poolExecutor } = await import('./worker/pool.js');
  const { workerSource } = await import('virtual:worker-source');
  const threads = Math.min(availableParallelism(), MAX_THREADS);
  const setup = { key: codec.key, version: codec.version, polynomial: config.chunkerPolynomial };
  return poolExecutor({ threads, source: workerSource, setup });
}
