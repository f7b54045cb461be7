/**
 * From passwords to the master key and the config: list keys -> derive -> master key -> config.
 */
import type { Backend } from '../backend/backend.js';
import type { Bytes } from '../base/bytes.js';
import { isSyncError, SyncError } from '../base/errors.js';
import type { KeyId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import type { CompressionMode } from '../compress/level.js';
import type { Zstd } from '../compress/zstd.js';
import type { MasterKey } from '../crypto/box.js';
import { open } from '../crypto/box.js';
import type { CryptoProvider } from '../crypto/provider.js';
import type { RepoConfig } from './config.js';
import { decodeConfig } from './config.js';
import { loadRaw } from './files.js';
import { decodeKeyFile, openKeyFile } from './key-file.js';

/** As many keys as restic tries. */
export const MAX_KEYS = 20;

/** `isTreePack` says of a pack's name whether the index, as far as it is loaded, knows trees in it. */
export type MakeCache = (inner: Backend, repositoryId: string, isTreePack: (name: string) => boolean) => Backend;

export interface OpenOptions {
  readonly backend: Backend;
  readonly crypto: CryptoProvider;
  readonly zstd: Zstd;
  /** Tried in order on every key. */
  readonly passwords: readonly string[];
  /** The key to try first: the one that fitted last time. */
  readonly keyHint?: string | undefined;
  /** What an earlier unlock found: used without deriving anything, if its key file is there and it opens the config. */
  readonly heldKey?: HeldKey | undefined;
  /** Puts a cache in front of the backend, once the repository's id is known. */
  readonly cache?: MakeCache | undefined;
  /** For data that will be written; 'auto' by default. */
  readonly compression?: CompressionMode | undefined;
  readonly signal?: AbortSignal | undefined;
}

async function readConfig(backend: Backend, signal?: AbortSignal): Promise<Bytes> {
  try {
    const sealed = await backend.read('config', '', undefined, { signal });
    if (sealed.length === 0) throw emptyConfig(backend);
    return sealed;
  } catch (error) {
    if (isSyncError(error, 'not-found')) throw noRepository(backend, error);
    throw error;
  }
}

/** All that rest-server has of a first upload that broke off at once. */
function emptyConfig({ location }: Backend): SyncError {
  const message = `config of ${location} is empty: the connection broke while the repository was made`;
  return new SyncError('damaged', `${message}; its operator has to delete that file`, { details: { location } });
}

function noRepository(backend: Backend, cause?: unknown): SyncError {
  const { location } = backend;
  return new SyncError('no-repository', `there is no repository at ${location}`, { cause, details: { location } });
}

export interface HeldKey {
  readonly key: MasterKey;
  readonly keyId: KeyId;
}

export interface Unlocked extends HeldKey {
  readonly config: RepoConfig;
}

/** Tries the keys, the hinted one first, until one fits a password and opens the config. */
export async function unlock(options: OpenOptions): Promise<Unlocked> {
  const { backend, crypto, keyHint, signal } = options;
  const held = await unlockByHeld(options);
  if (held !== undefined) return held;
  // In this order: whoever makes a repository stores its key before its config.
  const sealedConfig = await readConfig(backend, signal);
  const names = await listKeys(options);
  const hinted = names.filter((name) => keyHint !== undefined && name.startsWith(keyHint));
  const ordered = [...hinted, ...names.filter((name) => !hinted.includes(name))].slice(0, MAX_KEYS);
  const found: Findings = { location: backend.location, keys: names.length, wrongPassword: 0 };
  for (const keyId of ordered) {
    const key = await tryKeyOrNote(options, keyId, found);
    if (key === undefined) continue;
    let plain: Bytes;
    try {
      plain = open(crypto, key, sealedConfig, `config of ${backend.location}`);
    } catch (error) {
      // A key that fits the password but not the config was left by an init that lost a race: another may fit both.
      found.config ??= error;
      continue;
    }
    return { key, keyId, config: decodeConfig(plain) };
  }
  throw cannotUnlock(found);
}

/** Undefined if there is no such key, if its file is gone, or if it does not open the config: then that tells why. */
async function unlockByHeld(options: OpenOptions): Promise<Unlocked | undefined> {
  const { backend, crypto, heldKey, signal } = options;
  if (heldKey === undefined) return undefined;
  const [names, sealedConfig] = await Promise.all([listKeys(options), readConfig(backend, signal)]);
  if (!names.includes(heldKey.keyId)) return undefined;
  try {
    const plain = open(crypto, heldKey.key, sealedConfig, `config of ${backend.location}`);
    return { ...heldKey, config: decodeConfig(plain) };
  } catch (error) {
    if (isSyncError(error, 'damaged')) return undefined;
    throw error;
  }
}

async function listKeys({ backend, signal }: OpenOptions): Promise<KeyId[]> {
  return (await backend.list('keys', { signal })).map((file) => file.name as KeyId);
}

/** Why no key has opened the repository so far. */
interface Findings {
  readonly location: string;
  readonly keys: number;
  wrongPassword: number;
  /** The first key that could not be read. */
  key?: unknown;
  /** The password was right, the config did not open. */
  config?: unknown;
}

/** One broken or strange key must not shut out the others. */
async function tryKeyOrNote(options: OpenOptions, keyId: KeyId, found: Findings): Promise<MasterKey | undefined> {
  try {
    const key = await tryKey(options, keyId);
    if (key === undefined) found.wrongPassword += 1;
    return key;
  } catch (error) {
    if (!isSyncError(error, 'damaged', 'unsupported', 'not-found')) throw error;
    found.key ??= error;
    return undefined;
  }
}

function cannotUnlock(found: Findings): unknown {
  const { location, keys, wrongPassword } = found;
  if (keys === 0) {
    return new SyncError(
      'damaged',
      `the repository at ${location} has lost its key files; restore keys/ from a backup`,
      { details: { location, keys } },
    );
  }
  if (found.config !== undefined) return found.config;
  if (wrongPassword === 0) return found.key;
  const only = keys > MAX_KEYS ? `; only ${MAX_KEYS} of its ${keys} keys were tried` : '';
  const broken = found.key instanceof Error ? `; a further key could not be used: ${found.key.message}` : '';
  const message = `the password opens no key of the repository at ${location}${only}${broken}`;
  return new SyncError('wrong-password', message, { cause: found.key });
}

export async function tryKey(options: OpenOptions, keyId: KeyId): Promise<MasterKey | undefined> {
  const what = `keys/${shortId(keyId)}`;
  const file = decodeKeyFile(await loadRaw(options.backend, options.crypto, 'keys', keyId, options.signal), what);
  for (const password of options.passwords) {
    const key = await openKeyFile(options.crypto, file, password, what);
    if (key) return key;
  }
  return undefined;
}
