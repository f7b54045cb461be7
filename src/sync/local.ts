/**
 * This PC's side: what lies in the game folder, held against what was there at the last sync. A file whose stamp is
 * as recorded is known without reading it; the others are read and hashed.
 */
import { join } from 'node:path';
import type { Manifest, ManifestEntry } from '../archive/manifest.js';
import type { FileStamp, Scan, ScannedEntry } from '../archive/scan.js';
import { fileStamp, sameStamp, scanFolder, toMs } from '../archive/scan.js';
import type { Bytes } from '../base/bytes.js';
import { forEachLimit } from '../base/concurrency.js';
import { isSyncError, SyncError } from '../base/errors.js';
import type { BlobId } from '../base/ids.js';
import type { Repository } from '../repo/repository.js';
import { knownPieces } from '../restore/compare-file.js';
import { leadsOutside } from '../restore/safe-link.js';
import type { Executor, FileSink } from '../worker/executor.js';
import { isRegionFile } from '../worker/executor.js';
import type { FileResult, StreamResult } from '../worker/file-task.js';
import type { Instance } from './folder/instance.js';
import { isSettledAt, look, lookSettled } from './folder/settled-look.js';
import type { FileRecord, State } from './folder/state.js';
import { type LocalScan, type LocalSide, toEntry } from './local-side.js';
import { type MachineOptions, readMachineOptions, rememberOptions, saveOptions } from './scope/machine-options.js';
import { OPTIONS_FILE } from './scope/options-file.js';
import type { Scope } from './scope/scope.js';
import { respellScan, type Speller } from './spelling.js';
import { checkScopeRoots } from './swap/stage.js';

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
  const outside: string[] = [];
  for (const [path, { linktarget }] of scan.entries) {
    if (linktarget !== undefined && leadsOutside(path, linktarget)) outside.push(path);
  }
  if (outside.length === 0) return scan;
  const entries = new Map(scan.entries);
  for (const path of outside) entries.delete(path);
  const reason = 'it is a link that leads outside the game folder';
  return { ...scan, entries, skipped: [...scan.skipped, ...outside.map((path) => ({ path, reason }))] };
}

export interface ReadOutcome {
  /** The whole local side. */
  readonly manifest: Manifest;
  /** Could not be read; what the last sync knew of them stands in the manifest, if anything. */
  readonly unreadable: readonly { readonly path: string; readonly error: Error }[];
  /** Changed while they were read: they are saved as read, and looked at again next time. */
  readonly unsteady: ReadonlySet<string>;
}

interface WholeRead extends ReadOptions {
  /** Bytes of all region files: the more there are, the larger are the groups that new ones are cut into. */
  readonly total: number;
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
  /** Its index tells how long the blobs are along which files are cut; it has to be loaded. */
  readonly repo: Repository;
  /** What the cloud has: a file with the same bytes gets the same list of blobs, wherever they were cut. */
  readonly theirs?: Manifest | undefined;
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
  const whole = { ...options, total: regionBytes(local.scan) };
  const read = async (path: string): Promise<void> => {
    const record = options.state?.files.get(path);
    const outcome = await readSteady(path, whole, local.scan);
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

/** Bytes of the region files here. */
function regionBytes({ entries }: Scan): number {
  let sum = 0;
  for (const [path, { size }] of entries) if (isRegionFile(path)) sum += size;
  return sum;
}

interface SteadyRead {
  readonly result: StreamResult;
  readonly scanned: ScannedEntry;
  readonly steady: boolean;
}

/** Reads again while the file changes under our hands, a few times. */
async function readSteady(path: string, options: WholeRead, scan: LocalScan): Promise<SteadyRead | Error | 'gone'> {
  try {
    return await tryReadSteady(path, options, scan);
  } catch (error) {
    if (!isSyncError(error, 'io')) throw error;
    // As text: the error may come from a thread.
    const errno = error.details['errno'];
    return errno === 'ENOENT' || errno === 'ENOTDIR' ? 'gone' : error;
  }
}

async function tryReadSteady(path: string, options: WholeRead, scan: LocalScan): Promise<SteadyRead | 'gone'> {
  for (let attempt = 1; ; attempt++) {
    // The scan's own look does where the file had not changed just then: one look less for each of many files.
    const scanned = attempt === 1 ? scan.entries.get(path) : undefined;
    const isSettled = scanned !== undefined && isSettledAt(scanned, scan.startedMs);
    const before = isSettled ? { entry: scanned, isSettled } : await lookSettled(options.folder, path, options.signal);
    if (before === undefined || before.entry.type !== 'file') return 'gone';
    const machine = path === OPTIONS_FILE ? scan.options : undefined;
    const { result, sent, after } = await readOnce(path, options, before.entry.size, machine);
    const steady = before.isSettled && after !== undefined && sameStamp(before.entry, after);
    if (steady && sent !== undefined && options.sink !== HASH_ONLY) await rememberOptions(options.folder, sent);
    if (steady || attempt === READ_ATTEMPTS) return { result, scanned: before.entry, steady };
  }
}

interface OneRead {
  readonly result: StreamResult;
  /** Of options.txt: what was sent of it. */
  readonly sent?: Bytes;
  /** What stood at the path then; undefined if nothing did. */
  readonly after: FileStamp | undefined;
}

async function readOnce(
  path: string,
  options: WholeRead,
  size: number,
  machine: MachineOptions | undefined,
): Promise<OneRead> {
  const { folder, executor, sink, signal, state } = options;
  if (machine === undefined) {
    const { after, ...result } = await readAlong(path, options, size);
    return { result, after: after && fileStamp(after) };
  }
  const recorded = state?.files.get(path)?.content;
  const saved = await saveOptions(machine, { folder, executor, sink, hashOnly: sink === HASH_ONLY, recorded, signal });
  return { ...saved, after: await look(folder, path) };
}

/** Cut along what the last sync had, else along what the cloud has; along that too if it may be just that. */
async function readAlong(path: string, options: WholeRead, size: number): Promise<FileResult> {
  const { folder, executor, sink, signal, state, repo, total } = options;
  const save = (sent: readonly BlobId[]): Promise<FileResult> => {
    const pages = { sent: [...knownPieces(repo, sent)], total };
    return executor.saveFile(join(folder, path), sink, { signal, size, pages, lookAfter: true });
  };
  const mine = state?.files.get(path)?.content;
  const theirs = options.theirs?.get(path);
  const result = await save(mine ?? theirs?.content ?? []);
  const isTold = mine === undefined || theirs === undefined || theirs.size !== result.size;
  if (isTold || sameIds(result.content, mine) || sameIds(result.content, theirs.content)) return result;
  const again = await save(theirs.content);
  return sameIds(again.content, theirs.content) ? again : result;
}

function sameIds(a: readonly BlobId[], b: readonly BlobId[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i]);
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
