/**
 * Brings files from the repository to given places: each needed blob is read once, verified, and written at every
 * offset that wants it. A file that is whole is flushed to the disk and gets its time and mode; only then is it
 * reported. The places are new files in a staging folder: nothing of the player's is touched here.
 */
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import type { ManifestEntry } from '../archive/manifest.js';
import type { Bytes } from '../base/bytes.js';
import { forEachLimit } from '../base/concurrency.js';
import { ioError, SyncError } from '../base/errors.js';
import type { BlobId } from '../base/ids.js';
import { plainLength } from '../repo/codec.js';
import type { BlobOpener } from '../repo/loader.js';
import type { Repository } from '../repo/repository.js';

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
  readonly onBytes?: (bytes: number) => void;
  readonly onFile?: () => void;
}

interface Target {
  readonly file: WantedFile;
  missing: number;
  handle: Promise<FileHandle> | undefined;
}

const PARALLEL_EMPTY = 16;

/** Throws 'damaged' if a blob cannot be had, 'no-space' or 'io' if it cannot be written. */
export async function fetchFiles(repo: Repository, files: readonly WantedFile[], options: FetchOptions): Promise<void> {
  const uses = new Map<BlobId, { target: Target; offset: number }[]>();
  const empty: Target[] = [];
  for (const file of files) {
    const target: Target = { file, missing: file.entry.content.length, handle: undefined };
    if (target.missing === 0) empty.push(target);
    else addUses(repo, target, uses);
  }
  try {
    await forEachLimit(empty, PARALLEL_EMPTY, (target) => finish(target, options), options.signal);
    const write = async (id: BlobId, plain: Bytes): Promise<void> => {
      for (const { target, offset } of uses.get(id) ?? []) await writeAt(target, plain, offset, options);
      options.onBytes?.(plain.length);
    };
    await repo.loader.loadMany('data', uses.keys(), write, options);
  } finally {
    await closeAll(uses);
  }
}

function addUses(repo: Repository, target: Target, uses: Map<BlobId, { target: Target; offset: number }[]>): void {
  let offset = 0;
  for (const id of target.file.entry.content) {
    const use = { target, offset };
    const known = uses.get(id);
    if (known) known.push(use);
    else uses.set(id, [use]);
    const [location] = repo.index.locate('data', id);
    if (location) offset += plainLength(location);
  }
}

async function writeAt(target: Target, plain: Bytes, offset: number, options: FetchOptions): Promise<void> {
  const { destination, path } = target.file;
  try {
    target.handle ??= open(destination, 'wx', 0o600);
    const handle = await target.handle;
    for (let done = 0; done < plain.length; ) {
      const { bytesWritten } = await handle.write(plain, done, plain.length - done, offset + done);
      done += bytesWritten;
    }
  } catch (error) {
    throw ioError(error, 'cannot write', path);
  }
  target.missing -= 1;
  if (target.missing === 0) await finish(target, options);
}

/** Flushes, then sets time and mode: the staged file is then exactly what it will be in its place. */
async function finish(target: Target, options: FetchOptions): Promise<void> {
  const { destination, path, entry } = target.file;
  try {
    target.handle ??= open(destination, 'wx', 0o600);
    const handle = await target.handle;
    const { size } = await handle.stat();
    if (size !== entry.size) {
      throw new SyncError('damaged', `${path} has ${size} bytes in its blobs where its entry says ${entry.size}`);
    }
    await handle.utimes(entry.mtimeMs / 1000, entry.mtimeMs / 1000);
    if (process.platform !== 'win32') await handle.chmod(entry.executable ? 0o755 : 0o644);
    await handle.sync();
    target.handle = undefined;
    await handle.close();
  } catch (error) {
    throw ioError(error, 'cannot write', path);
  }
  options.onFile?.();
}

/** After an error: nothing stays open. */
async function closeAll(uses: ReadonlyMap<BlobId, { target: Target }[]>): Promise<void> {
  const open = new Set<Promise<FileHandle>>();
  for (const list of uses.values()) for (const { target } of list) if (target.handle) open.add(target.handle);
  await Promise.allSettled([...open].map(async (handle) => (await handle).close()));
}
