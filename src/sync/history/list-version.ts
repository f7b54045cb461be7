/**
 * What a version holds, folder by folder, as a file manager shows it: for finding the one file that somebody wants back.
 * For looking only: it takes no lock on the game folder.
 */
import type { ManifestEntry } from '../../archive/manifest.js';
import { SyncError } from '../../base/errors.js';
import type { SnapshotId } from '../../base/ids.js';
import { shortId } from '../../base/ids.js';
import { inScope } from '../local-side.js';
import { manifestOf } from '../remote-side.js';
import type { NotConfigured } from '../results.js';
import { NOT_CONFIGURED } from '../results.js';
import type { Services, SyncOptions } from '../session.js';
import { openSession } from '../session.js';
import { cleanPath } from './chosen-part.js';
import { findVersion, nothingInCloud, readVersions } from './versions.js';

export interface ListVersionOptions
  extends Pick<SyncOptions, 'packFolder' | 'tokenFile' | 'token' | 'waitMs' | 'signal' | 'onProgress'> {
  /** An id, its beginning, or 'latest'. */
  readonly snapshot: string;
  /** A folder, relative to the game folder; the game folder by default. */
  readonly path?: string | undefined;
  /** Every file and link below it by its own path, instead of what lies in that folder. */
  readonly recursive?: boolean | undefined;
}

export interface ListedEntry {
  /** Relative to the game folder, with '/'. */
  readonly path: string;
  readonly name: string;
  readonly type: 'dir' | 'file' | 'link';
  /** Files in it; 1 for a file or a link. */
  readonly files: number;
  /** Bytes; of a folder those of all files below it. */
  readonly size: number;
  /** ISO 8601: when it was saved last; missing for a folder. */
  readonly modified?: string;
}

export interface VersionListing {
  readonly outcome: 'listing';
  readonly snapshot: SnapshotId;
  readonly time: string;
  readonly hostname?: string;
  /** As it was asked for, '' for the game folder. */
  readonly path: string;
  /** In this PC's scope. Folders first, each by name; with `recursive` by path. */
  readonly entries: readonly ListedEntry[];
  readonly warnings: readonly string[];
}

export type ListVersionResult = NotConfigured | VersionListing;

/** Throws 'not-found' for a version or folder that is not there, 'usage' for a path that leads out of the game folder. */
export async function listVersion(options: ListVersionOptions, services: Services): Promise<ListVersionResult> {
  const folder = cleanPath(options.path ?? '', services.platform);
  const result = await openSession(options, services, async (session) => {
    const found = await readVersions(session, async (repo, ids): Promise<VersionListing> => {
      const known = await findVersion(session, repo, ids, options.snapshot);
      const all = await manifestOf(session, repo, known);
      const below = folder === '' ? '' : `${folder}/`;
      const inside = [...all].filter(([path, entry]) => path.startsWith(below) && inScope(session.scope, path, entry));
      if (inside.length === 0 && folder !== '' && all.get(folder)?.type !== 'dir') throw notThere(known.id, folder);
      const { id: snapshot, snapshot: facts } = known;
      return {
        outcome: 'listing',
        snapshot,
        time: facts.time,
        ...(facts.hostname === undefined ? {} : { hostname: facts.hostname }),
        path: folder,
        entries: options.recursive === true ? listAll(inside) : listFolder(inside, below),
        warnings: session.warnings,
      };
    });
    if (found === undefined) throw nothingInCloud();
    return found;
  });
  return result ?? NOT_CONFIGURED;
}

type Inside = Iterable<readonly [string, ManifestEntry]>;

function listAll(inside: Inside): ListedEntry[] {
  const leaves = [...inside].filter(([, { type }]) => type !== 'dir').map(([path, entry]) => leafOf(path, entry));
  return leaves.sort(byPath);
}

function listFolder(inside: Inside, below: string): ListedEntry[] {
  const folders = new Map<string, { files: number; size: number }>();
  const leaves: ListedEntry[] = [];
  for (const [path, entry] of inside) {
    const end = path.indexOf('/', below.length);
    if (end < 0 && entry.type !== 'dir') {
      leaves.push(leafOf(path, entry));
      continue;
    }
    const folder = end < 0 ? path : path.slice(0, end);
    const sum = folders.get(folder) ?? { files: 0, size: 0 };
    folders.set(folder, sum);
    if (entry.type !== 'dir') sum.files += 1;
    sum.size += entry.size;
  }
  const dirs = [...folders].map(([path, sum]): ListedEntry => ({ path, name: nameOf(path), type: 'dir', ...sum }));
  return [...dirs.sort(byPath), ...leaves.sort(byPath)];
}

function leafOf(path: string, { type, size, mtimeMs }: ManifestEntry): ListedEntry {
  const time = new Date(mtimeMs);
  const modified = Number.isNaN(time.getTime()) ? {} : { modified: time.toISOString() };
  return { path, name: nameOf(path), type: type === 'symlink' ? 'link' : 'file', files: 1, size, ...modified };
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function byPath(a: ListedEntry, b: ListedEntry): number {
  return a.path < b.path ? -1 : 1;
}

function notThere(id: SnapshotId, folder: string): SyncError {
  const message = `version ${shortId(id)} has no folder ${JSON.stringify(folder)} that is synchronised here`;
  return new SyncError('not-found', message, { details: { snapshot: id } });
}
