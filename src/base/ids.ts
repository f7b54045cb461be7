/**
 * Branded names of stored things. All are 64 lowercase hex digits, the SHA-256 of something:
 * of the stored bytes for files, of the plain bytes for blobs. They are parsed once, at the door.
 */
import { SyncError } from './errors.js';

declare const brand: unique symbol;
type Branded<B extends string> = string & { readonly [brand]: B };

export type BlobId = Branded<'blob'>;
/** A tree is stored as a blob: its id is also a BlobId. */
export type TreeId = BlobId;
export type PackId = Branded<'pack'>;
export type SnapshotId = Branded<'snapshot'>;
export type IndexId = Branded<'index'>;
export type KeyId = Branded<'key'>;
export type LockId = Branded<'lock'>;
export type AnyId = BlobId | PackId | SnapshotId | IndexId | KeyId | LockId;

const ID = /^[0-9a-f]{64}$/;

export function isId(text: string): boolean {
  return ID.test(text);
}

/** Checks 64 lowercase hex digits and brands them. Throws 'damaged' with `what` in the message. */
export function parseId<T extends AnyId>(text: unknown, what: string): T {
  if (typeof text !== 'string' || !ID.test(text)) {
    throw new SyncError('damaged', `${what}: ${JSON.stringify(text)?.slice(0, 80)} is not an id of 64 hex digits`);
  }
  return text as T;
}

/** As restic prints it: the first 8 digits. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}
