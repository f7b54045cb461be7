/**
 * Before the first file moves: a plan is held against the folder as it is now, and becomes a journal. Whatever can be
 * found out without moving anything is found out here.
 */
import { basename, dirname, join, relative, sep } from 'node:path';
import { type FileStamp, sameStamp } from '../../archive/scan.js';
import { forEachLimit } from '../../base/concurrency.js';
import { SyncError } from '../../base/errors.js';
import type { Instance } from '../folder/instance.js';
import type { JsonObject } from '../folder/json-file.js';
import { type FsOps, stampFrom } from './fs-ops.js';
import { checkGamePath, checkWayTo, foldersAbove, placeInside, placeOf } from './game-path.js';
import type { Journal, PlacedFile } from './journal.js';
import { nextGeneration } from './trash.js';
import { foldName } from './windows-names.js';

/** Paths are relative to the game folder, with '/'. */
export interface SwapPlan {
  /** Of the stage that holds the new files. */
  readonly id: string;
  readonly replace: readonly {
    readonly path: string;
    /** The new file or link, complete and durable: an absolute path inside the stage. */
    readonly staged: string;
    /** What the caller saw there. Default: 'absent'. */
    readonly expected?: FileStamp | 'absent';
  }[];
  /** 'absent': it is gone already, and must not have come back. */
  readonly remove: readonly { readonly path: string; readonly expected: FileStamp | 'absent' }[];
  /** Folders to be there afterwards; parents of replaced files need not be named. */
  readonly makeDirs: readonly string[];
  /** Folders to remove if nothing is left in them. */
  readonly removeDirs: readonly string[];
  /** The caller's own (such as the snapshots before and after), kept with the trash. */
  readonly note?: JsonObject;
}

const PARALLEL = 8;

/** Throws 'conflict' if a file is not as the plan says, 'unsafe-path', or 'io' if a rename could not work. */
export async function checkPlan(fs: FsOps, instance: Instance, plan: SwapPlan, now: number): Promise<Journal> {
  const { packFolder, cloudFolder } = instance;
  checkPaths(plan, fs.platform);
  const dev = await deviceOf(fs, cloudFolder);
  const remove = plan.remove.flatMap(({ path, expected }) => (expected === 'absent' ? [] : [{ path, expected }]));
  const leaving = new Map(remove.map((file) => [file.path, file.expected]));
  const targets = [...plan.replace, ...plan.remove].map((file) => file.path);
  const all = [...targets, ...plan.makeDirs.map((folder) => `${folder}/`), ...plan.removeDirs];
  const existing = await checkWayTo(fs, packFolder, all, dev, new Set(leaving.keys()));
  const checker: Checker = { fs, packFolder, plan, leaving, removeDirs: new Set(plan.removeDirs) };
  const wanted = new Set([...plan.replace.map((file) => file.path), ...plan.makeDirs].flatMap(foldersAbove));
  for (const folder of plan.makeDirs) wanted.add(folder);
  const stamps = await checkFiles(checker, join(cloudFolder, 'staging', plan.id));
  return {
    id: plan.id,
    created: new Date(now).toISOString(),
    direction: 'forward',
    trash: await nextGeneration(fs, cloudFolder, plan.id, now),
    replace: stamps,
    remove,
    makeDirs: [...wanted].filter((folder) => !existing.has(folder)).sort((a, b) => a.length - b.length),
    removeDirs: (await existingFolders(checker, wanted)).sort((a, b) => b.length - a.length),
    ...(plan.note === undefined ? {} : { note: plan.note }),
  };
}

/** The file system of `.cloud-sync`, which must be a real folder. */
export async function deviceOf(fs: FsOps, cloudFolder: string): Promise<bigint> {
  const entry = await fs.lstat(cloudFolder);
  if (entry?.type === 'dir') return entry.dev;
  throw new SyncError('unsafe-path', `${cloudFolder} is not a folder of its own; put a real folder there`);
}

export function changedMeanwhile(path: string, found: string): SyncError {
  const message = `${JSON.stringify(path)} ${found} while it was being synchronised; run the command again`;
  return new SyncError('conflict', message, { retryable: true, details: { path } });
}

interface Checker {
  readonly fs: FsOps;
  readonly packFolder: string;
  readonly plan: SwapPlan;
  readonly leaving: ReadonlyMap<string, FileStamp>;
  readonly removeDirs: ReadonlySet<string>;
}

/** Every path is a safe one, none is named twice, and nothing is to lie below a file that is put in place. */
function checkPaths(plan: SwapPlan, platform: NodeJS.Platform): void {
  const files = new Set(plan.replace.map((file) => file.path));
  const targets = [...plan.replace, ...plan.remove].map((file) => file.path);
  if (new Set(targets).size !== targets.length) throw new SyncError('internal', 'a plan names one path twice');
  for (const path of [...targets, ...plan.makeDirs, ...plan.removeDirs]) checkGamePath(path, platform);
  for (const path of [...files, ...plan.makeDirs]) {
    const above = foldersAbove(path).find((folder) => files.has(folder));
    if (above === undefined) continue;
    throw new SyncError('unsafe-path', `${JSON.stringify(path)} would lie inside ${JSON.stringify(above)}, a file`);
  }
}

async function checkFiles(checker: Checker, stage: string): Promise<PlacedFile[]> {
  const { fs, plan } = checker;
  const placed: PlacedFile[] = [];
  await forEachLimit(plan.remove, PARALLEL, ({ path, expected }) => checkPlace(checker, path, expected));
  await forEachLimit(plan.replace.entries(), PARALLEL, async ([index, { path, staged, expected = 'absent' }]) => {
    const name = relative(stage, staged).split(sep).join('/');
    const entry = await fs.lstat(placeInside(stage, name, fs.platform));
    if (entry?.type !== 'file' && entry?.type !== 'symlink') {
      throw new SyncError('internal', `${JSON.stringify(path)} is not in the stage`);
    }
    await checkPlace(checker, path, expected);
    const before = expected === 'absent' ? undefined : expected;
    placed[index] = { path, staged: name, expected: before, stamp: stampFrom(entry) };
  });
  return placed;
}

async function checkPlace(checker: Checker, path: string, expected: FileStamp | 'absent'): Promise<void> {
  const { fs, packFolder, removeDirs } = checker;
  const entry = await fs.lstat(placeOf(packFolder, path, fs.platform));
  if (expected !== 'absent') {
    if (entry === undefined || !sameStamp(entry, expected)) throw changedMeanwhile(path, 'changed');
    return;
  }
  if (entry === undefined || (entry.type === 'dir' && removeDirs.has(path))) return;
  const twin = await findTwin(checker, path);
  if (twin === undefined) throw changedMeanwhile(path, 'appeared');
  const leaving = checker.leaving.get(twin);
  if (leaving !== undefined && sameStamp(leaving, entry)) return;
  const message = `${JSON.stringify(path)} and ${JSON.stringify(twin)} are one name on this disk; rename one of them`;
  throw new SyncError('conflict', message, { details: { path, twin } });
}

/** The entry that this file system shows under `path` although its name is written differently. */
async function findTwin({ fs, packFolder }: Checker, path: string): Promise<string | undefined> {
  const place = placeOf(packFolder, path, fs.platform);
  const names = await fs.readdir(dirname(place));
  const name = basename(place);
  if (names.includes(name)) return undefined;
  const twin = names.find((other) => foldName(other) === foldName(name));
  return twin === undefined ? undefined : path.slice(0, path.lastIndexOf('/') + 1) + twin;
}

async function existingFolders({ fs, packFolder, plan }: Checker, wanted: ReadonlySet<string>): Promise<string[]> {
  const found: string[] = [];
  for (const folder of new Set(plan.removeDirs)) {
    if (wanted.has(folder)) continue;
    if ((await fs.lstat(placeOf(packFolder, folder, fs.platform)))?.type === 'dir') found.push(folder);
  }
  return found;
}
