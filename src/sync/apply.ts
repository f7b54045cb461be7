/**
 * Carries a pull's plan out: fetch everything into staging, verified and durable, then swap it in through the journal.
 * Until the swap nothing of the player's is touched.
 */
import { symlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { FileStamp } from '../archive/scan.js';
import { ioError } from '../base/errors.js';
import { toFsPath } from '../base/raw-string.js';
import { Flusher } from '../disk/flush-files.js';
import type { Repository } from '../repo/repository.js';
import { fetchFiles } from '../restore/fetch-files.js';
import type { LocalFile } from '../restore/local-blobs.js';
import type { Executor } from '../worker/executor.js';
import type { JsonObject } from './folder/json-file.js';
import type { LocalSide } from './local-side.js';
import type { PlannedFile, PullPlan } from './plan.js';
import type { Updated } from './results.js';
import { keepLocalOptions } from './scope/machine-options.js';
import { OPTIONS_FILE } from './scope/options-file.js';
import type { SyncSession } from './session.js';
import { foldersAbove } from './swap/game-path.js';
import { applySwap, checkFreeSpace, checkTargets, makeStaging } from './swap/stage.js';
import { makeFolder } from './swap/staged-copy.js';

/** Fetches and swaps. */
export interface Applied {
  /** undefined if there was nothing to change. */
  readonly updated?: Omit<Updated, 'snapshot' | 'warnings'>;
  /** Stamps of the new files in their places; without those that somebody has changed since. */
  readonly placed: ReadonlyMap<string, FileStamp>;
}

export class Application {
  readonly #session: SyncSession;
  readonly #repo: Repository;
  readonly #executor: Executor;
  readonly #local: LocalSide;
  readonly #plan: PullPlan;
  readonly #note: JsonObject;

  /** `note` is kept with the trash: which command it was. */
  constructor(
    session: SyncSession,
    repo: Repository,
    executor: Executor,
    local: LocalSide,
    plan: PullPlan,
    note: JsonObject,
  ) {
    this.#session = session;
    this.#repo = repo;
    this.#executor = executor;
    this.#local = local;
    this.#plan = plan;
    this.#note = note;
  }

  async run(): Promise<Applied> {
    const { place, remove, removeDirs, makeDirs } = this.#plan;
    const entries = this.#local.scan.entries;
    if (place.length === 0 && remove.length === 0 && removeDirs.length === 0) {
      // The scan lists empty folders only; the others show in the paths of what is in them.
      const folders = new Set([...entries.keys()].flatMap(foldersAbove));
      if (makeDirs.every((dir) => folders.has(dir) || entries.has(dir))) return { placed: new Map() };
    }
    const { instance } = this.#session;
    await checkTargets(
      instance,
      place.map(({ path }) => path),
      remove,
    );
    await checkFreeSpace(instance, bytesIn(place));
    const staging = await makeStaging(instance);
    let staged: string[];
    try {
      staged = await this.#stage(staging.folder);
      await this.#session.lockHeld();
    } catch (error) {
      await staging.remove();
      throw error;
    }
    this.#session.phase('applying');
    const { trash, placed } = await applySwap(
      instance,
      {
        id: staging.id,
        replace: place.map(({ path }, i) => ({
          path,
          staged: staged[i] ?? '',
          expected: this.#stampAt(path) ?? 'absent',
        })),
        remove: remove.map((path) => ({ path, expected: this.#stampAt(path) ?? 'absent' })),
        makeDirs,
        removeDirs,
        note: this.#note,
      },
      { signal: this.#session.signal, check: () => this.#session.checkLock() },
    );
    const replaced = place.filter(({ path }) => entries.has(path)).length;
    const files = { added: place.length - replaced, changed: replaced, removed: remove.length };
    const result = { outcome: 'updated', files, bytesWritten: bytesIn(place) } as const;
    return { placed, updated: trash === undefined ? result : { ...result, trash } };
  }

  /** Of a file or link; an empty folder is no such thing, and goes on its own. */
  #stampAt(path: string): FileStamp | undefined {
    const entry = this.#local.scan.entries.get(path);
    return entry?.type === 'dir' ? undefined : entry;
  }

  /** Every new file under a number in the staging folder: no name of the cloud's can lead anywhere. */
  async #stage(folder: string): Promise<string[]> {
    const places = this.#plan.place.map((_, i) => join(folder, String(Math.floor(i / 1000)), String(i)));
    for (let i = 0; i < places.length; i += 1000) await makeFolder(places[i] ?? folder);
    const pairs = this.#plan.place.map((file, i) => ({ ...file, destination: places[i] ?? '' }));
    const files = pairs.filter(({ entry }) => entry.type === 'file');
    const total = { filesTotal: files.length, bytesTotal: bytesIn(files) };
    const flusher = new Flusher(folder, { signal: this.#session.signal });
    let filesDone = 0;
    let bytesDone = 0;
    const tell = (): void =>
      this.#session.emit({ type: 'progress', phase: 'downloading', filesDone, bytesDone, ...total });
    await fetchFiles(this.#repo, files, {
      signal: this.#session.signal,
      work: this.#executor,
      local: this.#localFiles(),
      onBytes: (bytes) => {
        bytesDone += bytes;
        flusher.wrote(bytes);
        tell();
      },
      onFile: () => {
        filesDone += 1;
        tell();
      },
    });
    await this.#keepOptions(files);
    await flush(flusher, folder, files);
    const folders = new Set(this.#plan.makeDirs);
    for (const { entry, destination, path } of pairs) {
      if (entry.type === 'symlink') await makeLink(entry.linktarget ?? '', destination, path, folders);
    }
    return places;
  }

  /** Those that are as they were when their blobs were recorded. */
  *#localFiles(): Generator<LocalFile> {
    const { packFolder } = this.#session.instance;
    for (const [path, { type, content }] of this.#local.known) {
      if (type === 'file' && content.length > 0) yield { path: join(packFolder, path), content };
    }
  }

  /** What options.txt holds for this PC alone is not the cloud's to change. */
  async #keepOptions(files: readonly (PlannedFile & { readonly destination: string })[]): Promise<void> {
    const staged = files.find(({ path }) => path === OPTIONS_FILE);
    if (staged === undefined) return;
    const { instance, scope } = this.#session;
    const isHere = this.#local.scan.entries.get(OPTIONS_FILE)?.type === 'file';
    const { destination: path, entry } = staged;
    await keepLocalOptions(instance.packFolder, scope.keepOptions, { path, entry }, isHere);
  }
}

/** Before anything takes its place, what was staged must be there after a power cut. */
async function flush(
  flusher: Flusher,
  folder: string,
  files: readonly { readonly destination: string }[],
): Promise<void> {
  try {
    await flusher.finish(files.map(({ destination }) => destination));
  } catch (error) {
    throw ioError(error, 'cannot write to', folder);
  }
}

function bytesIn(files: readonly PlannedFile[]): number {
  return files.reduce((sum, { entry }) => sum + entry.size, 0);
}

/** Windows has links to files and links to folders, and must be told which; elsewhere that is passed over. */
async function makeLink(
  target: string,
  destination: string,
  path: string,
  folders: ReadonlySet<string>,
): Promise<void> {
  const type = folders.has(posix.join(posix.dirname(path), target).replace(/\/$/, '')) ? 'dir' : 'file';
  try {
    await symlink(toFsPath(target), destination, type);
  } catch (error) {
    throw ioError(error, 'cannot make the link', path);
  }
}
