/** What the main thread and a worker say to each other. Sealed and plain bytes are transferred, never copied. */
import type { Bytes } from '../base/bytes.js';
import type { ErrorCode } from '../base/errors.js';
import { isSyncError, SyncError } from '../base/errors.js';
import type { BlobId } from '../base/ids.js';
import type { CompressionMode } from '../compress/level.js';
import type { MasterKey } from '../crypto/box.js';
import type { SealedBlob } from '../repo/codec.js';
import type { PackPart } from '../repo/loader.js';
import type { FileResult } from './file-task.js';

/** Given to a worker at its start. */
export interface WorkerSetup {
  readonly key: MasterKey;
  readonly version: 1 | 2;
  readonly polynomial: string;
  readonly compression?: CompressionMode | undefined;
}

export type ToWorker =
  | { readonly kind: 'save'; readonly job: number; readonly path: string }
  | { readonly kind: 'open'; readonly job: number; readonly part: PackPart; readonly bytes: Bytes }
  /** Answer to 'claim' (is the blob wanted?) and to 'blob' (go on). */
  | { readonly kind: 'answer'; readonly job: number; readonly yes: boolean }
  | { readonly kind: 'stop'; readonly job: number; readonly error: PlainError };

export type FromWorker =
  | { readonly kind: 'claim'; readonly job: number; readonly id: BlobId; readonly plainLength: number }
  | { readonly kind: 'blob'; readonly job: number; readonly blob: SealedBlob; readonly plainLength: number }
  | { readonly kind: 'saved'; readonly job: number; readonly result: FileResult }
  | { readonly kind: 'opened'; readonly job: number; readonly blobs: readonly (Bytes | PlainError)[] }
  | { readonly kind: 'failed'; readonly job: number; readonly error: PlainError };

/** An error as it crosses threads, where classes are lost. */
export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly errno?: unknown;
}

export function toPlainError(error: unknown): PlainError {
  if (isSyncError(error)) {
    const { code, message, retryable, details } = error;
    return { code, message, retryable, errno: details['errno'] };
  }
  return { code: 'internal', message: error instanceof Error ? error.message : String(error), retryable: false };
}

export function fromPlainError(plain: PlainError): SyncError {
  const details = plain.errno === undefined ? {} : { errno: plain.errno };
  return new SyncError(plain.code, plain.message, { retryable: plain.retryable, details });
}

/** The buffer to transfer, if the bytes are all of it; a view into something larger is copied instead. */
export function ownBuffer(bytes: Bytes): ArrayBuffer[] {
  const { buffer } = bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length ? [buffer] : [];
}
