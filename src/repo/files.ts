/**
 * The repository's small files (config, index, snapshots, locks) between their stored and their plain form:
 * fetched whole, held against the SHA-256 that is their name, opened, and unpacked.
 */
import type { Backend, FileType } from '../backend/backend.js';
import type { Bytes } from '../base/bytes.js';
import { equalBytes, toHex } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';
import type { AnyId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import { open, seal } from '../crypto/box.js';
import type { CryptoProvider } from '../crypto/provider.js';
import type { Codec } from './codec.js';
import { decodeUnpacked, encodeUnpacked } from './unpacked.js';

type NamedType = Exclude<FileType, 'config'>;

/** Plain index files of restic stay below 20 MB; rustic's and merged ones may be larger. */
const MAX_UNPACKED = 1024 * 1024 * 1024;

/** The stored bytes, whose hash is their name. Fetched a second time before they are called damaged. */
export async function loadRaw(
  backend: Backend,
  crypto: CryptoProvider,
  type: NamedType,
  id: AnyId,
  signal?: AbortSignal,
): Promise<Bytes> {
  let found = '';
  for (let attempt = 0; attempt < 2; attempt++) {
    const bytes = await backend.read(type, id, undefined, { signal });
    found = toHex(crypto.sha256(bytes));
    if (found === id) return bytes;
  }
  throw new SyncError(
    'damaged',
    `${type}/${shortId(id)} at ${backend.location} is damaged: its hash is ${shortId(found)}`,
    {
      details: { type, id, found },
    },
  );
}

export async function loadUnpacked(
  backend: Backend,
  codec: Codec,
  type: NamedType,
  id: AnyId,
  signal?: AbortSignal,
): Promise<Bytes> {
  const what = `${type}/${shortId(id)}`;
  return unseal(codec, await loadRaw(backend, codec.crypto, type, id, signal), what);
}

/** Stores a new file and returns its id. What is sent has been read back before. */
export async function saveUnpacked<T extends AnyId>(
  backend: Backend,
  codec: Codec,
  type: NamedType,
  plain: Bytes,
  signal?: AbortSignal,
  onId?: (id: T) => Promise<void>,
): Promise<T> {
  const sealed = seal(codec.crypto, codec.key, encodeUnpacked(codec.version, plain, codec.zstd));
  const id = toHex(codec.crypto.sha256(sealed)) as T;
  const what = `new file ${type}/${shortId(id)}`;
  if (!equalBytes(unseal(codec, sealed, what), plain)) {
    throw new SyncError('internal', `${what} does not read back as it was written; check this machine's memory`);
  }
  await onId?.(id);
  await backend.write(type, id, sealed, { signal });
  return id;
}

function unseal(codec: Codec, sealed: Bytes, what: string): Bytes {
  const plain = open(codec.crypto, codec.key, sealed, what);
  return codec.version === 1 ? plain : decodeUnpacked(plain, codec.zstd, MAX_UNPACKED, what);
}
