/**
 * Opens the blobs of a downloaded part and writes them to the files that want them, on the thread that calls: plain
 * bytes lie in memory that is kept, and go nowhere else. Each blob is opened once, whoever wants it.
 *
 * Files that lie in this part whole are made, written, given their time and mode, and closed in one go. All others are
 * there already (made by whoever placed them), are opened for as long as the part needs them, and are not finished here.
 */
import type { Bytes } from '../base/bytes.js';
import { SyncError } from '../base/errors.js';
import type { Codec } from '../repo/codec.js';
import type { PackPart } from '../repo/loader.js';
import { openBriefly } from './open-briefly.js';
import type { PlacedFile, WriteFailure } from './placed-files.js';
import { PlacedFiles } from './placed-files.js';

/** Where the blobs of a part belong. */
export interface PartPlaces {
  readonly files: readonly PlacedFile[];
  /** In threes: number of the blob in the part, number of the file in `files`, offset in it. In order of the blobs. */
  readonly places: Float64Array;
}

export interface PartWritten {
  /** Blobs that could not be opened, by number: what wants them has not got them. */
  readonly damaged: ReadonlyMap<number, SyncError>;
  /** Files that could not be made or written, by number. */
  readonly failed: ReadonlyMap<number, WriteFailure>;
  /** Files made here that are not whole, since a blob of them is damaged: by number. */
  readonly unfinished: readonly number[];
}

export function writePartNow(codec: Codec, part: PackPart, bytes: Bytes, given: PartPlaces): PartWritten {
  const { places } = given;
  const damaged = new Map<number, SyncError>();
  const files = new PlacedFiles(given.files, places);
  try {
    for (let at = 0; at < places.length; ) {
      const number = places[at] ?? 0;
      const plain = openBriefly(codec, part, bytes, number);
      if (plain instanceof SyncError) damaged.set(number, plain);
      for (; at < places.length && places[at] === number; at += 3) {
        if (plain instanceof SyncError) continue;
        files.write(places[at + 1] ?? 0, plain, places[at + 2] ?? 0);
      }
    }
  } finally {
    files.closeAll();
  }
  return { damaged, failed: files.failed, unfinished: files.unfinished() };
}
