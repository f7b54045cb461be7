/** What the main thread and a worker say to each other, whatever the job. Large memory is transferred, never copied. */
import type { Bytes } from '../base/bytes.js';
import type { ErrorCode } from '../base/errors.js';
import { isSyncError, SyncError } from '../base/errors.js';
import type { CompressionMode } from '../compress/level.js';
import type { MasterKey } from '../crypto/box.js';
import type { FromOpening, ToOpening } from './open-messages.js';
import type { FromSaving, ToSaving } from './save-messages.js';

/** Given to a worker at its start. */
export interface WorkerSetup {
  readonly key: MasterKey;
  readonly version: 1 | 2;
  readonly polynomial: string;
  readonly compression?: CompressionMode | undefined;
}

export type ToWorker =
  | ToSaving
  | ToOpening
  /** The job's caller has failed or given up. */
  | { readonly kind: 'stop'; readonly job: number; readonly error: PlainError };

export type FromWorker =
  | FromSaving
  | FromOpening
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

/** The buffer of bytes that were lent for good, to transfer it whole, even if they are a view of a part. */
export function lentBuffer({ buffer }: Bytes): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer ? [buffer] : [];
}
