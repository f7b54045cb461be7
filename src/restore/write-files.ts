/**
 * Brings the contents of files: each blob that is needed is read once, verified, and written at every place that wants
 * it. A blob that cannot be had fails the files that need it, and only those; what there is of them stays.
 */
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { chmod, open } from 'node:fs/promises';
import { errnoOf, ioError, SyncError } from '../base/errors.js';
import { toFsPath } from '../base/raw-string.js';
import type { Repository } from '../repo/repository.js';
import type { PartWork } from '../worker/part-work.js';
import { inlinePartWork } from '../worker/part-work.js';
import { isSingle, sizeOf } from './compare-file.js';
import type { FileToFill } from './fill-files.js';
import { fillFiles } from './fill-files.js';
import type { FileJob } from './plan-files.js';
import type { RestoreProgress } from './restore-progress.js';
import { lookAt, removeThere } from './target-folder.js';
import { unixMode } from './unix-mode.js';

export interface WriteOptions {
  readonly progress: RestoreProgress;
  readonly sparse: boolean;
  /** A folder with something in it gives way to a file. */
  readonly removeFolders: boolean;
  /** Where blobs are opened and written; here by default. */
  readonly work?: Pick<PartWork, 'writePart'> | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface WrittenFiles {
  /** All that were opened, also those that are not whole. */
  readonly touched: ReadonlySet<FileJob>;
  /** New files that a worker has made and written whole, and the permissions they have, if they are known. */
  readonly made: ReadonlyMap<FileJob, number | undefined>;
  /** Those that are not whole. */
  readonly failed: ReadonlySet<FileJob>;
}

interface JobToFill extends FileToFill {
  readonly job: FileJob;
}

const WRITE = constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
const TRUNCATE = constants.O_TRUNC;

/** Throws 'aborted', and what the backend throws if it cannot be reached. */
export async function writeFiles(
  repo: Repository,
  jobs: readonly FileJob[],
  options: WriteOptions,
): Promise<WrittenFiles> {
  const { progress, sparse, removeFolders, signal, work = inlinePartWork(repo.codec) } = options;
  const touched = new Set<FileJob>();
  const made = new Map<FileJob, number | undefined>();
  const failed = new Set<FileJob>();
  const toFill = jobs.map((job) => jobToFill(job, sparse, progress));
  await fillFiles(repo, toFill, {
    work,
    signal,
    prepare: async ({ job }) => {
      await prepare(job, removeFolders);
      touched.add(job);
    },
    onMade: ({ job }) => void touched.add(job),
    onWritten: (_file, bytes) => progress.wrote(bytes),
    onWhole: ({ job, whole: { mode } }, isFinished) => {
      const { action, item } = job;
      if (isFinished) made.set(job, mode);
      progress.finished(action, 'file', item.path, item.node.size ?? 0);
    },
    onFailed: ({ job }, error) => {
      failed.add(job);
      progress.failed(job.item.path, ioError(error, 'cannot write', job.path));
    },
  });
  return { touched, made, failed };
}

/** Without what is there already, which counts as written. */
function jobToFill(job: FileJob, sparse: boolean, progress: RestoreProgress): JobToFill {
  const { path, pieces, has, isFresh } = job;
  const wanted = pieces.filter(({ length }, i) => {
    if (has?.[i]) progress.wrote(length);
    return !has?.[i];
  });
  // At full length from the start: what cannot be had later is zeros, as are the holes of a sparse file.
  const length = pieces.length <= 1 && !sparse ? undefined : sizeOf(pieces);
  return {
    job,
    path,
    pieces: wanted,
    isNew: isFresh,
    whole: { length, mode: earlyMode(job) },
    sparse: sparse && has === undefined,
  };
}

/**
 * Permissions that the worker may set at once, which spares a call to the system for each file. Bits above those wait for
 * the right owner; so does all of it where attributes follow, which may need the right to write.
 */
function earlyMode({ item: { node } }: FileJob): number | undefined {
  if (process.platform === 'win32') return undefined;
  const mode = unixMode(node.mode ?? 0);
  return mode > 0o777 || (node.extendedAttributes ?? []).length > 0 ? undefined : mode;
}

async function prepare(job: FileJob, removeFolders: boolean): Promise<void> {
  const handle = await openFirst(job, removeFolders);
  try {
    await handle.truncate(sizeOf(job.pieces));
  } finally {
    await handle.close();
  }
}

/**
 * A file of one name is written in place, emptied unless pieces of it stay; anything else gives way to a new file, and
 * is never written to.
 */
async function openFirst({ path, has, isFresh }: FileJob, removeFolders: boolean): Promise<FileHandle> {
  // Where another item of the snapshot has taken this place, the system takes both names for one: that fails.
  if (isFresh) return open(toFsPath(path), WRITE | constants.O_CREAT | constants.O_EXCL, 0o600);
  const there = await lookAt(path);
  if (there !== undefined && isSingle(there)) return openExisting(path, has === undefined ? WRITE | TRUNCATE : WRITE);
  if (has !== undefined) throw new SyncError('io', `${path} has become another file since its content was compared`);
  if (there !== undefined) await removeThere(path, there, removeFolders);
  return open(toFsPath(path), WRITE | constants.O_CREAT | constants.O_EXCL, 0o600);
}

/** A read-only file is made writable; it gets its mode when all is written. */
async function openExisting(path: string, flags: number): Promise<FileHandle> {
  try {
    return await open(toFsPath(path), flags);
  } catch (error) {
    if (errnoOf(error) !== 'EACCES' && errnoOf(error) !== 'EPERM') throw error;
    await chmod(toFsPath(path), 0o600);
    return await open(toFsPath(path), flags);
  }
}
