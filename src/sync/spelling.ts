/**
 * Disks without letter case (Windows, macOS, some Linux disks): `saves/World` and `saves/world` are one folder there,
 * and which of the two it shows says nothing. What only differs in spelling is therefore no change: paths of this disk
 * are taken in the spelling that the cloud has for them, and a rename that another PC made in letter case alone moves
 * nothing here.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Scan } from '../archive/scan.js';
import type { FsOps } from './swap/fs-ops.js';
import { nodeFs } from './swap/fs-ops.js';
import { rmWithRetry } from './swap/fs-retry.js';
import { foldersAbove } from './swap/game-path.js';
import { type Blindness, foldFor } from './swap/windows-names.js';

/**
 * Whether the disk takes names for one that differ in letter case (asked of a file that is there) or, on a Mac that
 * tells letter case apart, in normal form.
 */
export async function isCaseBlind(cloudFolder: string, fs: FsOps = nodeFs): Promise<Blindness> {
  if ((await fs.lstat(join(cloudFolder, 'SYNC.JSON'))) !== undefined) return true;
  return fs.platform === 'darwin' && (await isFormBlind(cloudFolder, fs)) ? 'form' : false;
}

/** Leaves nothing behind; after a crash, what the next command sweeps. */
async function isFormBlind(cloudFolder: string, fs: FsOps): Promise<boolean> {
  const name = `.\u00e9.${randomBytes(6).toString('hex')}.tmp`;
  const path = join(cloudFolder, name);
  try {
    await fs.createFile(path, new Uint8Array(0), 0o644);
    return (await fs.lstat(join(cloudFolder, name.normalize('NFD')))) !== undefined;
  } catch {
    // A disk that takes no file: nothing is going to be put there.
    return false;
  } finally {
    await rmWithRetry(fs, path).catch(() => {
      // As above.
    });
  }
}

/** The spelling of paths, folder by folder: a new file in a folder that is known otherwise goes into that folder. */
export type Speller = (path: string) => string;

export function spellerOf(known: Iterable<string>, blindness: Blindness = true): Speller {
  const exact = new Set(known);
  const fold = foldFor(blindness);
  /** Below the parent as it is written, so that twin folders stay two. */
  const keyOf = (path: string): string => {
    const slash = path.lastIndexOf('/');
    return path.slice(0, slash + 1) + fold(path.slice(slash + 1));
  };
  let bySpelling: Map<string, string> | undefined;
  return (path) => {
    if (exact.has(path)) return path;
    bySpelling ??= indexSpellings(exact, keyOf);
    let spelled = '';
    for (const name of path.split('/')) {
      const own = spelled === '' ? name : `${spelled}/${name}`;
      spelled = exact.has(own) ? own : (bySpelling.get(keyOf(own)) ?? own);
    }
    return spelled;
  };
}

/** The map with its keys spelled anew; a key whose other spelling is a key already stays as it is. */
export function respellKeys<T>(map: ReadonlyMap<string, T>, spell: Speller): Map<string, T> {
  const respelled = new Map<string, T>();
  for (const [path, value] of map) {
    const other = spell(path);
    respelled.set(other !== path && (map.has(other) || respelled.has(other)) ? path : other, value);
  }
  return respelled;
}

export function respellScan(scan: Scan, spell: Speller): Scan {
  const unreadable = scan.unreadable.map((one) => ({ ...one, path: spell(one.path) }));
  const skipped = scan.skipped.map((one) => ({ ...one, path: spell(one.path) }));
  return { ...scan, entries: respellKeys(scan.entries, spell), unreadable, skipped };
}

/** Adds the folders to the paths. */
function indexSpellings(exact: Set<string>, keyOf: (path: string) => string): Map<string, string> {
  for (const path of [...exact]) for (const folder of foldersAbove(path)) exact.add(folder);
  const index = new Map<string, string>();
  for (const path of exact) index.set(keyOf(path), path);
  return index;
}
