/**
 * An opened repository: its master key, config and index, and the ways to read and write.
 * Opening: list keys -> derive -> master key -> config. Reading: snapshots are listed before the index is loaded.
 */
import { hostname } from 'node:os';
import type { Backend } from '../backend/backend.js';
import type { Bytes } from '../base/bytes.js';
import { toHex } from '../base/bytes.js';
import { forEachLimit } from '../base/concurrency.js';
import { isSyncError, SyncError } from '../base/errors.js';
import type { BlobId, IndexId, KeyId, LockId, SnapshotId, TreeId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import type { Zstd } from '../compress/zstd.js';
import type { MasterKey } from '../crypto/box.js';
import { open, seal } from '../crypto/box.js';
import { DEFAULT_SCRYPT } from '../crypto/kdf.js';
import type { CryptoProvider, ScryptParams } from '../crypto/provider.js';
import type { BlobType } from '../pack/header.js';
import type { Codec } from './codec.js';
import type { RepoConfig } from './config.js';
import { decodeConfig, encodeConfig } from './config.js';
import { loadRaw, loadUnpacked, saveUnpacked } from './files.js';
import { BlobIndex } from './index.js';
import { decodeIndexFile } from './index-file.js';
import { createKeyFile, decodeKeyFile, encodeKeyFile, newMasterKey, openKeyFile } from './key-file.js';
import { BlobLoader } from './loader.js';
import type { LockOptions, LockStore } from './lock.js';
import { acquireLock } from './lock.js';
import { decodeLockFile, encodeLockFile } from './lock-file.js';
import { WriteSession } from './session.js';
import type { Snapshot } from './snapshot.js';
import { decodeSnapshot } from './snapshot.js';
import type { TreeNode } from './tree.js';
import { decodeTree } from './tree.js';

/** As many keys as restic tries. */
const MAX_KEYS = 20;
const CONNECTIONS = 5;

export interface OpenOptions {
  readonly backend: Backend;
  readonly crypto: CryptoProvider;
  readonly zstd: Zstd;
  /** Tried in order on every key. */
  readonly passwords: readonly string[];
  /** The key to try first: the one that fitted last time. */
  readonly keyHint?: string | undefined;
  /** Puts a cache in front of the backend, once the repository's id is known. */
  readonly cache?: ((inner: Backend, repositoryId: string) => Backend) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface InitOptions extends Omit<OpenOptions, 'passwords' | 'keyHint'> {
  readonly password: string;
  readonly version?: 1 | 2;
  /** Hex digits of an irreducible polynomial of degree 53. */
  readonly chunkerPolynomial: string;
  readonly scrypt?: ScryptParams;
}

export interface WriteOptions {
  readonly signal?: AbortSignal | undefined;
  readonly lock?: Omit<LockOptions, 'signal'>;
  readonly packSize?: number;
  readonly connections?: number;
  readonly onSent?: (bytes: number) => void;
}

export class Repository {
  readonly backend: Backend;
  readonly config: RepoConfig;
  readonly codec: Codec;
  readonly keyId: KeyId;
  readonly index: BlobIndex = new BlobIndex();
  readonly loader: BlobLoader;
  #loadedIndexes = new Set<IndexId>();

  private constructor(backend: Backend, config: RepoConfig, codec: Codec, keyId: KeyId) {
    this.backend = backend;
    this.config = config;
    this.codec = codec;
    this.keyId = keyId;
    this.loader = new BlobLoader(backend, this.index, codec);
  }

  /** Throws 'no-repository', 'wrong-password', 'unsupported' (a newer version), 'damaged', or what the backend throws. */
  static async open(options: OpenOptions): Promise<Repository> {
    const { backend, crypto, zstd } = options;
    const { key, keyId, config } = await unlock(options);
    const cached = options.cache?.(backend, config.id) ?? backend;
    return new Repository(cached, config, { crypto, zstd, key, version: config.version }, keyId);
  }

  /**
   * Makes a new, empty repository: key first, config last. An init that was cut off in between left a key of the
   * same password, which is taken up again: append-only servers would keep it for ever. Throws 'exists'.
   */
  static async init(options: InitOptions): Promise<Repository> {
    const { backend, crypto, zstd, signal } = options;
    const keyIds = await refuseExisting(backend, signal);
    await backend.create({ signal });
    const left = await findLeftKey(options, keyIds);
    const key = left?.key ?? newMasterKey(crypto);
    const version = options.version ?? 2;
    const config: RepoConfig = {
      version,
      id: toHex(crypto.randomBytes(32)),
      chunkerPolynomial: options.chunkerPolynomial,
    };
    const codec: Codec = { crypto, zstd, key, version };
    const keyId = left?.keyId ?? (await addKey(backend, codec, options.password, options.scrypt, signal));
    await backend.write('config', '', seal(crypto, key, encodeConfig(config)), { signal });
    return new Repository(options.cache?.(backend, config.id) ?? backend, config, codec, keyId);
  }

  async listSnapshots(signal?: AbortSignal): Promise<SnapshotId[]> {
    return (await this.backend.list('snapshots', { signal })).map((file) => file.name as SnapshotId);
  }

  async loadSnapshot(id: SnapshotId, signal?: AbortSignal): Promise<Snapshot> {
    return decodeSnapshot(
      await loadUnpacked(this.backend, this.codec, 'snapshots', id, signal),
      `snapshots/${shortId(id)}`,
    );
  }

  /** Brings the index up to date with the index files there are. */
  async loadIndex(signal?: AbortSignal): Promise<void> {
    const files = await this.backend.list('index', { signal });
    const fresh = files.map((file) => file.name as IndexId).filter((id) => !this.#loadedIndexes.has(id));
    await forEachLimit(
      fresh,
      CONNECTIONS,
      async (id) => {
        const plain = await loadUnpacked(this.backend, this.codec, 'index', id, signal);
        for (const pack of decodeIndexFile(plain, `index/${shortId(id)}`).packs)
          this.index.addPack(pack.id, pack.blobs);
        this.#loadedIndexes.add(id);
      },
      signal,
    );
  }

  async loadBlob(type: BlobType, id: BlobId, signal?: AbortSignal): Promise<Bytes> {
    return this.loader.load(type, id, signal);
  }

  async loadTree(id: TreeId, signal?: AbortSignal): Promise<TreeNode[]> {
    return decodeTree(await this.loadBlob('tree', id, signal), `tree ${shortId(id)}`);
  }

  /** A further password for the same repository; works on append-only servers. */
  async addKey(password: string, signal?: AbortSignal): Promise<KeyId> {
    return addKey(this.backend, this.codec, password, undefined, signal);
  }

  get locks(): LockStore {
    const { backend, codec } = this;
    return {
      backend,
      load: async (id) => decodeLockFile(await loadUnpacked(backend, codec, 'locks', id), `locks/${shortId(id)}`),
      save: (lock) => saveUnpacked<LockId>(backend, codec, 'locks', encodeLockFile(lock)),
    };
  }

  /**
   * Runs `work` with a session that may write, under a non-exclusive lock. Whatever `work` adds without a commit
   * is unused data, which `prune` clears. Throws 'locked', 'unsupported' for a repository that must not be written.
   */
  async write<T>(options: WriteOptions, work: (session: WriteSession) => Promise<T>): Promise<T> {
    if (this.config.readOnlyReason !== undefined) throw new SyncError('unsupported', this.config.readOnlyReason);
    const lock = await acquireLock(this.locks, { ...options.lock, signal: options.signal });
    const stop = new AbortController();
    const signals = [lock.lost, stop.signal, ...(options.signal ? [options.signal] : [])];
    const session = new WriteSession(this, AbortSignal.any(signals), options);
    try {
      return await work(session);
    } catch (error) {
      stop.abort(error);
      throw lock.lost.aborted ? lock.lost.reason : error;
    } finally {
      await session.settle();
      this.index.releaseAll();
      await lock.release().catch(() => {
        // What was written is safe, and a lock left behind goes stale by itself.
      });
    }
  }
}

async function readConfig(backend: Backend, signal?: AbortSignal): Promise<Bytes> {
  try {
    return await backend.read('config', '', undefined, { signal });
  } catch (error) {
    if (isSyncError(error, 'not-found')) throw noRepository(backend, error);
    throw error;
  }
}

function noRepository(backend: Backend, cause?: unknown): SyncError {
  return new SyncError('no-repository', `there is no repository at ${backend.location}`, { cause });
}

interface Unlocked {
  readonly key: MasterKey;
  readonly keyId: KeyId;
  readonly config: RepoConfig;
}

/** Tries the keys, the hinted one first, until one fits a password and opens the config. */
async function unlock(options: OpenOptions): Promise<Unlocked> {
  const { backend, keyHint, signal } = options;
  const names = (await backend.list('keys', { signal })).map((file) => file.name as KeyId);
  const sealedConfig = await readConfig(backend, signal);
  if (names.length === 0) {
    throw new SyncError(
      'damaged',
      `the repository at ${backend.location} has lost its key files; restore keys/ from a backup`,
    );
  }
  const hinted = names.filter((name) => keyHint !== undefined && name.startsWith(keyHint));
  const ordered = [...hinted, ...names.filter((name) => !hinted.includes(name))].slice(0, MAX_KEYS);
  let broken: unknown;
  for (const keyId of ordered) {
    try {
      const key = await tryKey(options, keyId);
      if (key === undefined) continue;
      const plain = open(options.crypto, key, sealedConfig, `config of ${backend.location}`);
      return { key, keyId, config: decodeConfig(plain) };
    } catch (error) {
      // One broken key (or one left by an init that lost a race) must not shut out the others.
      if (!isSyncError(error, 'damaged', 'unsupported', 'not-found')) throw error;
      broken ??= error;
    }
  }
  if (broken !== undefined) throw broken;
  throw new SyncError('wrong-password', `the password opens no key of the repository at ${backend.location}`);
}

async function tryKey(options: OpenOptions, keyId: KeyId): Promise<MasterKey | undefined> {
  const what = `keys/${shortId(keyId)}`;
  const file = decodeKeyFile(await loadRaw(options.backend, options.crypto, 'keys', keyId, options.signal), what);
  for (const password of options.passwords) {
    const key = await openKeyFile(options.crypto, file, password, what);
    if (key) return key;
  }
  return undefined;
}

/** Throws 'exists' if there is a repository; returns the keys of one that was begun only. */
async function refuseExisting(backend: Backend, signal?: AbortSignal): Promise<KeyId[]> {
  const refuse = (what: string): never => {
    throw new SyncError('exists', `${backend.location} already holds ${what} of a repository`);
  };
  if ((await backend.stat('config', '', { signal })) !== undefined) refuse('a config');
  if ((await backend.list('snapshots', { signal })).length > 0) refuse('snapshots');
  return (await backend.list('keys', { signal })).map((file) => file.name as KeyId);
}

async function findLeftKey(
  options: InitOptions,
  keyIds: readonly KeyId[],
): Promise<{ key: MasterKey; keyId: KeyId } | undefined> {
  for (const keyId of keyIds) {
    const key = await tryKey({ ...options, passwords: [options.password] }, keyId);
    if (key) return { key, keyId };
  }
  if (keyIds.length === 0) return undefined;
  throw new SyncError('exists', `${options.backend.location} already holds keys of a repository, of another password`);
}

async function addKey(
  backend: Backend,
  codec: Codec,
  password: string,
  params: ScryptParams | undefined,
  signal?: AbortSignal,
): Promise<KeyId> {
  const who = { hostname: hostname(), username: process.env['USER'] ?? process.env['USERNAME'] ?? '' };
  const created = new Date().toISOString();
  const file = await createKeyFile(codec.crypto, password, codec.key, params ?? DEFAULT_SCRYPT, { ...who, created });
  const bytes = encodeKeyFile(file);
  const id = toHex(codec.crypto.sha256(bytes)) as KeyId;
  await backend.write('keys', id, bytes, { signal });
  return id;
}
