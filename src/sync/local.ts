/**
 * This PC's side: what lies in the game folder, held against what was there at the last sync. A file whose stamp is
 * as recorded is known without reading it; the others are read and hashed.
 */
import { join } from 'node:path';
import type { Manifest, ManifestEntry } from '../archive/manifest.js';
import type { Scan, ScannedEntry } from '../archive/scan.js';
import { sameStamp, scanFolder, toMs } from '../archive/scan.js';
import type { Bytes } from '../base/bytes.js';
import { forEachLimit } from '../base/concurrency.js';
import { isSyncError, SyncError } from '../base/errors.js';
import { leadsOutside } from '../restore/safe-link.js';
import type { Executor } from '../worker/executor.js';
import type { FileSink, StreamResult } from '../worker/file-task.js';
import type { Instance } from './folder/instance.js';
import { look, lookSettled } from './folder/settled-look.js';
import type { FileRecord, State } from './folder/state.js';
import {
  isAsRecorded,
  type MachineOptions,
  readMachineOptions,
  rememberOptions,
  saveOptions,
} from './scope/machine-options.js';
import { OPTIONS_FILE } from './scope/options-file.js';
import type { Scope } from './scope/scope.js';
import { isNeverInScope } from './scope/scope-rules.js';
import { respellScan, type Speller } from './spelling.js';
import { foldersAbove } from './swap/game-path.js';
import { checkScopeRoots } from './swap/stage.js';

export interface LocalScan extends Scan {
  /** Of options.txt, if it is among the entries: what it holds for this PC alone is no change. */
  readonly options?: MachineOptions | undefined;
}

export interface LocalSide {
  readonly scan: LocalScan;
  /** Files known by their stamps, links, empty folders, and what is held for other PCs. */
  readonly known: ReadonlyMap<string, ManifestEntry>;
  /** Files that must be read to be known. */
  readonly unknown: readonly string[];
  /** Recorded at the last sync and no longer there. */
  readonly removed: readonly string[];
  /** Held at the last sync, and on this disk now: this PC never had the cloud's, so neither comes from the other. */
  readonly met: readonly string[];
}

/** What is in scope now, as `spell` writes it. Throws 'unsafe-path' if a folder such as saves is a link to somewhere else. */
export async function scanInstance(
  instance: Instance,
  scope: Scope,
  signal?: AbortSignal,
  spell?: Speller,
): Promise<LocalScan> {
  await checkScopeRoots(instance, scope);
  const found = await scanFolder(instance.packFolder, scope, signal);
  const scan = withoutOutside(spell === undefined ? found : respellScan(found, spell));
  if (scan.entries.get(OPTIONS_FILE)?.type !== 'file') return scan;
  return { ...scan, options: await readMachineOptions(instance.packFolder, scope.keepOptions) };
}

function withoutOutside(scan: Scan): Scan {
  const outside = [...scan.entries].filter(([path, entry]) => leadsOutside(path, entry.linktarget ?? '.'));
  if (outside.length === 0) return scan;
  const entries = new Map(scan.entries);
  for (const [path] of outside) entries.delete(path);
  const reason = 'it is a link that leads outside the game folder';
  return { ...scan, entries, skipped: [...scan.skipped, ...outside.map(([path]) => ({ path, reason }))] };
}

/** Sorts what the scan found; reads nothing. */
export function compareWithState(scan: LocalScan, state: State | undefined, scope: Scope): LocalSide {
  const known = new Map<string, ManifestEntry>();
  const unknown: string[] = [];
  const removed: string[] = [];
  const met: string[] = [];
  for (const [path, entry] of scan.entries) {
    const record = state?.files.get(path);
    if (record?.held) met.push(path);
    if (entry.type !== 'file') known.set(path, linkOrFolder(entry, record));
    else if (record?.type === 'file' && !record.held && isAsItWas(scan, path, entry, record)) {
      known.set(path, toEntry(record));
    } else unknown.push(path);
  }
  const filled = filledFolders(scan.entries.keys());
  const notSeen = setAside(scan);
  for (const [path, record] of state?.files ?? []) {
    if (scan.entries.has(path) || isNeverInScope(path)) continue;
    if (record.held || notSeen(path) || !inScope(scope, path, record)) known.set(path, toEntry(record));
    else if (record.type !== 'dir' || !filled.has(path)) removed.push(path);
  }
  // A folder with nothing for this PC in it is not an empty one if the cloud has something in it.
  for (const folder of filledFolders(known.keys())) if (known.get(folder)?.type === 'dir') known.delete(folder);
  return { scan, known, unknown, removed, met };
}

function isAsItWas(scan: LocalScan, path: string, entry: ScannedEntry, record: FileRecord): boolean {
  if (path !== OPTIONS_FILE || scan.options === undefined) return sameStamp(record, entry);
  return isAsRecorded(scan.options, record) && (entry.executable ?? record.executable) === record.executable;
}

/** Nothing to read and nothing gone, links and empty folders as recorded: the folder is as it was at the last sync. */
export function isUntouched(local: LocalSide, state: State): boolean {
  if (local.unknown.length > 0 || local.removed.length > 0) return false;
  for (const [path, entry] of local.known) {
    const record = state.files.get(path);
    if (record?.type !== entry.type || record.linktarget !== entry.linktarget) return false;
  }
  return true;
}

export interface ReadOutcome {
  /** The whole local side. */
  readonly manifest: Manifest;
  /** Could not be read; what the last sync knew of them stands in the manifest, if anything. */
  readonly unreadable: readonly { readonly path: string; readonly error: Error }[];
  /** Changed while they were read: they are saved as read, and looked at again next time. */
  readonly unsteady: ReadonlySet<string>;
}

export interface ReadOptions {
  /** The game folder. */
  readonly folder: string;
  readonly state: State | undefined;
  readonly executor: Executor;
  /** Receives the blobs of what is read; one that claims nothing only hashes. */
  readonly sink: FileSink;
  readonly signal?: AbortSignal | undefined;
  readonly onFile?: (bytes: number) => void;
}

/** Hashes without storing anything. */
export const HASH_ONLY: FileSink = {
  claim: () => false,
  emit: async () => {
    throw new SyncError('internal', 'a blob nobody asked for');
  },
};

const READ_ATTEMPTS = 3;

/** Reads the unknown files and completes the manifest. */
export async function readUnknown(local: LocalSide, options: ReadOptions): Promise<ReadOutcome> {
  const manifest = new Map(local.known);
  const unreadable = [...local.scan.unreadable];
  const unsteady = new Set<string>();
  const read = async (path: string): Promise<void> => {
    const record = options.state?.files.get(path);
    const outcome = await readSteady(path, options, path === OPTIONS_FILE ? local.scan.options : undefined);
    if (outcome === 'gone') return;
    if (outcome instanceof Error) {
      unreadable.push({ path, error: outcome });
      if (record) manifest.set(path, toEntry(record));
      return;
    }
    if (!outcome.steady) unsteady.add(path);
    manifest.set(path, fileEntry(outcome.result, outcome.scanned, record));
    options.onFile?.(outcome.result.size);
  };
  await forEachLimit(local.unknown, options.executor.parallel, read, options.signal);
  return { manifest, unreadable, unsteady };
}

interface SteadyRead {
  readonly result: StreamResult;
  readonly scanned: ScannedEntry;
  readonly steady: boolean;
}

/** Reads again while the file changes under our hands, a few times. */
async function readSteady(
  path: string,
  options: ReadOptions,
  machine: MachineOptions | undefined,
): Promise<SteadyRead | Error | 'gone'> {
  try {
    return await tryReadSteady(path, options, machine);
  } catch (error) {
    if (!isSyncError(error, 'io')) throw error;
    const errno = error.details['errno'];
    return errno === 'ENOENT' || errno === 'ENOTDIR' ? 'gone' : error;
  }
}

async function tryReadSteady(
  path: string,
  options: ReadOptions,
  machine: MachineOptions | undefined,
): Promise<SteadyRead | 'gone'> {
  for (let attempt = 1; ; attempt++) {
    const before = await lookSettled(options.folder, path, options.signal);
    if (before === undefined || before.entry.type !== 'file') return 'gone';
    const { result, sent } = await readOnce(path, options, machine);
    const after = await look(options.folder, path);
    const steady = before.isSettled && after !== undefined && sameStamp(before.entry, after);
    if (steady && sent !== undefined && options.sink !== HASH_ONLY) await rememberOptions(options.folder, sent);
    if (steady || attempt === READ_ATTEMPTS) return { result, scanned: before.entry, steady };
  }
}

async function readOnce(
  path: string,
  options: ReadOptions,
  machine: MachineOptions | undefined,
): Promise<{ readonly result: StreamResult; readonly sent?: Bytes }> {
  const { folder, executor, sink, signal, state } = options;
  if (machine === undefined) return { result: await executor.saveFile(join(folder, path), sink, signal) };
  const recorded = state?.files.get(path)?.content;
  return saveOptions(machine, { folder, executor, sink, hashOnly: sink === HASH_ONLY, recorded, signal });
}

function fileEntry(result: StreamResult, scanned: ScannedEntry, record: FileRecord | undefined): ManifestEntry {
  return {
    type: 'file',
    size: result.size,
    // Windows has no such bit: what another PC set stays set.
    executable: scanned.executable ?? record?.executable ?? false,
    content: result.content,
    mtimeMs: toMs(scanned.mtimeNs),
  };
}

/**
 * Windows has no executable bit, so a file that is new to this PC's records has none. Where the cloud has that file
 * too (the world was copied by hand before the first sync), its bit is taken over and makes no difference.
 */
export function withBitsOf(theirs: Manifest, mine: Manifest, local: LocalSide, state: State | undefined): Manifest {
  const missing = [...mine].filter(([path, entry]) => {
    const bitless = local.scan.entries.get(path)?.executable === undefined && !state?.files.has(path);
    return bitless && entry.type === 'file' && theirs.get(path)?.executable === true;
  });
  if (missing.length === 0) return mine;
  return new Map([...mine, ...missing.map(([path, entry]) => [path, { ...entry, executable: true }] as const)]);
}

function linkOrFolder(entry: ScannedEntry, record: FileRecord | undefined): ManifestEntry {
  const same = record !== undefined && record.type === entry.type && record.linktarget === entry.linktarget;
  const mtimeMs = same ? record.mtimeMs : toMs(entry.mtimeNs);
  const base = { type: entry.type, size: 0, executable: false, content: [], mtimeMs };
  return entry.linktarget === undefined ? base : { ...base, linktarget: entry.linktarget };
}

export function toEntry(record: FileRecord): ManifestEntry {
  const { type, size, executable, content, mtimeMs, linktarget } = record;
  const base = { type, size, executable, content, mtimeMs };
  return linktarget === undefined ? base : { ...base, linktarget };
}

export function inScope(scope: Scope, path: string, entry: { readonly type: string; readonly size: number }): boolean {
  return entry.type === 'dir' ? scope.includesFolder(path) : scope.includesFile(path, entry.size);
}

/** Folders that hold something: one that was empty at the last sync and is among them is not gone. */
function filledFolders(paths: Iterable<string>): Set<string> {
  const folders = new Set<string>();
  for (const path of paths) for (const folder of foldersAbove(path)) folders.add(folder);
  return folders;
}

/**
 * Tells the paths of which the scan says nothing, because they, or a folder above, could not be read or were left out
 * (a world that was moved to another disk and is now a link): they are not in it, and yet not deleted.
 */
export function setAside(scan: Scan): (path: string) => boolean {
  const aside = new Set([...scan.unreadable, ...scan.skipped].map(({ path }) => path));
  if (aside.size === 0) return () => false;
  return (path) => aside.has(path) || foldersAbove(path).some((folder) => aside.has(folder));
}
