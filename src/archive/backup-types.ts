/**
 * What `backup` is given, what it tells while it runs, and what it returns. Sizes are bytes, times nanoseconds since
 * 1970, paths raw strings (base/raw-string.ts).
 */
import type { BigIntStats } from 'node:fs';
import type { Bytes } from '../base/bytes.js';
import type { SnapshotId, TreeId } from '../base/ids.js';
import type { NamedSnapshot } from '../browse/select.js';
import type { Repository, WriteOptions } from '../repo/repository.js';
import type { SnapshotSummary } from '../repo/snapshot.js';
import type { Executor } from '../worker/executor.js';

export interface ItemInfo {
  /** Of lstat. */
  readonly stats: BigIntStats;
  readonly isDirectory: boolean;
}

/**
 * Whether a file, folder, link or device belongs to the backup; what is in a folder that does not is never looked at.
 * `path` is absolute. Not asked for what `targets` name themselves.
 */
export type BackupFilter = (path: string, info: ItemInfo) => boolean | Promise<boolean>;

export interface StdinSource {
  /** The file's name in the snapshot; may be a path, of which the folders are made up. */
  readonly name: string;
  readonly stream: AsyncIterable<Bytes>;
}

export interface BackupOptions {
  /** Paths as they are typed: absolute ones keep their whole chain of folders in the snapshot, relative ones theirs. */
  readonly targets: readonly string[];
  /** Of relative targets; the process's by default. Absolute. */
  readonly cwd?: string | undefined;
  /** Instead of targets, which must then be empty. */
  readonly stdin?: StdinSource | undefined;
  readonly filter?: BackupFilter | undefined;
  /** The earlier snapshot whose unchanged files are not read again. */
  readonly parent?: NamedSnapshot | undefined;
  /** Read every file, whatever the parent says; the snapshot then has no parent. */
  readonly force?: boolean | undefined;
  /** As the snapshot records them; by default this machine and its user. */
  readonly hostname?: string | undefined;
  readonly username?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  /** The patterns behind `filter`, which the snapshot records. */
  readonly excludes?: readonly string[] | undefined;
  /** Of the snapshot; now by default. */
  readonly timeNs?: bigint | undefined;
  /** When the command began, for the summary; now by default. */
  readonly startNs?: bigint | undefined;
  /** Record when files were last read; otherwise that is recorded as the time of the last change. */
  readonly withAtime?: boolean | undefined;
  /** A file with another inode may be unmodified; implies `ignoreCtime`. */
  readonly ignoreInode?: boolean | undefined;
  readonly ignoreCtime?: boolean | undefined;
  /** Files read at once; by default as many as the executor is good for. */
  readonly readConcurrency?: number | undefined;
  /** Nothing is written, no lock is taken; the counters are those of a real run. */
  readonly dryRun?: boolean | undefined;
  /** No snapshot if its tree would be the parent's. */
  readonly skipIfUnchanged?: boolean | undefined;
  /** Do not count in advance, beside the work, what there is to do. */
  readonly noScan?: boolean | undefined;
  /** As the snapshot records it: `restic-ts 1.0.0`. */
  readonly programVersion: string;
  /** Threads for reading; without it, all is done on the calling thread. */
  readonly createExecutor?: ((repo: Repository, bytes: number) => Promise<Executor>) | undefined;
  /** Pack size, connections, lock wait. */
  readonly write?: Omit<WriteOptions, 'signal'> | undefined;
  readonly onEvent?: ((event: BackupEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type ItemAction = 'new' | 'changed' | 'unmodified';

/** What one item, or all of them, added to the repository: before, and after compression and sealing. */
export interface AddedSizes {
  readonly dataBlobs: number;
  readonly dataSize: number;
  readonly dataSizeInRepo: number;
  readonly treeBlobs: number;
  readonly treeSize: number;
  readonly treeSizeInRepo: number;
}

/** A file or folder that is done. Links, devices and pipes are not told of, nor counted. */
export interface ItemEvent {
  readonly type: 'item';
  /** Where it lies in the snapshot: '/home/x', and a folder's with a slash at its end. */
  readonly item: string;
  readonly kind: 'file' | 'dir';
  readonly action: ItemAction;
  /** Of the file; 0 for folders. */
  readonly size: number;
  readonly added: AddedSizes;
  readonly seconds: number;
}

export interface ScanTotals {
  readonly files: number;
  readonly dirs: number;
  readonly others: number;
  /** Of all files. */
  readonly bytes: number;
}

export interface ItemError {
  /** Absolute, or where it lies in the snapshot. */
  readonly item: string;
  readonly during: 'scan' | 'archival';
  readonly error: Error;
}

export type BackupEvent =
  | ItemEvent
  /** Reading of a file begins; `item` as in ItemEvent. */
  | { readonly type: 'file-start'; readonly item: string }
  /** Reading of a file ended, well or not. */
  | { readonly type: 'file-end'; readonly item: string }
  /** So much more of the files' content is done, be it new or known. */
  | { readonly type: 'bytes'; readonly bytes: number }
  | ({ readonly type: 'error' } & ItemError)
  /** Counted so far, and in the end in all. */
  | { readonly type: 'scan'; readonly totals: ScanTotals; readonly finished: boolean }
  /** The program begins to wait for a lock. */
  | { readonly type: 'lock-wait'; readonly holder: string };

/** Metadata that cannot be had on this machine, for the whole backup or the rest of it: told once. */
export interface LeftOut {
  /** "extended attributes" */
  readonly what: string;
  /** Ends the sentence "extended attributes were left out: ". */
  readonly reason: string;
}

export interface BackupResult {
  /** undefined for a dry run, and where `skipIfUnchanged` found nothing new. */
  readonly snapshotId: SnapshotId | undefined;
  readonly tree: TreeId;
  readonly summary: SnapshotSummary;
  /** Seconds from start to end. */
  readonly seconds: number;
  /** What is not, or not wholly, in the snapshot: not empty means exit code 3. Missing targets are among them. */
  readonly errors: readonly ItemError[];
  readonly leftOut: readonly LeftOut[];
}
