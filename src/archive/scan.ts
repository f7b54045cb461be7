/**
 * What lies in a game folder now, without reading any file: path -> stamp. Symlinks are never followed.
 */
import type { BigIntStats, Dirent } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Semaphore } from '../base/concurrency.js';
import { errnoOf, ioError, throwIfAborted } from '../base/errors.js';
import { rawFromBytes, toFsPath } from '../base/raw-string.js';

/** Changes whenever the file does, as far as the system tells; see sync/state for how far that is trusted. */
export interface FileStamp {
  /** Bytes. */
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly inode: bigint;
}

export interface ScannedEntry extends FileStamp {
  readonly type: 'file' | 'symlink' | 'dir';
  /** undefined where the system has no such bit (Windows). */
  readonly executable: boolean | undefined;
  readonly linktarget?: string;
}

export interface ScanFilter {
  includesFile(path: string, size: number): boolean;
  /** Whether a folder is kept when nothing in it is. */
  includesFolder(path: string): boolean;
  /** Whether anything below this folder can be included: prunes the walk. */
  mayContain(path: string): boolean;
}

export interface Skipped {
  readonly path: string;
  /** Ends the sentence "x was left out: ". */
  readonly reason: string;
}

export interface Scan {
  readonly entries: ReadonlyMap<string, ScannedEntry>;
  /** Folders and files that could not be looked at; they are not "deleted". */
  readonly unreadable: readonly { readonly path: string; readonly error: Error }[];
  /** In scope, but nothing that can be synchronised (sockets, pipes, devices, too large); not "deleted" either. */
  readonly skipped: readonly Skipped[];
}

/** lstat calls under way at once; the thread pool of Node has four threads, more only queue. */
const PARALLEL = 16;

interface Walker {
  readonly root: string;
  readonly filter: ScanFilter;
  readonly slots: Semaphore;
  readonly signal: AbortSignal | undefined;
  readonly entries: Map<string, ScannedEntry>;
  readonly unreadable: { path: string; error: Error }[];
  readonly skipped: Skipped[];
}

/** Throws 'io' if the root itself cannot be read. */
export async function scanFolder(root: string, filter: ScanFilter, signal?: AbortSignal): Promise<Scan> {
  const walker: Walker = {
    root,
    filter,
    slots: new Semaphore(PARALLEL),
    signal,
    entries: new Map(),
    unreadable: [],
    skipped: [],
  };
  await scanInto(walker, '');
  const { entries, unreadable, skipped } = walker;
  if (unreadable[0]?.path === '') throw unreadable[0].error;
  return { entries, unreadable, skipped };
}

/** Returns whether anything of the folder was included. */
async function scanInto(walker: Walker, folder: string): Promise<boolean> {
  throwIfAborted(walker.signal);
  const children = await list(walker, folder);
  if (children === undefined) return true;
  const found = await Promise.all(children.map((child) => scanChild(walker, folder, child)));
  return found.includes(true);
}

async function scanChild(walker: Walker, folder: string, child: Dirent<Buffer>): Promise<boolean> {
  const name = rawFromBytes(child.name);
  const path = folder === '' ? name : `${folder}/${name}`;
  if (child.isDirectory()) return scanBelow(walker, path);
  // The size is not known yet; a cheap refusal by name saves the call.
  if (!walker.filter.includesFile(path, 0)) return false;
  if (child.isFile()) return record(walker, path, 'file');
  if (child.isSymbolicLink()) return scanLink(walker, path);
  walker.skipped.push({ path, reason: 'it is neither a file nor a folder nor a link' });
  return false;
}

async function scanBelow(walker: Walker, path: string): Promise<boolean> {
  if (!walker.filter.mayContain(path)) return false;
  if (await scanInto(walker, path)) return true;
  if (!walker.filter.includesFolder(path)) return false;
  return record(walker, path, 'dir');
}

/** Windows lists files that it deduplicated or keeps in its cloud as links too; only the look at one tells. */
async function scanLink(walker: Walker, path: string): Promise<boolean> {
  if (process.platform !== 'win32') return record(walker, path, 'symlink');
  const entry = await scanPath(walker.root, path).catch(() => {
    // record() meets the same error, and reports it.
    return undefined;
  });
  return entry?.type === 'dir' ? scanBelow(walker, path) : record(walker, path, entry?.type ?? 'symlink');
}

async function record(walker: Walker, path: string, type: ScannedEntry['type']): Promise<boolean> {
  const release = await walker.slots.acquire();
  try {
    throwIfAborted(walker.signal);
    const entry = await scanPath(walker.root, path);
    // Gone, or become something else, between the listing and the look at it: as if it had never been there.
    if (entry?.type !== type) return false;
    if (type === 'file' && !walker.filter.includesFile(path, entry.size)) {
      walker.skipped.push({ path, reason: 'it is too large' });
      return false;
    }
    walker.entries.set(path, entry);
    return true;
  } catch (error) {
    throwIfAborted(walker.signal);
    walker.unreadable.push({ path, error: ioError(error, 'cannot look at', path) });
    return true;
  } finally {
    release();
  }
}

/** One path as it is now; undefined if it is gone or neither file, folder nor link. Throws the system's error. */
export async function scanPath(root: string, path: string): Promise<ScannedEntry | undefined> {
  const full = toFsPath(join(root, path));
  try {
    const stats = await lstat(full, { bigint: true });
    return scannedEntry(stats, stats.isSymbolicLink() ? await readlink(full, { encoding: 'buffer' }) : undefined);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function list(walker: Walker, folder: string): Promise<Dirent<Buffer>[] | undefined> {
  const release = await walker.slots.acquire();
  try {
    return await readdir(toFsPath(join(walker.root, folder)), { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    if (folder !== '' && errnoOf(error) === 'ENOENT') return [];
    walker.unreadable.push({ path: folder, error: ioError(error, 'cannot read folder', folder || walker.root) });
    return undefined;
  } finally {
    release();
  }
}

export function stampOf(stats: BigIntStats): FileStamp {
  const { mtimeNs, ctimeNs, ino } = stats;
  return { size: stats.isFile() ? Number(stats.size) : 0, mtimeNs, ctimeNs, inode: ino };
}

/** undefined for what is neither file, folder nor link. `target` is a link's. */
function scannedEntry(stats: BigIntStats, target: Buffer | undefined): ScannedEntry | undefined {
  const type = stats.isFile() ? 'file' : stats.isDirectory() ? 'dir' : stats.isSymbolicLink() ? 'symlink' : undefined;
  if (type === undefined) return undefined;
  const noBit = process.platform === 'win32' && type === 'file';
  const executable = noBit ? undefined : type === 'file' && (stats.mode & 0o111n) !== 0n;
  const entry = { type, ...stampOf(stats), executable } as const;
  return target === undefined ? entry : { ...entry, linktarget: portableTarget(rawFromBytes(target)) };
}

/** Windows gives the target with backslashes, whoever made the link and however. */
export function portableTarget(target: string, platform: NodeJS.Platform = process.platform): string {
  return platform === 'win32' ? target.replaceAll('\\', '/') : target;
}

export function sameStamp(a: FileStamp, b: FileStamp): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.inode === b.inode;
}

/** Nearest whole millisecond; halves go up, before 1970 too. */
export function toMs(ns: bigint): number {
  const shifted = ns + 500_000n;
  const rest = shifted % 1_000_000n;
  return Number((shifted - rest) / 1_000_000n) - (rest < 0n ? 1 : 0);
}
