/**
 * Blobs that lie in files of this PC already: after another PC's evening most of a region file is what it was here, and
 * need not come from the server. Whatever the records say, a blob is taken only if its bytes hash to its id.
 */
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import type { Bytes } from '../base/bytes.js';
import { forEachLimit } from '../base/concurrency.js';
import { ioError } from '../base/errors.js';
import type { BlobId } from '../base/ids.js';
import { toFsPath } from '../base/raw-string.js';
import type { Repository } from '../repo/repository.js';
import type { Piece } from './compare-file.js';
import { knownPieces, openQuietly, readPiece } from './compare-file.js';

/** A file that held these blobs, one after the other, when it was last looked at. */
export interface LocalFile {
  /** Absolute. */
  readonly path: string;
  readonly content: readonly BlobId[];
}

export interface FileToCopy {
  /** Absolute; nothing is there. */
  readonly path: string;
  readonly pieces: readonly Piece[];
}

interface Place {
  readonly path: string;
  readonly offset: number;
}

const PARALLEL = 4;

/**
 * Makes each file of which something lies here, and copies that into it. Returns the pieces that have to come from
 * elsewhere, for the files that were made. Throws 'io' or 'no-space' if a file cannot be written, 'aborted'.
 */
export async function copyLocalBlobs<F extends FileToCopy>(
  repo: Repository,
  files: readonly F[],
  local: Iterable<LocalFile>,
  signal: AbortSignal | undefined,
): Promise<Map<F, Piece[]>> {
  const places = findPlaces(repo, new Set(files.flatMap(({ pieces }) => pieces.map(({ id }) => id))), local);
  const left = new Map<F, Piece[]>();
  const some = files.filter(({ pieces }) => pieces.some(({ id }) => places.has(id)));
  const copy = async (file: F): Promise<void> => {
    left.set(file, await copyInto(repo, file, places));
  };
  await forEachLimit(some, PARALLEL, copy, signal);
  return left;
}

/** Where each of the wanted blobs lies; the first place that is found. */
function findPlaces(
  repo: Repository,
  wanted: ReadonlySet<BlobId>,
  local: Iterable<LocalFile>,
): ReadonlyMap<BlobId, Place> {
  const places = new Map<BlobId, Place>();
  for (const { path, content } of local) {
    if (!content.some((id) => wanted.has(id) && !places.has(id))) continue;
    for (const { id, offset } of knownPieces(repo, content)) {
      if (wanted.has(id) && !places.has(id)) places.set(id, { path, offset });
    }
  }
  return places;
}

async function copyInto(
  repo: Repository,
  { path, pieces }: FileToCopy,
  places: ReadonlyMap<BlobId, Place>,
): Promise<Piece[]> {
  const left: Piece[] = [];
  const sources = new Sources(repo);
  const target = await open(toFsPath(path), 'wx', 0o600).catch((error: unknown) => {
    throw ioError(error, 'cannot write', path);
  });
  try {
    for (const piece of pieces) {
      const place = places.get(piece.id);
      const bytes = place && (await sources.read(place, piece));
      if (bytes === undefined) left.push(piece);
      else await writeAll(target, bytes, piece.offset, path);
    }
  } finally {
    await sources.close();
    await target.close();
  }
  return left;
}

/** Files that are read from: as a rule one, the file's own last version. */
class Sources {
  readonly #repo: Repository;
  #path: string | undefined;
  #handle: FileHandle | undefined;

  constructor(repo: Repository) {
    this.#repo = repo;
  }

  /** The piece's bytes; undefined if they cannot be had: the file has changed or gone since it was looked at. */
  async read({ path, offset }: Place, { id, length }: Piece): Promise<Bytes | undefined> {
    try {
      const handle = await this.#open(path);
      const bytes = new Uint8Array(length);
      return (await readPiece(this.#repo, handle, { id, offset, length }, bytes)) ? bytes : undefined;
    } catch {
      // The server has them too.
      return undefined;
    }
  }

  async #open(path: string): Promise<FileHandle> {
    if (this.#handle !== undefined && path === this.#path) return this.#handle;
    await this.close();
    const handle = await openQuietly(path);
    this.#handle = handle;
    this.#path = path;
    return handle;
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    this.#path = undefined;
    await handle?.close();
  }
}

async function writeAll(handle: FileHandle, bytes: Bytes, offset: number, path: string): Promise<void> {
  try {
    for (let done = 0; done < bytes.length; ) {
      done += (await handle.write(bytes, done, bytes.length - done, offset + done)).bytesWritten;
    }
  } catch (error) {
    throw ioError(error, 'cannot write', path);
  }
}
