/** A blob of a downloaded part, opened and verified in memory that is kept for the next one. */
import type { Bytes } from '../base/bytes.js';
import { isSyncError, SyncError } from '../base/errors.js';
import { shortId } from '../base/ids.js';
import { keptMemory } from '../base/kept-memory.js';
import type { Codec } from '../repo/codec.js';
import { openBlob, openBlobInto, plainLength } from '../repo/codec.js';
import type { PackPart } from '../repo/loader.js';

/** restic's largest data blob; for a larger one there is new memory, when its code has been found right. */
const KEPT = 8 * 1024 * 1024;
/** One for each codec, which is one for each thread. */
const kept = new WeakMap<Codec, (length: number) => Bytes>();

/** The plain bytes, good until the next call; or the 'damaged' error. */
export function openBriefly(codec: Codec, part: PackPart, bytes: Bytes, number: number): Bytes | SyncError {
  const blob = part.blobs[number];
  if (blob === undefined) throw new SyncError('internal', `a part has no blob ${number}`);
  const from = blob.offset - part.offset;
  const sealed = bytes.subarray(from, from + blob.length);
  const where = `pack ${shortId(part.pack)}`;
  try {
    if (plainLength(blob) > KEPT) return openBlob(codec, blob, sealed, where);
    return openBlobInto(codec, blob, sealed, where, memoryOf(codec, plainLength(blob)));
  } catch (error) {
    if (isSyncError(error, 'damaged')) return error;
    throw error;
  }
}

function memoryOf(codec: Codec, length: number): Bytes {
  const memory = kept.get(codec) ?? keptMemory(KEPT);
  kept.set(codec, memory);
  return memory(length);
}
