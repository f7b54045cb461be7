/**
 * Brings files from the repository to given places: each needed blob is read once, verified, and written at every
 * offset that wants it. A file that is whole gets its time and mode; only then is it reported. Nothing is flushed to
 * the disk. The places are new files in a staging folder: nothing of the player's is touched here.
 */
import { chmod, open, utimes } from 'node:fs/promises';
import type { ManifestEntry } from '../archive/manifest.js';
import { ioError, SyncError } from '../base/errors.js';
import type { Repository } from '../repo/repository.js';
import type { PartWork } from '../worker/part-work.js';
import { inlinePartWork } from '../worker/part-work.js';
import type { Piece } from './compare-file.js';
import { knownPieces, sizeOf } from './compare-file.js';
import type { FileToFill } from './fill-files.js';
import { fillFiles } from './fill-files.js';
import type { LocalFile } from './local-blobs.js';
import { copyLocalBlobs } from './local-blobs.js';

export interface WantedFile {
  /** Absolute path of a file that does not exist yet, in a folder that does. */
  readonly destination: string;
  /** For messages: the path in the game folder. */
  readonly path: string;
  readonly entry: ManifestEntry;
}

export interface FetchOptions {
  readonly signal?: AbortSignal | undefined;
  /** Files of this PC that may hold some of the blobs. */
  readonly local?: Iterable<LocalFile>;
  /** Where blobs are opened and written; here by default. */
  readonly work?: Pick<PartWork, 'writePart'>;
  /** Bytes written: those of a blob once for each place that wants it. */
  readonly onBytes?: (bytes: number) => void;
  readonly onFile?: () => void;
}

interface StagedFile extends FileToFill {
  /** In the game folder. */
  readonly name: string;
}

/** Throws 'damaged' if a blob cannot be had, 'no-space' or 'io' if it cannot be written. Nothing is left open. */
export async function fetchFiles(repo: Repository, files: readonly WantedFile[], options: FetchOptions): Promise<void> {
  const { signal, work = inlinePartWork(repo.codec), onBytes, onFile } = options;
  const fail = ({ name }: StagedFile, error: unknown): never => {
    throw ioError(error, 'cannot write', name);
  };
  const staged = files.map((file) => stagedFile(repo, file));
  const left = await copyLocalBlobs(repo, staged, options.local ?? [], signal);
  const bytesIn = (pieces: readonly Piece[]): number => pieces.reduce((sum, { length }) => sum + length, 0);
  for (const [{ pieces }, missing] of left) onBytes?.(bytesIn(pieces) - bytesIn(missing));
  await fillFiles(
    repo,
    staged.map((file) => {
      const pieces = left.get(file);
      return pieces === undefined ? file : { ...file, pieces, isNew: false };
    }),
    {
      signal,
      work,
      prepare: async ({ path, isNew }) => {
        if (isNew) await (await open(path, 'wx', 0o600)).close();
      },
      onWritten: (_file, bytes) => onBytes?.(bytes),
      onWhole: async (file, isFinished) => {
        if (!isFinished) await finish(file).catch((error: unknown) => fail(file, error));
        onFile?.();
      },
      onFailed: fail,
    },
  );
}

/** Throws 'damaged' if the blobs, by their entries in the index, do not make up the file's size. */
function stagedFile(repo: Repository, { destination, path: name, entry }: WantedFile): StagedFile {
  const pieces = [...knownPieces(repo, entry.content)];
  const size = sizeOf(pieces);
  if (pieces.length === entry.content.length) {
    if (size !== entry.size) {
      throw new SyncError('damaged', `${name} has ${size} bytes in its blobs where its entry says ${entry.size}`);
    }
  } else {
    // A blob that nobody has is told of by the loader.
    pieces.push(...entry.content.slice(pieces.length).map((id) => ({ id, offset: size, length: 0 })));
  }
  const whole = { mtimeMs: entry.mtimeMs, mode: entry.executable ? 0o755 : 0o644 };
  return { name, path: destination, pieces, isNew: true, whole };
}

async function finish({ path, whole: { mtimeMs = 0, mode = 0 } }: StagedFile): Promise<void> {
  await utimes(path, mtimeMs / 1000, mtimeMs / 1000);
  if (process.platform !== 'win32') await chmod(path, mode);
}
