/**
 * A file that is there already, held against what it should be: by size and time, or piece by piece against the hashes
 * of its blobs, so that only the pieces that differ are fetched and written.
 */
import type { BigIntStats } from 'node:fs';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { errnoOf, SyncError, throwIfAborted } from '../base/errors.js';
import type { BlobId } from '../base/ids.js';
import { toFsPath } from '../base/raw-string.js';
import { blobId, plainLength } from '../repo/codec.js';
import type { Repository } from '../repo/repository.js';

export interface Piece {
  readonly id: BlobId;
  readonly offset: number;
  readonly length: number;
}

/** Where each blob of a file belongs, up to the first that is in no index: where the next ones begin is not known. */
export function* knownPieces({ index }: Pick<Repository, 'index'>, content: readonly BlobId[]): Generator<Piece> {
  let offset = 0;
  for (const id of content) {
    const location = index.find('data', id);
    if (location === undefined) return;
    const length = plainLength(location);
    yield { id, offset, length };
    offset += length;
  }
}

/** Where each blob of a file belongs. Throws 'damaged' for a blob that is in no index. */
export function piecesOf(repo: Repository, content: readonly BlobId[], path: string): Piece[] {
  const pieces = [...knownPieces(repo, content)];
  if (pieces.length === content.length) return pieces;
  const id = content[pieces.length];
  throw new SyncError('damaged', `blob ${id} of ${path} is in no index: the repository is damaged`);
}

export function sizeOf(pieces: readonly Piece[]): number {
  const last = pieces.at(-1);
  return last === undefined ? 0 : last.offset + last.length;
}

/** For each piece whether the file has it. Throws the system's error. */
export async function comparePieces(
  repo: Repository,
  path: string,
  pieces: readonly Piece[],
  signal?: AbortSignal,
): Promise<boolean[]> {
  const handle = await openQuietly(path);
  try {
    const { size } = await handle.stat();
    const longest = pieces.reduce((most, { length }) => Math.max(most, length), 0);
    const buffer = new Uint8Array(Math.min(longest, size));
    const has: boolean[] = [];
    for (const piece of pieces) {
      throwIfAborted(signal);
      const inside = piece.offset + piece.length <= size;
      has.push(inside && (await readPiece(repo, handle, piece, buffer.subarray(0, piece.length))));
    }
    return has;
  } finally {
    await handle.close();
  }
}

/** Fills `buffer`, which has the piece's length; whether these are its bytes. Throws the system's error. */
export async function readPiece(
  repo: Repository,
  handle: FileHandle,
  piece: Piece,
  buffer: Uint8Array,
): Promise<boolean> {
  for (let done = 0; done < piece.length; ) {
    const { bytesRead } = await handle.read(buffer, done, piece.length - done, piece.offset + done);
    if (bytesRead === 0) return false;
    done += bytesRead;
  }
  return blobId(repo.codec.crypto, buffer) === piece.id;
}

/** As a file that is only looked at: without waiting for the other end of a pipe, and, where allowed, without a trace. */
export async function openQuietly(path: string): Promise<FileHandle> {
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  try {
    return await open(toFsPath(path), flags | (constants.O_NOATIME ?? 0));
  } catch (error) {
    // Only the owner may leave the time of access as it is.
    if (errnoOf(error) !== 'EPERM') throw error;
    return await open(toFsPath(path), flags);
  }
}

/** A file whose content is only its own: writing to it changes nothing under another name. */
export function isSingle(there: BigIntStats): boolean {
  return there.isFile() && there.nlink === 1n;
}
