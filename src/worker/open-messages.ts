/**
 * What is said about the blobs of a downloaded part. Its memory is lent to the worker and comes back:
 *
 *   main                                   worker
 *   open (a part)                          opened (its plain blobs)
 *   write (a part, and where its blobs     written (what is damaged, what could not be written)
 *          belong)
 *   check (a whole pack)                   checked (what is wrong with it)
 */
import type { Bytes } from '../base/bytes.js';
import type { PackPart } from '../repo/loader.js';
import type { PackProblems, PackToCheck } from './check-pack.js';
import type { PlainError } from './messages.js';
import type { WriteFailure } from './placed-files.js';
import type { PartPlaces } from './write-part.js';

export type ToOpening =
  | { readonly kind: 'open'; readonly job: number; readonly part: PackPart; readonly bytes: Bytes }
  | {
      readonly kind: 'write';
      readonly job: number;
      readonly part: PackPart;
      readonly bytes: Bytes;
      readonly places: PartPlaces;
    }
  | { readonly kind: 'check'; readonly job: number; readonly pack: PackToCheck; readonly bytes: Bytes };

export type FromOpening =
  | { readonly kind: 'opened'; readonly job: number; readonly blobs: readonly (Bytes | PlainError)[] }
  | {
      readonly kind: 'written';
      readonly job: number;
      readonly bytes: Bytes;
      readonly damaged: readonly (readonly [number, PlainError])[];
      readonly failed: readonly (readonly [number, WriteFailure])[];
      readonly unfinished: readonly number[];
    }
  | { readonly kind: 'checked'; readonly job: number; readonly bytes: Bytes; readonly found: PackProblems };
