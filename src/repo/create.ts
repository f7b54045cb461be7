/**
 * A new, empty repository: key first, config last. An init that was cut off in between left a key of the same password,
 * which is taken up again: append-only servers would keep it for ever.
 */
import { hostname } from 'node:os';
import type { Backend } from '../backend/backend.js';
import { toHex } from '../base/bytes.js';
import { isSyncError, SyncError } from '../base/errors.js';
import type { KeyId } from '../base/ids.js';
import type { MasterKey } from '../crypto/box.js';
import { open, seal } from '../crypto/box.js';
import { DEFAULT_SCRYPT } from '../crypto/kdf.js';
import type { ScryptParams } from '../crypto/provider.js';
import type { Codec } from './codec.js';
import type { RepoConfig } from './config.js';
import { encodeConfig } from './config.js';
import { createKeyFile, encodeKeyFile, newMasterKey } from './key-file.js';
import type { OpenOptions } from './unlock.js';
import { MAX_KEYS, tryKey } from './unlock.js';

export interface InitOptions extends Omit<OpenOptions, 'passwords' | 'keyHint'> {
  readonly password: string;
  readonly version?: 1 | 2;
  /** Hex digits of an irreducible polynomial of degree 53. */
  readonly chunkerPolynomial: string;
  readonly scrypt?: ScryptParams;
}

export interface CreatedRepository {
  readonly config: RepoConfig;
  readonly codec: Codec;
  readonly keyId: KeyId;
}

/** Throws 'exists'. */
export async function createRepository(options: InitOptions): Promise<CreatedRepository> {
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
  const sealed = seal(crypto, key, encodeConfig(config));
  try {
    await backend.write('config', '', sealed, { signal });
  } catch (error) {
    if (left === undefined && isSyncError(error, 'exists')) await removeUselessKey(backend, codec, keyId);
    throw error;
  }
  return { config, codec, keyId };
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
  for (const keyId of keyIds.slice(0, MAX_KEYS)) {
    const key = await tryKey({ ...options, passwords: [options.password] }, keyId);
    if (key) return { key, keyId };
  }
  if (keyIds.length === 0) return undefined;
  throw new SyncError('exists', `${options.backend.location} already holds keys of a repository, of another password`);
}

/**
 * After a lost race of two inits: our key fits the password but not the winner's config, and restic stops at such a
 * key. It goes, unless the winner took it up for its own; append-only servers keep it.
 */
async function removeUselessKey(backend: Backend, codec: Codec, keyId: KeyId): Promise<void> {
  try {
    open(codec.crypto, codec.key, await backend.read('config', ''), 'config');
  } catch (error) {
    if (!isSyncError(error, 'damaged')) return;
    await backend.remove('keys', keyId).catch(() => {
      // The caller is told that the repository exists; a key too many is passed over by this program.
    });
  }
}

export async function addKey(
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
