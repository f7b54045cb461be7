/**
 * A new, empty repository: key first, config last. An init that was cut off in between left a key of the same password,
 * which is taken up again: append-only servers would keep it for ever.
 */
import type { Backend } from '../backend/backend.js';
import type { Bytes } from '../base/bytes.js';
import { equalBytes, toHex } from '../base/bytes.js';
import { isSyncError, SyncError } from '../base/errors.js';
import type { KeyId } from '../base/ids.js';
import type { MasterKey } from '../crypto/box.js';
import { seal } from '../crypto/box.js';
import { DEFAULT_SCRYPT } from '../crypto/kdf.js';
import type { ScryptParams } from '../crypto/provider.js';
import type { Codec } from './codec.js';
import type { RepoConfig } from './config.js';
import { encodeConfig } from './config.js';
import { inTurn } from './init-turn.js';
import type { KeyOwner } from './key-file.js';
import { createKeyFile, encodeKeyFile, newMasterKey } from './key-file.js';
import { thisOwner } from './owner.js';
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
  const { backend, signal } = options;
  await refuseExisting(backend, signal);
  await backend.create({ signal });
  return inTurn(options, () => createAlone(options));
}

async function createAlone(options: InitOptions): Promise<CreatedRepository> {
  const { backend, crypto, zstd, signal } = options;
  const keyIds = await refuseExisting(backend, signal);
  const left = await findLeftKey(options, keyIds);
  const key = left?.key ?? newMasterKey(crypto);
  const version = options.version ?? 2;
  const config: RepoConfig = {
    version,
    id: toHex(crypto.randomBytes(32)),
    chunkerPolynomial: options.chunkerPolynomial,
  };
  const codec: Codec = { crypto, zstd, key, version, compression: options.compression };
  const keyId = left?.keyId ?? (await addKey(backend, codec, options.password, options.scrypt, signal));
  const sealed = seal(crypto, key, encodeConfig(config));
  await writeConfig(backend, sealed, signal);
  return { config, codec, keyId };
}

/**
 * rest-server keeps what it got of an upload that broke off, and takes no config beside it: such a part is removed and
 * the whole sent again. Throws 'damaged' where the server removes nothing.
 */
async function writeConfig(backend: Backend, sealed: Bytes, signal?: AbortSignal): Promise<void> {
  try {
    await backend.write('config', '', sealed, { signal });
  } catch (error) {
    if (!isSyncError(error, 'exists')) throw error;
    const stored = await backend.read('config', '', undefined, { signal });
    if (stored.length >= sealed.length || !equalBytes(stored, sealed.subarray(0, stored.length))) throw error;
    await backend.remove('config', '', { signal }).catch((cause: unknown) => {
      if (!isSyncError(cause, 'forbidden')) throw cause;
      const what = `the connection broke while the repository at ${backend.location} was made`;
      const message = `${what}, and the server keeps an incomplete config; its operator has to delete that file`;
      throw new SyncError('damaged', message, { cause });
    });
    await backend.write('config', '', sealed, { signal });
  }
}

/** Throws 'exists' if there is a repository; returns the keys of one that was begun only. */
async function refuseExisting(backend: Backend, signal?: AbortSignal): Promise<KeyId[]> {
  const refuse = (what: string): never => {
    const article = what === 'config' ? 'a ' : '';
    const message = `${backend.location} already holds ${article}${what} of a repository`;
    throw new SyncError('exists', message, { details: { found: what } });
  };
  if ((await backend.stat('config', '', { signal })) !== undefined) refuse('config');
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

export async function addKey(
  backend: Backend,
  codec: Codec,
  password: string,
  params: ScryptParams | undefined,
  signal?: AbortSignal,
  owner: Omit<KeyOwner, 'created'> = {},
): Promise<KeyId> {
  const created = new Date().toISOString();
  const file = await createKeyFile(codec.crypto, password, codec.key, params ?? DEFAULT_SCRYPT, {
    ...thisOwner(),
    ...owner,
    created,
  });
  const bytes = encodeKeyFile(file);
  const id = toHex(codec.crypto.sha256(bytes)) as KeyId;
  await backend.write('keys', id, bytes, { signal });
  return id;
}
