/**
 * New files take their places all together or not at all, whenever the power goes:
 *
 *   check the plan  ->  journal.json (durable)  ->  old files to the trash, new ones to their places  ->  fsync
 *   ->  journal.json becomes trash/<generation>/manifest.json (the swap is done)  ->  the stage is removed
 *
 * Everything staged is complete before the journal is written, so an interrupted swap is completed by the next
 * command; if files have changed in the meantime, it is undone instead, and that decision is written down first.
 */
import { join } from 'node:path';
import type { FileStamp } from '../../archive/scan.js';
import { errnoOf, ioError, isSyncError, SyncError, throwIfAborted } from '../../base/errors.js';
import type { Instance } from '../folder/instance.js';
import type { JsonObject } from '../folder/json-file.js';
import { TEMPORARY } from './atomic-write.js';
import { type FsOps, nodeFs } from './fs-ops.js';
import { makeDirs, renameWithRetry, rmWithRetry } from './fs-retry.js';
import { type Journal, journalPath, readJournal, writeJournal } from './journal.js';
import { checkPlan, type SwapPlan } from './swap-check.js';
import { SwapSteps } from './swap-steps.js';
import { manifestPath, trashFolder } from './trash.js';

const LEFT_OVER_MS = 3_600_000;

export interface SwapOptions {
  /** Heeded until the journal is written; after that the swap is finished, which takes no network. */
  readonly signal?: AbortSignal | undefined;
  /** Throws if another command has taken over: nothing is touched then any more, not even to undo. */
  readonly check?: (() => Promise<void>) | undefined;
  /** Default: the real one. */
  readonly fs?: FsOps;
}

export interface SwapResult {
  /** The trash generation, absolute; undefined if there was nothing to do. */
  readonly trash?: string;
  /** Stamps of the new files in their places. One that is missing was changed by another program already. */
  readonly placed: ReadonlyMap<string, FileStamp>;
}

export interface RecoveredSwap {
  readonly outcome: 'nothing' | 'completed' | 'undone';
  /** Of the plan that was interrupted. */
  readonly note?: JsonObject;
  /** The trash generation, absolute, if one is left. */
  readonly trash?: string;
  /** Files that stood in the way of undoing: path -> where they are now. */
  readonly displaced: ReadonlyMap<string, string>;
}

/**
 * Carries out a plan. The instance lock must be held. On any error the folder is as before (if it cannot be put back
 * at the moment, the next command does it). Throws 'conflict' if a file is not what the plan expects.
 */
export async function applySwap(instance: Instance, plan: SwapPlan, options: SwapOptions = {}): Promise<SwapResult> {
  const { fs = nodeFs, check = async () => undefined } = options;
  const { packFolder, cloudFolder } = instance;
  if ((await fs.lstat(journalPath(cloudFolder))) !== undefined) {
    throw new SyncError('internal', 'an interrupted swap must be recovered before the next one');
  }
  const journal = await checkPlan(fs, instance, plan, Date.now());
  throwIfAborted(options.signal);
  if (isEmpty(journal)) return { placed: new Map() };
  const trash = trashFolder(cloudFolder, journal.trash);
  await makeDirs(fs, trash, cloudFolder);
  await check();
  await writeJournal(fs, cloudFolder, journal);
  await check().catch(async (error: unknown) => {
    // Nothing has moved, and a plan from before another command's work must not be carried out after it.
    await rmWithRetry(fs, journalPath(cloudFolder));
    throw error;
  });
  const steps = new SwapSteps(fs, packFolder, cloudFolder, journal);
  try {
    await steps.forward('from the start');
  } catch (error) {
    await check();
    await turnBack(fs, instance, journal, error);
    throw error;
  }
  const placed = await steps.placedStamps();
  await check();
  await finish(fs, cloudFolder, journal);
  return { trash, placed };
}

/** Completes or undoes an interrupted swap; sweeps what a crash left in staging. The instance lock must be held. */
export async function recoverSwap(instance: Instance, fs: FsOps = nodeFs): Promise<RecoveredSwap['outcome']> {
  return (await recoverSwapWithDetails(instance, fs)).outcome;
}

/** As recoverSwap. Can be interrupted at any point and run again. */
export async function recoverSwapWithDetails(instance: Instance, fs: FsOps = nodeFs): Promise<RecoveredSwap> {
  const { packFolder, cloudFolder } = instance;
  const journal = await readJournal(fs, journalPath(cloudFolder));
  if (journal === undefined) {
    await sweep(fs, cloudFolder);
    return { outcome: 'nothing', displaced: new Map() };
  }
  const trash = trashFolder(cloudFolder, journal.trash);
  const note = journal.note === undefined ? {} : { note: journal.note };
  if (journal.direction === 'forward') {
    const steps = new SwapSteps(fs, packFolder, cloudFolder, journal);
    try {
      if ((await fs.lstat(join(cloudFolder, 'staging', journal.id))) === undefined) throw stageIsGone();
      await steps.forward('from anywhere');
      await finish(fs, cloudFolder, journal);
      return { outcome: 'completed', trash, displaced: new Map(), ...note };
    } catch (error) {
      const displaced = await turnBack(fs, instance, journal, error);
      return { outcome: 'undone', displaced, ...(displaced.size > 0 ? { trash } : {}), ...note };
    }
  }
  const displaced = await undo(fs, instance, journal);
  return { outcome: 'undone', displaced, ...(displaced.size > 0 ? { trash } : {}), ...note };
}

/** Undoes a swap that failed with `reason`. */
async function turnBack(
  fs: FsOps,
  instance: Instance,
  journal: Journal,
  reason: unknown,
): Promise<ReadonlyMap<string, string>> {
  const back: Journal = { ...journal, direction: 'back' };
  try {
    await writeJournal(fs, instance.cloudFolder, back);
  } catch (error) {
    // Without room for it, a crash during the undoing would be completed instead: also a whole state.
    if (!isSyncError(error, 'no-space')) throw error;
  }
  try {
    return await undo(fs, instance, back);
  } catch (error) {
    const what = 'the pull could not be undone; the next command tries again, after';
    throw isSyncError(error) ? error : ioError(error, `${what} (${String(reason)}):`, instance.packFolder);
  }
}

async function undo(fs: FsOps, instance: Instance, journal: Journal): Promise<ReadonlyMap<string, string>> {
  const { packFolder, cloudFolder } = instance;
  const steps = new SwapSteps(fs, packFolder, cloudFolder, journal);
  await steps.back();
  const trash = trashFolder(cloudFolder, journal.trash);
  if ((await fs.lstat(join(trash, 'displaced'))) !== undefined) {
    await finish(fs, cloudFolder, journal);
    return steps.displaced;
  }
  await rmWithRetry(fs, journalPath(cloudFolder));
  await fs.syncDir(cloudFolder);
  await removeEmpty(fs, trash);
  await removeStage(fs, cloudFolder, journal.id);
  return steps.displaced;
}

/** The one step that ends the swap, and the cleaning after it. */
async function finish(fs: FsOps, cloudFolder: string, journal: Journal): Promise<void> {
  const trash = trashFolder(cloudFolder, journal.trash);
  await makeDirs(fs, trash, cloudFolder);
  await renameWithRetry(fs, journalPath(cloudFolder), manifestPath(cloudFolder, journal.trash));
  await fs.syncDir(trash);
  await fs.syncDir(cloudFolder);
  await removeStage(fs, cloudFolder, journal.id);
}

async function removeStage(fs: FsOps, cloudFolder: string, id: string): Promise<void> {
  await fs.removeTree(join(cloudFolder, 'staging', id)).catch(() => {
    // It holds nothing that is needed; the next command sweeps it.
  });
}

/** Without a journal, everything in staging is left from a pull that never got to its swap. */
async function sweep(fs: FsOps, cloudFolder: string): Promise<void> {
  for (const name of await fs.readdir(join(cloudFolder, 'staging'))) await removeStage(fs, cloudFolder, name);
  for (const name of await fs.readdir(cloudFolder)) {
    if (!TEMPORARY.test(name)) continue;
    const path = join(cloudFolder, name);
    const entry = await fs.lstat(path);
    // init writes without the lock: a young file may be its own.
    const age = entry === undefined ? 0 : Date.now() - Number(entry.mtimeNs / 1_000_000n);
    if (age > LEFT_OVER_MS) await rmWithRetry(fs, path);
  }
}

/** Removes a folder with the empty folders in it; one that holds a file stays, with the file. */
async function removeEmpty(fs: FsOps, folder: string): Promise<void> {
  for (const name of await fs.readdir(folder)) {
    const path = join(folder, name);
    if ((await fs.lstat(path))?.type === 'dir') await removeEmpty(fs, path);
  }
  try {
    await fs.rmdir(folder);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    // It holds something, or is held: it stays in the trash, where the limits of the trash apply to it.
  }
}

function isEmpty(journal: Journal): boolean {
  const { replace, remove, makeDirs: made, removeDirs } = journal;
  return replace.length + remove.length + made.length + removeDirs.length === 0;
}

function stageIsGone(): SyncError {
  return new SyncError('conflict', 'the new files of an interrupted pull are gone');
}
