/**
 * The folder that is restored into. Every folder on the way to an item is a real one: a link or a file in its place is
 * taken away before anything is written below, so that nothing of a snapshot, and nothing that lay here before, leads a
 * writer elsewhere. Only the target itself may be a link: the caller named it.
 */
import type { BigIntStats } from 'node:fs';
import { chmod, lstat, mkdir, readdir, rmdir, stat, unlink } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { errnoOf, ioError, SyncError, throwIfAborted } from '../base/errors.js';
import { rawFromBytes, toFsPath } from '../base/raw-string.js';
import { makeFolders } from '../disk/make-folders.js';
import type { RestoreProgress } from './restore-progress.js';
import type { SelectedFolder, SelectedItem } from './select-items.js';

export interface TargetOptions {
  readonly target: string;
  readonly dryRun: boolean;
  readonly progress: RestoreProgress;
  readonly signal?: AbortSignal | undefined;
}

/** What its owner needs to put files into a folder. */
const WRITABLE = 0o300;

export class TargetFolder {
  readonly #root: string;
  readonly #dryRun: boolean;
  readonly #progress: RestoreProgress;
  readonly #signal: AbortSignal | undefined;
  readonly #ready = new Map<SelectedFolder, Promise<boolean>>();
  /**
   * Folders in which nothing was: made by us, or, in a dry run, not there (what a link in their place leads to is not in
   * them).
   */
  readonly #fresh = new Set<SelectedFolder>();

  constructor({ target, dryRun, progress, signal }: TargetOptions) {
    this.#root = resolve(target);
    this.#dryRun = dryRun;
    this.#progress = progress;
    this.#signal = signal;
  }

  /** Absolute; `path` as in the snapshot, '' for the target itself. */
  pathOf(path: string): string {
    if (path === '') return this.#root;
    const local = sep === '/' ? path : path.replaceAll('/', sep);
    return this.#root.endsWith(sep) ? this.#root.slice(0, -1) + local : this.#root + local;
  }

  /** Whether nothing was in the folder before. To be asked after `ensure`. */
  isFresh(folder: SelectedFolder): boolean {
    return this.#fresh.has(folder);
  }

  /** What stood in the place of an item before; links are not followed. */
  async lookAt(item: Pick<SelectedItem, 'path' | 'folder'>): Promise<BigIntStats | undefined> {
    return this.isFresh(item.folder) ? undefined : lookAt(this.pathOf(item.path));
  }

  /** Names in a folder where something was, in order of their bytes. Throws the system's error. */
  async namesIn(folder: SelectedFolder): Promise<string[]> {
    return this.isFresh(folder) ? [] : namesIn(this.pathOf(folder.path));
  }

  /** Throws 'io' if the target is no folder and cannot be made one. */
  async makeRoot(): Promise<void> {
    if (this.#dryRun) return;
    try {
      await makeFolders(this.#root, 0o700);
      if ((await stat(toFsPath(this.#root))).isDirectory()) return;
    } catch (error) {
      throw ioError(error, 'cannot create target directory', this.#root);
    }
    throw new SyncError('io', `cannot create target directory ${this.#root}: a file of that name is there`);
  }

  /**
   * Makes the folder, and those above, where they are not there. False if that failed, which was told then: nothing
   * below can be restored.
   */
  ensure(folder: SelectedFolder): Promise<boolean> {
    const known = this.#ready.get(folder);
    if (known !== undefined) return known;
    const ready = this.#make(folder);
    this.#ready.set(folder, ready);
    return ready;
  }

  async #make(folder: SelectedFolder): Promise<boolean> {
    const { parent, path } = folder;
    if (parent === undefined) return true;
    if (!(await this.ensure(parent))) return false;
    throwIfAborted(this.#signal);
    try {
      if (folder.refused !== undefined) throw folder.refused;
      const there = await this.lookAt({ path, folder: parent });
      if (!there?.isDirectory()) this.#fresh.add(folder);
      if (!this.#dryRun) await makeFolder(this.pathOf(path), there);
      return true;
    } catch (error) {
      this.#progress.failed(path, ioError(error, 'cannot make folder', this.pathOf(path)));
      return false;
    }
  }
}

async function makeFolder(path: string, there: BigIntStats | undefined): Promise<void> {
  if (there?.isDirectory()) {
    const mode = Number(there.mode) & 0o7777;
    // One that its owner made read-only; its own mode comes back with the rest of its metadata.
    if ((mode & WRITABLE) !== WRITABLE && isOwn(there)) await chmod(toFsPath(path), mode | 0o700);
    return;
  }
  if (there !== undefined) await unlink(toFsPath(path));
  await mkdir(toFsPath(path), { mode: 0o700 });
}

/** Whether permissions bind this user there, and this user may change them. */
function isOwn({ uid }: BigIntStats): boolean {
  const own = process.getuid?.();
  return own !== undefined && own !== 0 && BigInt(own) === uid;
}

/** undefined for what is not there; links are not followed. */
export async function lookAt(path: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(toFsPath(path), { bigint: true });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Takes away what stands in an item's place: a folder only if it is empty, or `recursive`. */
export async function removeThere(path: string, there: BigIntStats, recursive: boolean): Promise<void> {
  if (!there.isDirectory()) await unlink(toFsPath(path));
  else if (recursive) await removeTree(path, () => undefined);
  else await rmdir(toFsPath(path));
}

/** Tells each path when it is gone: what is in a folder before the folder. Links are removed, not followed. */
export async function removeTree(path: string, onRemoved: (path: string) => void, dryRun = false): Promise<void> {
  const there = await lookAt(path);
  if (there?.isDirectory()) {
    for (const name of await namesIn(path)) await removeTree(path + sep + name, onRemoved, dryRun);
    if (!dryRun) await rmdir(toFsPath(path));
  } else if (there !== undefined && !dryRun) {
    await unlink(toFsPath(path));
  }
  onRemoved(path);
}

/** In order of their bytes. */
async function namesIn(path: string): Promise<string[]> {
  const names = await readdir(toFsPath(path), { encoding: 'buffer' });
  return names.sort(Buffer.compare).map(rawFromBytes);
}
