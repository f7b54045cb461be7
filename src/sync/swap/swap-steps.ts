/**
 * The moves of a swap, forward and back. How far each file came is read from where its bytes are, never from memory:
 *
 *   staged  trashed  place      replace (old file)       replace (new path)      remove
 *     yes     no      old       not begun                -                       (staged: never) not begun
 *     yes     yes     -         old one is in the trash  -                       -
 *     yes     -       -         -                        not begun               -
 *     no      yes     new       done                     -                       -
 *     no      no      new       -                        done                    -
 *     -       yes     -         -                        -                       done
 *
 * Each move is one rename, so every crash leaves one of these rows, and either direction can go on from any of them.
 * Anything else is the work of another program: the swap turns back, and what stands in the way of that is set aside
 * in the trash, never overwritten.
 */
import { dirname, join } from 'node:path';
import { type FileStamp, sameStamp } from '../../archive/scan.js';
import { forEachLimit } from '../../base/concurrency.js';
import { errnoOf, ioError, isMissing } from '../../base/errors.js';
import { type FsOps, sameContent, stampFrom } from './fs-ops.js';
import { makeDirs as makeDirsIn, renameWithRetry } from './fs-retry.js';
import { foldersAbove, placeInside, placeOf } from './game-path.js';
import type { Journal, PlacedFile, RemovedFile } from './journal.js';
import { changedMeanwhile } from './swap-check.js';
import { trashFolder } from './trash.js';

const PARALLEL = 8;

export class SwapSteps {
  readonly #fs: FsOps;
  readonly #packFolder: string;
  readonly #cloudFolder: string;
  readonly #journal: Journal;
  /** Folders in which names came or went. */
  readonly #touched = new Set<string>();
  readonly #made = new Map<string, Promise<void>>();
  #isFresh = false;
  /** Where files in the way were set aside, by path. */
  readonly displaced: Map<string, string> = new Map();

  constructor(fs: FsOps, packFolder: string, cloudFolder: string, journal: Journal) {
    this.#fs = fs;
    this.#packFolder = packFolder;
    this.#cloudFolder = cloudFolder;
    this.#journal = journal;
  }

  /**
   * To the new state. Throws 'conflict' as soon as something is not as it was planned; then go back. `start`: whether
   * no file was moved yet, so that it need not be found out for each.
   */
  async forward(start: 'from the start' | 'from anywhere'): Promise<void> {
    const { remove, removeDirs, makeDirs, replace } = this.#journal;
    this.#isFresh = start === 'from the start';
    await forEachLimit(remove, PARALLEL, (file) => this.#takeOld(file, 'may be gone'));
    for (const folder of removeDirs) await this.#removeFolder(folder);
    for (const folder of makeDirs) await this.#makeFolder(folder);
    await forEachLimit(replace, PARALLEL, (file) => this.#placeNew(file));
    await this.#syncTouched();
  }

  /** To the old state, in the opposite order. */
  async back(): Promise<void> {
    const { remove, removeDirs, makeDirs, replace } = this.#journal;
    // If someone deleted the stage, a new file that is missing in it tells nothing about its place.
    const hasStage = (await this.#fs.lstat(this.#stage())) !== undefined;
    await forEachLimit(replace, PARALLEL, (file) => this.#takeBackNew(file, hasStage));
    for (const folder of [...makeDirs].reverse()) await this.#removeFolder(folder);
    for (const folder of [...removeDirs].reverse()) await this.#restoreFolder(folder);
    await forEachLimit(remove, PARALLEL, (file) => this.#putBackOld(file.path));
    await this.#syncTouched();
  }

  /** The new files' stamps in their places, of those that nobody has changed since. */
  async placedStamps(): Promise<Map<string, FileStamp>> {
    const stamps = new Map<string, FileStamp>();
    await forEachLimit(this.#journal.replace, PARALLEL, async ({ path, stamp }) => {
      const entry = await this.#fs.lstat(this.#place(path));
      if (entry === undefined || !sameContent(entry, stamp)) return;
      stamps.set(path, stampFrom(entry));
    });
    return stamps;
  }

  async #placeNew(file: PlacedFile): Promise<void> {
    const staged = this.#staged(file);
    const hasOld = file.expected !== undefined;
    if (!this.#isFresh && (await this.#fs.lstat(staged)) === undefined) {
      const isDone = !hasOld || (await this.#fs.lstat(this.#trashed(file.path))) !== undefined;
      if (isDone) return;
      throw changedMeanwhile(file.path, 'lost its new version');
    }
    if (file.expected !== undefined) await this.#takeOld({ path: file.path, expected: file.expected }, 'must be there');
    const place = this.#place(file.path);
    if ((await this.#fs.lstat(place)) !== undefined) throw changedMeanwhile(file.path, 'appeared');
    await renameWithRetry(this.#fs, staged, place);
    this.#touched.add(dirname(place));
  }

  /** Into the trash, if it is not there yet; before and after the move it must be the file that was planned. */
  async #takeOld(file: RemovedFile, absence: 'may be gone' | 'must be there'): Promise<void> {
    const trashed = this.#trashed(file.path);
    const place = this.#place(file.path);
    const isToMove = this.#isFresh || (await this.#fs.lstat(trashed)) === undefined;
    if (isToMove) {
      const entry = await this.#fs.lstat(place);
      if (entry === undefined && absence === 'may be gone') return;
      if (entry === undefined || !sameStamp(entry, file.expected)) throw changedMeanwhile(file.path, 'changed');
      await this.#makeParent(trashed);
      await this.#move(place, trashed);
    }
    const moved = await this.#fs.lstat(trashed);
    if (moved !== undefined && sameContent(moved, file.expected)) return;
    // Put in place by another hand between the look and the move. It goes back at once: there may be no turning back,
    // if this process stood still in between and another command has taken over.
    if (isToMove && moved !== undefined && (await this.#fs.lstat(place)) === undefined)
      await this.#move(trashed, place);
    throw changedMeanwhile(file.path, 'changed');
  }

  async #takeBackNew(file: PlacedFile, hasStage: boolean): Promise<void> {
    const staged = this.#staged(file);
    const place = this.#place(file.path);
    const isStaged = (await this.#fs.lstat(staged)) !== undefined;
    const hasOld = file.expected !== undefined && (await this.#fs.lstat(this.#trashed(file.path))) !== undefined;
    const entry = await this.#fs.lstat(place);
    const isAway = !isStaged && entry !== undefined && (hasOld || file.expected === undefined);
    if (isAway && sameContent(entry, file.stamp)) {
      await this.#makeParent(staged);
      await this.#move(place, staged);
    } else if (isAway && (hasOld || (hasStage && entry.type !== 'dir'))) {
      // Placed, and changed by another hand since.
      await this.#setAside(file.path);
    }
    if (hasOld) await this.#putBackOld(file.path);
  }

  async #putBackOld(path: string): Promise<void> {
    const trashed = this.#trashed(path);
    if ((await this.#fs.lstat(trashed)) === undefined) return;
    const place = this.#place(path);
    if ((await this.#fs.lstat(place)) !== undefined) await this.#setAside(path);
    for (const folder of foldersAbove(path).slice(-1)) await this.#restoreFolder(folder);
    await this.#move(trashed, place);
  }

  /** A folder of the old state, whatever came in its place since. */
  async #restoreFolder(folder: string): Promise<void> {
    const entry = await this.#fs.lstat(this.#place(folder));
    if (entry?.type === 'dir') return;
    for (const parent of foldersAbove(folder).slice(-1)) await this.#restoreFolder(parent);
    if (entry !== undefined) await this.#setAside(folder);
    await this.#makeFolder(folder);
  }

  /** Something that came by another hand, into the trash under a name that is free. */
  async #setAside(path: string): Promise<void> {
    const folder = join(trashFolder(this.#cloudFolder, this.#journal.trash), 'displaced');
    const wanted = placeInside(folder, path, this.#fs.platform);
    let free = wanted;
    for (let n = 2; (await this.#fs.lstat(free)) !== undefined; n++) free = `${wanted}.${n}`;
    await this.#makeParent(free);
    await this.#move(this.#place(path), free);
    this.displaced.set(path, free);
  }

  async #makeFolder(folder: string): Promise<void> {
    const place = this.#place(folder);
    const entry = await this.#fs.lstat(place);
    if (entry !== undefined && entry.type !== 'dir') throw changedMeanwhile(folder, 'appeared');
    if (entry === undefined) await makeDirsIn(this.#fs, place, this.#packFolder);
    this.#touched.add(dirname(place));
  }

  /**
   * If it is empty. One that cannot be removed (something is left in it; on Windows, somebody looks at it) stays: no
   * harm by itself, and if a file is to take its place, that step sees it.
   */
  async #removeFolder(folder: string): Promise<void> {
    const place = this.#place(folder);
    try {
      await this.#fs.rmdir(place);
      this.#touched.add(dirname(place));
    } catch (error) {
      if (!STAYS.has(errnoOf(error) ?? '')) throw ioError(error, 'cannot remove the folder', place);
    }
  }

  async #move(from: string, to: string): Promise<void> {
    await renameWithRetry(this.#fs, from, to);
    this.#touched.add(dirname(from)).add(dirname(to));
  }

  /** Of a place in `.cloud-sync`; each folder is made once. */
  #makeParent(path: string): Promise<void> {
    const folder = dirname(path);
    const known = this.#made.get(folder) ?? makeDirsIn(this.#fs, folder, this.#cloudFolder);
    this.#made.set(folder, known);
    return known;
  }

  async #syncTouched(): Promise<void> {
    await forEachLimit(this.#touched, PARALLEL, async (folder) => {
      try {
        await this.#fs.syncDir(folder);
      } catch (error) {
        // A folder that was removed in the meantime, or gave its place to a file, needs none.
        if (!isMissing(error)) throw ioError(error, 'cannot save the folder', folder);
      }
    });
  }

  #place(path: string): string {
    return placeOf(this.#packFolder, path, this.#fs.platform);
  }

  #stage(): string {
    return join(this.#cloudFolder, 'staging', this.#journal.id);
  }

  #staged(file: PlacedFile): string {
    return placeInside(this.#stage(), file.staged, this.#fs.platform);
  }

  #trashed(path: string): string {
    return placeInside(join(trashFolder(this.#cloudFolder, this.#journal.trash), 'files'), path, this.#fs.platform);
  }
}

const STAYS: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST', 'EBUSY', 'EPERM', 'EACCES']);
