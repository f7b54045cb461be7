/**
 * What lies in the game folder, held against what was there at the last sync: from stamps alone, nothing is read.
 */
import type { ManifestEntry } from '../archive/manifest.js';
import type { Scan, ScannedEntry } from '../archive/scan.js';
import { sameStamp, toMs } from '../archive/scan.js';
import type { FileRecord, State } from './folder/state.js';
import { isAsRecorded, type MachineOptions } from './scope/machine-options.js';
import { OPTIONS_FILE } from './scope/options-file.js';
import type { Scope } from './scope/scope.js';
import { isNeverInScope } from './scope/scope-rules.js';
import { foldersAbove } from './swap/game-path.js';

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

/** Sorts what the scan found; reads nothing. What is known is put together when it is asked for. */
export function compareWithState(scan: LocalScan, state: State | undefined, scope: Scope): LocalSide {
  const unknown: string[] = [];
  const met: string[] = [];
  const kept = new Set<string>();
  const removed: string[] = [];
  const seen = state?.files;
  let recorded = 0;
  for (const [path, entry] of scan.entries) {
    const record = seen?.get(path);
    if (record !== undefined) recorded += 1;
    if (record?.held) met.push(path);
    if (entry.type === 'file' && !isKnown(scan, path, entry, record)) unknown.push(path);
  }
  if (seen !== undefined && recorded < seen.size) {
    const filled = filledFolders(scan.entries.keys());
    const notSeen = setAside(scan);
    for (const [path, record] of seen) {
      if (scan.entries.has(path) || isNeverInScope(path)) continue;
      if (record.held || notSeen(path) || !inScope(scope, path, record)) kept.add(path);
      else if (record.type !== 'dir' || !filled.has(path)) removed.push(path);
    }
  }
  return withKnown({ scan, unknown, removed, met }, kept, seen);
}

function isKnown(scan: LocalScan, path: string, entry: ScannedEntry, record: FileRecord | undefined): boolean {
  return record?.type === 'file' && !record.held && isAsItWas(scan, path, entry, record);
}

/** `kept`: what is not in the scan and known by its record. */
function withKnown(
  side: Omit<LocalSide, 'known'>,
  kept: ReadonlySet<string>,
  seen: ReadonlyMap<string, FileRecord> | undefined,
): LocalSide {
  let known: Map<string, ManifestEntry> | undefined;
  return {
    ...side,
    get known(): ReadonlyMap<string, ManifestEntry> {
      known ??= knownOf(side, kept, seen);
      return known;
    },
  };
}

function knownOf(
  { scan, unknown }: Omit<LocalSide, 'known'>,
  kept: ReadonlySet<string>,
  seen: ReadonlyMap<string, FileRecord> | undefined,
): Map<string, ManifestEntry> {
  const known = new Map<string, ManifestEntry>();
  const isUnknown = new Set(unknown);
  for (const [path, entry] of scan.entries) {
    const record = seen?.get(path);
    if (entry.type !== 'file') known.set(path, linkOrFolder(entry, record));
    else if (record !== undefined && !isUnknown.has(path)) known.set(path, toEntry(record));
  }
  for (const path of kept) {
    const record = seen?.get(path);
    if (record !== undefined) known.set(path, toEntry(record));
  }
  // A folder with nothing for this PC in it is not an empty one if the cloud has something in it.
  for (const folder of filledFolders(known.keys())) if (known.get(folder)?.type === 'dir') known.delete(folder);
  return known;
}

function isAsItWas(scan: LocalScan, path: string, entry: ScannedEntry, record: FileRecord): boolean {
  if (path !== OPTIONS_FILE || scan.options === undefined) return sameStamp(record, entry);
  return isAsRecorded(scan.options, record) && (entry.executable ?? record.executable) === record.executable;
}

/** Bytes of the files that must be read to be known. */
export function bytesToRead({ scan, unknown }: Pick<LocalSide, 'scan' | 'unknown'>): number {
  let bytes = 0;
  for (const path of unknown) bytes += scan.entries.get(path)?.size ?? 0;
  return bytes;
}

/** Nothing to read and nothing gone, links and empty folders as recorded: the folder is as it was at the last sync. */
export function isUntouched(local: LocalSide, state: State): boolean {
  if (local.unknown.length > 0 || local.removed.length > 0) return false;
  for (const [path, entry] of local.scan.entries) {
    // A file that need not be read is as recorded.
    if (entry.type === 'file') continue;
    const record = state.files.get(path);
    const isSame = record?.type === entry.type && record.linktarget === entry.linktarget;
    if (!isSame && local.known.has(path)) return false;
  }
  return true;
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
  let last = '';
  for (const path of paths) {
    const folder = path.slice(0, Math.max(path.lastIndexOf('/'), 0));
    if (folder === last) continue;
    for (const above of foldersAbove(path)) folders.add(above);
    last = folder;
  }
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
