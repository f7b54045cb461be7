/** Work on the blobs of a downloaded part, the worker's side. */
import type { Bytes } from '../base/bytes.js';
import { openPartNow } from '../repo/loader.js';
import { checkPackNow } from './check-pack.js';
import type { PlainError } from './messages.js';
import { lentBuffer, ownBuffer, toPlainError } from './messages.js';
import type { FromOpening, ToOpening } from './open-messages.js';
import type { FileTools } from './split.js';
import { writePartNow } from './write-part.js';

export interface Opened {
  readonly message: FromOpening;
  readonly transfer: readonly ArrayBuffer[];
}

export function openJob({ codec }: FileTools, message: ToOpening): Opened {
  const { job, bytes } = message;
  if (message.kind === 'check') {
    const found = checkPackNow(codec, message.pack, bytes);
    return { message: { kind: 'checked', job, bytes, found }, transfer: lentBuffer(bytes) };
  }
  const { part } = message;
  if (message.kind === 'open') {
    const opened = openPartNow(codec, part, bytes);
    const blobs = opened.map((one): Bytes | PlainError => (one instanceof Uint8Array ? one : toPlainError(one)));
    const transfer = opened.flatMap((one) => (one instanceof Uint8Array ? ownBuffer(one) : []));
    return { message: { kind: 'opened', job, blobs }, transfer };
  }
  const { damaged, failed, unfinished } = writePartNow(codec, part, bytes, message.places);
  const errors = [...damaged].map(([blob, error]) => [blob, toPlainError(error)] as const);
  return {
    message: { kind: 'written', job, bytes, damaged: errors, failed: [...failed], unfinished },
    transfer: lentBuffer(bytes),
  };
}
