/**
 * The data that questions are asked about. A question names one of them; it is made once, when the first question needs
 * it, and removed after the last.
 *
 *   game    a modded instance with four worlds
 *   small   50,000 small files
 *   huge    as game, 20 times as large: only for the memory that it takes
 */
import { makeGame } from './data.mjs';
import { makeSmallFiles } from './small-files.mjs';

const SEED = 1;
/** Blocks of the file system, which small files fill to the half. */
const BYTES_OF_SMALL_FILE = 11_000;

/**
 * `size`: { game, huge } in bytes, { small } in files. Returns name → { make(folder) → { files, bytes }, space }, where
 * `space` is the room on the disk in bytes: the files themselves, a repository of each program, one pulled copy, caches.
 */
export function dataSets(size) {
  return {
    game: { make: (folder) => makeGame(folder, { bytes: size.game, seed: SEED }), space: size.game * 6 },
    small: {
      make: (folder) => makeSmallFiles(folder, { files: size.small, seed: SEED }),
      space: size.small * BYTES_OF_SMALL_FILE * 5,
    },
    // The memory questions keep no more than two of the three at a time.
    huge: { make: (folder) => makeGame(folder, { bytes: size.huge, seed: SEED }), space: size.huge * 2 },
  };
}
