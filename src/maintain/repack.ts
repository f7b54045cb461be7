/**
 * Copies blobs out of packs into new ones of the same repository. Each is opened and hashed first; what is stored is
 * the sealed bytes as they were, so that nothing is compressed and sealed twice, unless it has to be compressed.
 */

import type { Bytes } from '../base/bytes.js';
import { forEachLimit } from '../base/concurrency.js';
import { isSyncError } from '../base/errors.js';
import type { PackId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import type { SealedBlob } from '../repo/codec.js';
import { openBlob, plainLength, sealBlob } from '../repo/codec.js';
import type { BlobLocation } from '../repo/index.js';
import type { PackPart } from '../repo/loader.js';
import { mergeParts } from '../repo/loader.js';
import type { Repository } from '../repo/repository.js';
import type { WriteSession } from '../repo/session.js';

export interface RepackOptions {
  /** Of each pack the blobs to copy; none may stand in two packs. */
  readonly copies: ReadonlyMap<PackId, readonly BlobLocation[]>;
  /** Compresses data that is not; trees of a version 2 repository always are. */
  readonly compressData?: boolean | undefined;
  /** Called when all of a pack has been read. */
  readonly onPack?: ((id: PackId) => void) | undefined;
}

/** Packs read at once. */
const CONNECTIONS = 5;

/**
 * The blobs are handed to `session`, whose flush stores them. A copy that is damaged is made up for by another one, if
 * there is any. Throws 'damaged' if there is none, and what the backend throws.
 */
export async function repack(repo: Repository, session: WriteSession, options: RepackOptions): Promise<void> {
  await forEachLimit(
    options.copies,
    CONNECTIONS,
    async ([pack, blobs]) => {
      for (const part of mergeParts(pack, blobs)) await copyPart(repo, session, part, options);
      options.onPack?.(pack);
    },
    session.signal,
  );
}

async function copyPart(
  repo: Repository,
  session: WriteSession,
  part: PackPart,
  options: RepackOptions,
): Promise<void> {
  const bytes = await readPart(repo, part, session.signal);
  for (const blob of part.blobs) {
    const from = blob.offset - part.offset;
    // Copied, or a small blob would keep all of the part in memory until its new pack is full.
    const sealed = bytes?.slice(from, from + blob.length);
    await session.add(await reseal(repo, blob, sealed, session.signal, options), plainLength(blob));
  }
}

/** Nothing where the pack is gone or cut short. */
async function readPart(repo: Repository, part: PackPart, signal: AbortSignal): Promise<Bytes | undefined> {
  try {
    return await repo.backend.read('data', part.pack, part, { signal });
  } catch (error) {
    if (isSyncError(error, 'not-found', 'damaged')) return undefined;
    throw error;
  }
}

async function reseal(
  repo: Repository,
  blob: BlobLocation,
  sealed: Bytes | undefined,
  signal: AbortSignal,
  { compressData = false }: RepackOptions,
): Promise<SealedBlob> {
  const { codec } = repo;
  const { id, type, uncompressedLength } = blob;
  const plain = sealed && openOrNothing(repo, blob, sealed);
  const isRaw = codec.version === 2 && uncompressedLength === undefined;
  if (sealed === undefined || plain === undefined) {
    return sealBlob(codec, type, id, await repo.loadBlob(type, id, signal));
  }
  if (isRaw && (type === 'tree' || compressData)) return sealBlob(codec, type, id, plain);
  return uncompressedLength === undefined ? { id, type, sealed } : { id, type, sealed, uncompressedLength };
}

function openOrNothing(repo: Repository, blob: BlobLocation, sealed: Bytes): Bytes | undefined {
  try {
    return openBlob(repo.codec, blob, sealed, `pack ${shortId(blob.pack)}`);
  } catch (error) {
    if (isSyncError(error, 'damaged')) return undefined;
    throw error;
  }
}
