/** What `restore` takes, tells while it works, and gives back. */
import type { SyncError } from '../base/errors.js';
import type { Executor } from '../worker/executor.js';

/**
 * What happens to a file that is there already: `always` compares its content and writes the pieces that differ;
 * `if-changed` takes a file of equal size and time for equal; `if-newer` leaves it unless the snapshot's is newer;
 * `never` leaves it.
 */
export type Overwrite = 'always' | 'if-changed' | 'if-newer' | 'never';

export interface Choice {
  readonly selected: boolean;
  /** Whether anything below this folder can be selected. */
  readonly childMayBeSelected: boolean;
}

export interface RestoreOptions {
  /** A folder, made if it is not there. */
  readonly target: string;
  /** By path ("/a/b", in the form of base/raw-string.ts); must give equal answers to equal questions. All by default. */
  readonly select?: ((path: string, isFolder: boolean) => Choice) | undefined;
  /** 'always' by default. */
  readonly overwrite?: Overwrite | undefined;
  /** Removes what is selected and not in the snapshot, from the folders that are restored. */
  readonly delete?: boolean | undefined;
  /** Compares and tells, and changes nothing. */
  readonly dryRun?: boolean | undefined;
  /** Reads back every file that was written. */
  readonly verify?: boolean | undefined;
  /** Leaves holes where blobs begin with zeros. */
  readonly sparse?: boolean | undefined;
  /** Which extended attributes are set, and removed where the snapshot has them not; all by default. */
  readonly selectAttribute?: ((name: string) => boolean) | undefined;
  /** Owners by the names of this system; a name that it does not have counts as root's, as in restic. */
  readonly ownershipByName?: boolean | undefined;
  readonly onEvent?: ((event: RestoreEvent) => void) | undefined;
  /** Where so many bytes of blobs are opened and written, which is here without it. Closed when they are. */
  readonly createExecutor?: ((bytes: number) => Promise<Pick<Executor, 'writePart' | 'close'>>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RestoreTotals {
  /** Files, folders and all else. */
  readonly filesTotal: number;
  readonly filesRestored: number;
  /** Left as they are: equal already, or not to be overwritten. */
  readonly filesSkipped: number;
  readonly filesDeleted: number;
  readonly bytesTotal: number;
  /** Written, or found to be there already in a file that is otherwise written. */
  readonly bytesRestored: number;
  readonly bytesSkipped: number;
}

export interface ItemEvent {
  readonly type: 'item';
  readonly action: 'restored' | 'updated' | 'unchanged' | 'deleted';
  readonly kind: 'file' | 'folder' | 'other';
  /** In the snapshot; for what is deleted, in the file system. */
  readonly path: string;
  /** Bytes of a file. */
  readonly size: number;
}

export interface ItemError {
  /** In the snapshot. */
  readonly path: string;
  readonly error: SyncError;
}

export type RestoreEvent =
  | ItemEvent
  /** More bytes were written, or the totals changed. */
  | { readonly type: 'progress'; readonly totals: RestoreTotals }
  | ({ readonly type: 'error' } & ItemError)
  /** All is written; the files are read back now. */
  | { readonly type: 'verifying'; readonly totals: RestoreTotals; readonly seconds: number };

/** Something that this system, or this user, cannot set. Not an error. */
export interface LeftOut {
  /** "owners", "extended attributes", … */
  readonly what: string;
  /** Ends the sentence "owners were left out: ". */
  readonly reason: string;
  readonly count: number;
  /** The first path in the snapshot that it concerns. */
  readonly first: string;
}

export interface RestoreResult extends RestoreTotals {
  /** What could not be restored; all else was. */
  readonly errors: readonly ItemError[];
  readonly leftOut: readonly LeftOut[];
  /** With `verify`, and if nothing failed before. */
  readonly filesVerified?: number;
  /** Without the time of verifying. */
  readonly seconds: number;
}
