/** What a backup has done so far: restic's counters, the errors, and the events that tell of them. */
import type { SnapshotSummary } from '../repo/snapshot.js';
import type { AddedSizes, BackupEvent, ItemAction, ItemError } from './backup-types.js';

export const NOTHING_ADDED: AddedSizes = {
  dataBlobs: 0,
  dataSize: 0,
  dataSizeInRepo: 0,
  treeBlobs: 0,
  treeSize: 0,
  treeSizeInRepo: 0,
};

export interface DoneItem {
  readonly item: string;
  readonly kind: 'file' | 'dir';
  readonly action: ItemAction;
  readonly size: number;
  readonly added: AddedSizes;
  /** Of performance.now(), when work on it began. */
  readonly startedMs: number;
}

type Counts = Omit<SnapshotSummary, 'backupStart' | 'backupEnd'>;
type ActionCounts = Record<ItemAction, number>;

export class BackupReport {
  readonly errors: ItemError[] = [];
  readonly #onEvent: ((event: BackupEvent) => void) | undefined;
  readonly #files: ActionCounts = { new: 0, changed: 0, unmodified: 0 };
  readonly #dirs: ActionCounts = { new: 0, changed: 0, unmodified: 0 };
  #bytes = 0;
  #added = NOTHING_ADDED;

  constructor(onEvent: ((event: BackupEvent) => void) | undefined) {
    this.#onEvent = onEvent;
  }

  tell(event: BackupEvent): void {
    this.#onEvent?.(event);
  }

  error(error: ItemError): void {
    this.errors.push(error);
    this.tell({ type: 'error', ...error });
  }

  done({ startedMs, ...item }: DoneItem): void {
    const counts = item.kind === 'file' ? this.#files : this.#dirs;
    counts[item.action] += 1;
    this.#bytes += item.size;
    this.added(item.added);
    if (this.#onEvent === undefined) return;
    this.tell({ type: 'item', ...item, seconds: (performance.now() - startedMs) / 1000 });
  }

  /** For what belongs to no item: the topmost tree. */
  added(sizes: AddedSizes): void {
    this.#added = addSizes(this.#added, sizes);
  }

  get counts(): Counts {
    const files = this.#files;
    const dirs = this.#dirs;
    const added = this.#added;
    return {
      filesNew: files.new,
      filesChanged: files.changed,
      filesUnmodified: files.unmodified,
      dirsNew: dirs.new,
      dirsChanged: dirs.changed,
      dirsUnmodified: dirs.unmodified,
      dataBlobs: added.dataBlobs,
      treeBlobs: added.treeBlobs,
      dataAdded: added.dataSize + added.treeSize,
      dataAddedPacked: added.dataSizeInRepo + added.treeSizeInRepo,
      totalFilesProcessed: files.new + files.changed + files.unmodified,
      totalBytesProcessed: this.#bytes,
    };
  }
}

function addSizes(a: AddedSizes, b: AddedSizes): AddedSizes {
  if (b === NOTHING_ADDED) return a;
  return {
    dataBlobs: a.dataBlobs + b.dataBlobs,
    dataSize: a.dataSize + b.dataSize,
    dataSizeInRepo: a.dataSizeInRepo + b.dataSizeInRepo,
    treeBlobs: a.treeBlobs + b.treeBlobs,
    treeSize: a.treeSize + b.treeSize,
    treeSizeInRepo: a.treeSizeInRepo + b.treeSizeInRepo,
  };
}
