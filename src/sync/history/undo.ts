/**
 * undo: back to what was there before the last pull, merge or restore, from the newest generation of the trash:
 *   trash manifest -> what is there now? -> plan -> copy into staging -> swap
 * What the plan replaces or removes goes to the trash in its turn, so that a second undo takes the first one back. The
 * state stays as it is: the files now differ from the last sync, and the next push sends them as the newest version.
 */
import { join } from 'node:path';
import { forEachLimit } from '../../base/concurrency.js';
import { SyncError } from '../../base/errors.js';
import { refuseLive } from '../folder/live-worlds.js';
import { worldOf } from '../merge/units.js';
import type { FileCounts, NotConfigured } from '../results.js';
import { NOT_CONFIGURED } from '../results.js';
import type { Services, SyncOptions, SyncSession } from '../session.js';
import { withInstance } from '../session.js';
import type { Journal } from '../swap/journal.js';
import { applySwap, checkFreeSpace, checkTargets, makeStaging } from '../swap/stage.js';
import { copyStaged, makeFolder } from '../swap/staged-copy.js';
import { listTrash, type TrashGeneration } from '../swap/trash.js';
import { tidyTrash } from '../tidy-trash.js';
import { noteMeantDeletion } from './next-push.js';
import { commandOf, latestSwap } from './trash-report.js';
import { planUndo, type UndoneFile, type UndoPlan } from './undo-plan.js';

export interface UndoOptions
  extends Pick<
    SyncOptions,
    'packFolder' | 'tokenFile' | 'token' | 'waitMs' | 'signal' | 'onProgress' | 'onRelocation'
  > {
  /** Find out what would be done, and change nothing. */
  readonly dryRun?: boolean | undefined;
}

export interface NothingToUndo {
  readonly outcome: 'nothing-to-undo';
  readonly warnings: readonly string[];
}

export interface Undone {
  readonly outcome: 'undone' | 'would-undo';
  /** The command that was taken back: 'pull', 'restore', 'undo'. */
  readonly command: string;
  /** When that was, ISO 8601. */
  readonly time: string;
  /** Added: they are back; removed: they had come with it. */
  readonly files: FileCounts;
  /** Folders of the worlds among them, as "saves/World". */
  readonly worlds: readonly string[];
  /** Files that somebody had changed since then: in that form they lie in the trash now. */
  readonly changedSince: number;
  readonly bytesWritten: number;
  readonly trash?: string;
  readonly warnings: readonly string[];
}

export type UndoResult = NotConfigured | NothingToUndo | Undone;

const FILES_A_FOLDER = 1000;
const PARALLEL = 4;

/** Asks no server. Throws 'damaged', with nothing changed, if the trash no longer holds all that is needed. */
export async function undo(options: UndoOptions, services: Services): Promise<UndoResult> {
  const result = await withInstance('undo', options, services, async (session): Promise<UndoResult> => {
    const generation = latestSwap(await listTrash(session.instance.cloudFolder));
    if (generation === undefined) return { outcome: 'nothing-to-undo', warnings: session.warnings };
    return undoGeneration(session, generation, options.dryRun === true);
  });
  return result ?? NOT_CONFIGURED;
}

async function undoGeneration(
  session: SyncSession,
  generation: TrashGeneration,
  isDryRun: boolean,
): Promise<UndoResult> {
  const { manifest } = generation;
  if (manifest === undefined) throw unreadable(generation);
  session.phase('comparing');
  const plan = await planUndo(session, generation.folder, manifest);
  const { replace, remove } = plan;
  if (replace.length + remove.length + plan.makeDirs.length + plan.removeDirs.length === 0) {
    return { outcome: 'nothing-to-undo', warnings: session.warnings };
  }
  const changed = replace.filter(({ now }) => now !== undefined).length;
  const paths = [...replace, ...remove].map(({ path }) => path);
  const worlds = new Set(paths.map(worldOf).filter((world) => world !== undefined));
  const result = {
    command: commandOf(manifest),
    time: manifest.created,
    files: { added: replace.length - changed, changed, removed: remove.length },
    worlds: [...worlds].sort(),
    changedSince: plan.changedSince,
    bytesWritten: replace.reduce((sum, { old }) => sum + old.size, 0),
    warnings: session.warnings,
  };
  if (isDryRun) return { outcome: 'would-undo', ...result };
  await refuseLive(session, paths);
  await noteMeantDeletion(
    session,
    remove.map(({ path }) => path),
    replace.map(({ path }) => path),
  );
  const trash = await carryOut(session, plan, manifest, result.bytesWritten);
  await tidyTrash(session);
  return { outcome: 'undone', ...result, ...(trash === undefined ? {} : { trash }) };
}

/** Returns the trash generation, if there is one. */
async function carryOut(
  session: SyncSession,
  { replace, remove, makeDirs, removeDirs }: UndoPlan,
  manifest: Journal,
  bytes: number,
): Promise<string | undefined> {
  const { instance, signal } = session;
  await checkTargets(
    instance,
    replace.map(({ path }) => path),
    remove.map(({ path }) => path),
  );
  await checkFreeSpace(instance, bytes);
  const staging = await makeStaging(instance);
  let staged: readonly string[];
  try {
    staged = await copyOld(session, replace, staging.folder, bytes);
  } catch (error) {
    await staging.remove();
    throw error;
  }
  const swap = {
    id: staging.id,
    replace: replace.map(({ path, now }, i) => ({
      path,
      staged: staged[i] ?? '',
      expected: now ?? ('absent' as const),
    })),
    remove: remove.map(({ path, now }) => ({ path, expected: now })),
    makeDirs,
    removeDirs,
    note: { command: 'undo', of: manifest.trash },
  };
  return (await applySwap(instance, swap, { signal, check: () => session.checkLock() })).trash;
}

/** Copies the old files, each under its number; returns the copies in the same order. */
async function copyOld(
  session: SyncSession,
  files: UndoPlan['replace'],
  folder: string,
  bytesTotal: number,
): Promise<readonly string[]> {
  const places = files.map((_, i) => join(folder, String(Math.floor(i / FILES_A_FOLDER)), String(i)));
  for (let i = 0; i < places.length; i += FILES_A_FOLDER) await makeFolder(places[i] ?? folder);
  let [filesDone, bytesDone] = [0, 0];
  const copy = async ([i, file]: [number, UndoneFile]): Promise<void> => {
    await copyStaged(file, places[i] ?? '', session.instance.packFolder, session.signal);
    filesDone += 1;
    bytesDone += file.old.size;
    const total = { filesTotal: files.length, bytesTotal };
    session.emit({ type: 'progress', phase: 'applying', filesDone, bytesDone, ...total });
  };
  await forEachLimit(files.entries(), PARALLEL, copy, session.signal);
  return places;
}

function unreadable({ folder }: TrashGeneration): SyncError {
  const message = `the list of what the last sync changed, ${join(folder, 'manifest.json')}, is missing or damaged`;
  return new SyncError('damaged', `${message}; the old files lie beside it; nothing was changed`, {
    details: { folder },
  });
}
