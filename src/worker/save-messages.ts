/**
 * What is said about files that are saved:
 *
 *   main                         worker
 *   save (one large file, or a batch of small ones)
 *                                claim (the blobs of a buffer full)
 *   claimed
 *                                blobs (a parcel of sealed ones, in memory that is lent)
 *   taken (the memory comes back, when there is room for more)
 *                                saved
 *
 *   cut (a very large file)
 *                                stretch (of some chunks)
 *   more
 *                                cut-done, or not-cut where that is to be done otherwise
 *   save-stretch                 claim, blobs, saved: as above
 */
import type { Bytes } from '../base/bytes.js';
import type { BlobId } from '../base/ids.js';
import type { Stretch, StretchToSave } from './cut-task.js';
import type { FileResult, FileStats, FileToSave } from './file-task.js';
import type { PlainError } from './messages.js';

export type ToSaving =
  | { readonly kind: 'save'; readonly job: number; readonly files: readonly FileToSave[]; readonly areSmall: boolean }
  | { readonly kind: 'cut'; readonly job: number; readonly path: string; readonly byPages: boolean }
  | { readonly kind: 'save-stretch'; readonly job: number; readonly stretch: StretchToSave }
  | { readonly kind: 'more'; readonly job: number }
  | { readonly kind: 'claimed'; readonly job: number; readonly wanted: readonly boolean[] }
  | { readonly kind: 'taken'; readonly job: number; readonly memory: Bytes };

export type FromSaving =
  | { readonly kind: 'claim'; readonly job: number; readonly blobs: readonly Claim[] }
  | { readonly kind: 'blobs'; readonly job: number; readonly memory: Bytes; readonly blobs: readonly ParcelBlob[] }
  | { readonly kind: 'stretch'; readonly job: number; readonly stretch: Stretch; readonly stats: FileStats }
  | { readonly kind: 'cut-done'; readonly job: number; readonly size: number; readonly stats: FileStats }
  | { readonly kind: 'not-cut'; readonly job: number }
  | { readonly kind: 'saved'; readonly job: number; readonly results: readonly (FileResult | PlainError)[] };

export interface Claim {
  readonly id: BlobId;
  /** Which of the job's files it is of. */
  readonly file: number;
  readonly plainLength: number;
}

/** They lie one after the other in the parcel's memory. */
export interface ParcelBlob extends Claim {
  /** Of the sealed bytes. */
  readonly length: number;
  readonly isCompressed: boolean;
}
