/** What the walk of a backup comes across, and what it works with. */
import { readlink } from 'node:fs/promises';
import { ioError, isSyncError } from '../base/errors.js';
import { rawFromBytes, toFsPath } from '../base/raw-string.js';
import type { Repository } from '../repo/repository.js';
import type { TreeNode } from '../repo/tree.js';
import type { FileStats } from '../worker/file-task.js';
import type { AttributeSource } from './attribute-source.js';
import type { BackupReport } from './backup-report.js';
import type { BackupFilter } from './backup-types.js';
import type { BlobStore } from './blob-store.js';
import type { FileReader } from './file-reader.js';
import { lookAt } from './look.js';
import type { NodeContext } from './node.js';
import type { ChangeRules } from './previous.js';

export interface ArchiverParts {
  readonly repo: Repository;
  readonly store: BlobStore;
  readonly report: BackupReport;
  readonly reader: FileReader;
  readonly attributes: AttributeSource;
  readonly nodes: NodeContext;
  readonly rules: ChangeRules;
  readonly filter: BackupFilter | undefined;
  /** `path` of a target as an absolute one. */
  readonly absolute: (path: string) => string;
}

/** Something that may come into a tree. */
export interface Entry {
  readonly name: string;
  /** Where it lies in the snapshot: '/home/x'. */
  readonly item: string;
  /** Absolute. */
  readonly path: string;
  readonly previous: TreeNode | undefined;
  /** Of performance.now(). */
  readonly startedMs: number;
}

/** Something that is there, and does. */
export interface Found extends Entry {
  readonly stats: FileStats;
  readonly linktarget?: string | undefined;
}

/** undefined for what is not part of the backup; what cannot be looked at is told. */
export async function findEntry(
  parts: ArchiverParts,
  entry: Entry,
  filter: BackupFilter | undefined,
): Promise<Found | undefined> {
  const { path } = entry;
  try {
    const stats = await lookAt(path, filter);
    // What a socket is for does not outlive its program.
    if (stats === undefined || stats.isSocket()) return undefined;
    if (!stats.isSymbolicLink()) return { ...entry, stats };
    return { ...entry, stats, linktarget: rawFromBytes(await readlink(toFsPath(path), { encoding: 'buffer' })) };
  } catch (error) {
    tellUnlessGone(parts, path, ioError(error, 'cannot look at', path));
    return undefined;
  }
}

/** What was removed since its name was read is as if it had never been there. */
export function tellUnlessGone(parts: ArchiverParts, path: string, error: Error): void {
  if (!isSyncError(error, 'io') || error.details['errno'] !== 'ENOENT') tellError(parts, path, error);
}

export function tellError({ report }: ArchiverParts, item: string, error: Error): void {
  report.error({ item, during: 'archival', error });
}
