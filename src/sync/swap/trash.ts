/**
 * What pulls replaced or removed, one folder ("generation") per swap:
 *   .cloud-sync/trash/<time>-<id>/files/<path>      the old files, under their paths in the game folder
 *                                /displaced/<path>  files that got in the way of undoing a swap
 *                                /manifest.json     the swap's journal: what was replaced, removed and added
 * A generation is kept while it is one of the newest three or younger than 14 days, all of them up to a size; the
 * newest is always kept.
 */
import { join } from 'node:path';
import { ioError } from '../../base/errors.js';
import { type FsOps, nodeFs } from './fs-ops.js';
import { renameWithRetry } from './fs-retry.js';
import { type Journal, journalPath, readJournal } from './journal.js';

const FOLDER = 'trash';
const MANIFEST = 'manifest.json';
/** A generation on its way out, so that one half removed is never taken for whole. */
const LEAVING = '.removed-';
const DAY_MS = 86_400_000;

export interface TrashLimits {
  readonly generations: number;
  readonly ageMs: number;
  readonly bytes: number;
}

export const TRASH_LIMITS: TrashLimits = { generations: 3, ageMs: 14 * DAY_MS, bytes: 2 * 1024 ** 3 };

export interface TrashGeneration {
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  /** From the name, milliseconds since 1970. */
  readonly time: number;
  /** Of the old files. */
  readonly bytes: number;
  /** Undefined if it is missing or damaged; the files are there all the same. */
  readonly manifest: Journal | undefined;
}

export function trashFolder(cloudFolder: string, generation: string): string {
  return join(cloudFolder, FOLDER, generation);
}

export function manifestPath(cloudFolder: string, generation: string): string {
  return join(cloudFolder, FOLDER, generation, MANIFEST);
}

/** A name after all others, whatever the clock says: `20261122T101500Z-<id>`. */
export async function nextGeneration(fs: FsOps, cloudFolder: string, id: string, now: number): Promise<string> {
  const times = (await generationNames(fs, cloudFolder)).map(timeOfName).filter((time) => !Number.isNaN(time));
  const time = times.reduce((latest, other) => Math.max(latest, other + 1000), now);
  return `${new Date(time).toISOString().replace(/[-:]|\.\d+/g, '')}-${id}`;
}

/** Newest first. */
export async function listTrash(cloudFolder: string, fs: FsOps = nodeFs): Promise<TrashGeneration[]> {
  const generations: TrashGeneration[] = [];
  for (const name of await generationNames(fs, cloudFolder)) {
    const folder = trashFolder(cloudFolder, name);
    const manifest = await readJournal(fs, join(folder, MANIFEST)).catch(() => {
      // A damaged manifest hides nothing: size and files are looked up in the folder.
      return undefined;
    });
    const bytes = manifest === undefined ? await sizeOf(fs, folder) : oldBytes(manifest);
    generations.push({ name, folder, time: timeOfName(name), bytes, manifest });
  }
  return generations.sort((a, b) => (a.name < b.name ? 1 : -1));
}

/**
 * Removes the generations beyond the limits; returns their names. Does nothing while a swap is unfinished. `now` in
 * milliseconds; a generation from the future (the clock was wrong once) does not count as young.
 */
export async function pruneTrash(
  cloudFolder: string,
  now: number,
  limits: TrashLimits = TRASH_LIMITS,
  fs: FsOps = nodeFs,
): Promise<string[]> {
  if ((await fs.lstat(journalPath(cloudFolder))) !== undefined) return [];
  const removed: string[] = [];
  let bytes = 0;
  for (const [index, generation] of (await listTrash(cloudFolder, fs)).entries()) {
    const age = now - generation.time;
    const isKept = index < limits.generations || (age >= 0 && age < limits.ageMs);
    bytes += generation.bytes;
    if (index === 0 || (isKept && bytes <= limits.bytes)) continue;
    await letGo(fs, cloudFolder, generation);
    removed.push(generation.name);
  }
  await sweepLeaving(fs, cloudFolder);
  return removed;
}

/**
 * Removes all generations, the newest too; returns how many, and the bytes of their old files. Does nothing while a swap
 * is unfinished. The instance lock must be held.
 */
export async function emptyTrashFolder(
  cloudFolder: string,
  fs: FsOps = nodeFs,
): Promise<{ readonly generations: number; readonly bytes: number }> {
  if ((await fs.lstat(journalPath(cloudFolder))) !== undefined) return { generations: 0, bytes: 0 };
  const all = await listTrash(cloudFolder, fs);
  for (const generation of all) await letGo(fs, cloudFolder, generation);
  await sweepLeaving(fs, cloudFolder);
  return { generations: all.length, bytes: all.reduce((sum, { bytes }) => sum + bytes, 0) };
}

async function letGo(fs: FsOps, cloudFolder: string, { name, folder }: TrashGeneration): Promise<void> {
  await renameWithRetry(fs, folder, join(cloudFolder, FOLDER, LEAVING + name));
}

async function sweepLeaving(fs: FsOps, cloudFolder: string): Promise<void> {
  const folder = join(cloudFolder, FOLDER);
  for (const name of await fs.readdir(folder)) {
    if (!name.startsWith(LEAVING)) continue;
    await fs.removeTree(join(folder, name)).catch((error: unknown) => {
      throw ioError(error, 'cannot empty the trash', join(folder, name));
    });
  }
}

async function generationNames(fs: FsOps, cloudFolder: string): Promise<string[]> {
  return (await fs.readdir(join(cloudFolder, FOLDER))).filter((name) => !name.startsWith('.'));
}

function timeOfName(name: string): number {
  const [, y, mo, d, h, mi, s] = /^(\d{4,6})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-/.exec(name) ?? [];
  return y === undefined ? Number.NaN : Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
}

function oldBytes(manifest: Journal): number {
  const old = [...manifest.remove, ...manifest.replace].map((file) => file.expected?.size ?? 0);
  return old.reduce((sum, size) => sum + size, 0);
}

async function sizeOf(fs: FsOps, path: string): Promise<number> {
  const entry = await fs.lstat(path);
  if (entry?.type !== 'dir') return entry?.size ?? 0;
  let bytes = 0;
  for (const name of await fs.readdir(path)) bytes += await sizeOf(fs, join(path, name));
  return bytes;
}
