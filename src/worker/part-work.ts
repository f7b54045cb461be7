/** What is done with downloaded parts of packs, on threads or here: both run the same functions. */
import type { Bytes } from '../base/bytes.js';
import type { SyncError } from '../base/errors.js';
import type { Codec } from '../repo/codec.js';
import type { PackPart } from '../repo/loader.js';
import { openPartNow } from '../repo/loader.js';
import type { PackProblems, PackToCheck } from './check-pack.js';
import { checkPackNow } from './check-pack.js';
import type { PartPlaces, PartWritten } from './write-part.js';
import { writePartNow } from './write-part.js';

export interface PartWork {
  /** The plain blobs, in new memory; in the place of a damaged one its error. Takes the bytes over. */
  openPart(part: PackPart, bytes: Bytes): Promise<(Bytes | SyncError)[]>;
  /** Writes the blobs where they belong. Gives the memory of `bytes`, all of its buffer, back with the answer. */
  writePart(part: PackPart, bytes: Bytes, places: PartPlaces): Promise<PartWritten & { readonly bytes: Bytes }>;
  /** Verifies a whole pack, and gives the memory of `bytes`, all of its buffer, back with the answer. */
  checkPack(pack: PackToCheck, bytes: Bytes): Promise<PackProblems & { readonly bytes: Bytes }>;
}

/** On the calling thread. */
export function inlinePartWork(codec: Codec): PartWork {
  return {
    openPart: async (part, bytes) => openPartNow(codec, part, bytes),
    writePart: async (part, bytes, places) => ({ ...writePartNow(codec, part, bytes, places), bytes }),
    checkPack: async (pack, bytes) => ({ ...checkPackNow(codec, pack, bytes), bytes }),
  };
}
