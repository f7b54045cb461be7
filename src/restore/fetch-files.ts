/**
 * Brings files from the repository to given places: each needed blob is read once, verified, and written at every
 * offset that wants it. A file that is whole is flushed to the disk and gets its time and mode; only then is it
 * reported. The places are new files in a staging folder: nothing of the player's is touched here.
 */
import type { ManifestEntry } from '../archive/manifest.js';
import type { Bytes } from '../base/bytes.js';
import { forEachLimit } from '../base/concurrency.js';
import { ioError, SyncError } from '../base/errors.js';
import type { BlobId } from '../base/ids.js';
import { plainLength } from '../repo/codec.js';
import type { BlobOpener } from '../repo/loader.js';
import type { Repository } from '../repo/repository.js';
import { OpenFiles } from './open-files.js';

export interface WantedFile {
  /** Absolute path of a file that does not exist yet, in a folder that does. */
  readonly destination: string;
  /** For messages: the path in the game folder. */
  readonly path: string;
  readonly entry: ManifestEntry;
}

export interface FetchOptions {
  readonly signal?: AbortSignal | undefined;
  readonly opener?: BlobOpener;
  /** Bytes written: those of a blob once for each place that wants it. */
  readonly onBytes?: (bytes: number) => void;
  readonly onFile?: () => void;
}

interface Target {
  readonly file: WantedFile;
  /** Pieces that are not written yet. */
  missing: number;
}

/** Where a blob belongs. */
interface Use {
  readonly target: Target;
  readonly offset: number;
  readonly length: number;
}

const PARALLEL_EMPTY = 16;
/** Windows allows 512 handles to a program, macOS 256 by default; a launcher has others open too. */
const MAX_OPEN = 64;

/** Throws 'damaged' if a blob cannot be had, 'no-space' or 'io' if it cannot be written. Nothing is left open. */
export async function fetchFiles(repo: Repository, files: readonly WantedFile[], options: FetchOptions): Promise<void> {
  const uses = new Map<BlobId, Use[]>();
  const empty: Target[] = [];
  for (const file of files) {
    const target: Target = { file, missing: file.entry.content.length };
    addUses(repo, target, uses);
    if (target.missing === 0) empty.push(target);
  }
  const open = new OpenFiles(MAX_OPEN);
  try {
    await forEachLimit(empty, PARALLEL_EMPTY, (target) => finish(open, target, options), options.signal);
    const write = async (id: BlobId, plain: Bytes): Promise<void> => {
      for (const use of uses.get(id) ?? []) await writeUse(open, use, plain, options);
    };
    await repo.loader.loadMany('data', uses.keys(), write, options);
  } finally {
    await open.closeAll();
  }
}

/** Throws 'damaged' if the blobs, by their entries in the index, do not make up the file's size. */
function addUses(repo: Repository, target: Target, uses: Map<BlobId, Use[]>): void {
  const { path, entry } = target.file;
  let offset = 0;
  for (const id of entry.content) {
    const [location] = repo.index.locate('data', id);
    const length = location ? plainLength(location) : 0;
    const use = { target, offset, length };
    const known = uses.get(id);
    if (known) known.push(use);
    else uses.set(id, [use]);
    // A blob that nobody has is told of by the loader.
    if (!location) return;
    offset += length;
  }
  if (offset === entry.size) return;
  throw new SyncError('damaged', `${path} has ${offset} bytes in its blobs where its entry says ${entry.size}`);
}

async function writeUse(open: OpenFiles, use: Use, plain: Bytes, options: FetchOptions): Promise<void> {
  const { target, offset, length } = use;
  const { destination, path } = target.file;
  if (plain.length !== length) {
    throw new SyncError('damaged', `${path}: a blob has ${plain.length} bytes where the index says ${length}`);
  }
  try {
    await open.use(destination, async (handle) => {
      for (let done = 0; done < plain.length; ) {
        const { bytesWritten } = await handle.write(plain, done, plain.length - done, offset + done);
        done += bytesWritten;
      }
    });
  } catch (error) {
    throw ioError(error, 'cannot write', path);
  }
  options.onBytes?.(plain.length);
  target.missing -= 1;
  if (target.missing === 0) await finish(open, target, options);
}

/** Flushes, then sets time and mode: the staged file is then exactly what it will be in its place. */
async function finish(open: OpenFiles, target: Target, options: FetchOptions): Promise<void> {
  const { destination, path, entry } = target.file;
  try {
    await open.use(destination, async (handle) => {
      await handle.utimes(entry.mtimeMs / 1000, entry.mtimeMs / 1000);
      if (process.platform !== 'win32') await handle.chmod(entry.executable ? 0o755 : 0o644);
      await handle.sync();
    });
    await open.finish(destination);
  } catch (error) {
    throw ioError(error, 'cannot write', path);
  }
  options.onFile?.();
}
