/** Small repositories in memory, with keys that cost nothing to derive. */
import { type Bytes, utf8 } from '../../src/base/bytes.js';
import type { SyncError } from '../../src/base/errors.js';
import { isSyncError } from '../../src/base/errors.js';
import type { BlobId, SnapshotId } from '../../src/base/ids.js';
import { loadZstd } from '../../src/compress/zstd.js';
import type { CryptoProvider } from '../../src/crypto/provider.js';
import { defaultCrypto } from '../../src/crypto/select.js';
import { blobId, sealBlob } from '../../src/repo/codec.js';
import type { InitOptions, WriteOptions } from '../../src/repo/repository.js';
import { Repository } from '../../src/repo/repository.js';
import type { WriteSession } from '../../src/repo/session.js';
import { encodeTree } from '../../src/repo/tree.js';
import { FaultyBackend } from './faulty-backend.js';

export const POLYNOMIAL = '25b468838dcb75';
export const PASSWORD = 'correct horse';
export const CHEAP = { N: 128, r: 1, p: 1 } as const;
export const crypto: CryptoProvider = defaultCrypto();

/** Empty, in memory. */
export interface TestRepository {
  readonly backend: FaultyBackend;
  readonly repo: Repository;
  /** Opens it again, with nothing known. */
  reopen(password?: string): Promise<Repository>;
}

export async function testRepository(options: Partial<InitOptions> = {}): Promise<TestRepository> {
  const backend = new FaultyBackend();
  const zstd = await loadZstd();
  const base = { backend, crypto, zstd };
  const repo = await Repository.init({
    ...base,
    password: PASSWORD,
    chunkerPolynomial: POLYNOMIAL,
    scrypt: CHEAP,
    ...options,
  });
  const reopen = async (password = PASSWORD): Promise<Repository> => {
    const again = await Repository.open({ ...base, passwords: [password] });
    await again.loadIndex();
    return again;
  };
  return { backend, repo, reopen };
}

/** Adds a data blob as a file task does, and returns its id. */
export async function addData(repo: Repository, session: WriteSession, plain: Bytes): Promise<BlobId> {
  const id = blobId(repo.codec.crypto, plain);
  if (session.claim('data', id)) await session.add(sealBlob(repo.codec, 'data', id, plain), plain.length);
  return id;
}

/** Stores blobs and a snapshot of an empty tree; returns the ids of the blobs. */
export async function storeBlobs(
  repo: Repository,
  blobs: readonly Bytes[],
  options: WriteOptions = {},
): Promise<{ ids: BlobId[]; snapshot: SnapshotId }> {
  return repo.write(options, async (session) => {
    const ids: BlobId[] = [];
    for (const plain of blobs) ids.push(await addData(repo, session, plain));
    const snapshot = await commitEmpty(session);
    return { ids, snapshot };
  });
}

export async function commitEmpty(session: WriteSession): Promise<SnapshotId> {
  const tree = await session.saveTree(encodeTree([]));
  return session.commit({ time: '2026-11-22T10:00:00Z', tree, paths: ['/game'], hostname: 'pc' });
}

/** Bytes that do not compress and are the same in every run. */
export function noise(length: number, seed = 1): Bytes {
  const out = new Uint8Array(length);
  let state = (seed * 2654435761) >>> 0 || 1;
  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    out[i] = state;
  }
  return out;
}

/** Short text blobs, all different. */
export function texts(count: number, prefix = 'blob'): Bytes[] {
  return Array.from({ length: count }, (_, i) => utf8(`${prefix} ${i} ${'x'.repeat(20)}`));
}

/** The SyncError with which the promise must reject. */
export async function rejection(promise: Promise<unknown>): Promise<SyncError> {
  try {
    await promise;
  } catch (error) {
    if (isSyncError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

export function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new Error(`there is no item ${index}`);
  return item;
}
