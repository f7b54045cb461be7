/**
 * How hard a blob is compressed where the user leaves it to us. Most of a game folder is compressed already (chunks of
 * region files, jars, pictures): there the usual level finds nothing that a quick one does not, and takes four times as
 * long. A sample tells: 4 KiB of every 64, put together and compressed both ways. For pages of a region file it took twice
 * as long as the page (21 us for 16 KiB, without it 7): there one sample speaks for those that follow it in the file.
 */
import type { Bytes } from '../base/bytes.js';
import { DEFAULT_LEVEL, QUICK_LEVEL } from './level.js';
import type { Zstd } from './zstd.js';

const STRETCH = 4 * 1024;
const MAX_STRETCHES = 16;
const EVERY = 64 * 1024;
/** Below this a sample costs as much as it saves. */
const MIN_LENGTH = 16 * 1024;
/** The quick level is taken where it makes the sample larger by no more than this. */
const TOLERANCE = 1.004;
/**
 * A blob that becomes shorter than this share of what the sample promises repeats itself over a distance that a sample
 * does not see (a folder of copies): the usual level finds more of that.
 */
const REPEATS = 0.75;

/** Bytes of one file. */
const SPEAKS_FOR = 256 * 1024;

/** What the last sample of a file said, and for how many bytes more. */
export interface LevelMemory {
  level: number;
  bytes: number;
}

export function newLevelMemory(): LevelMemory {
  return { level: DEFAULT_LEVEL, bytes: 0 };
}

const sample = new Uint8Array(MAX_STRETCHES * STRETCH);

/**
 * One frame, in memory of the codec until its next call (Zstd.compressBriefly). On real files the result is at most
 * 1.0005 times that of the usual level, taken by kind (region files, jars, pictures, programs, sources, texts).
 * `memory` is that of the file which the blob is of.
 */
export function compressByContent(zstd: Zstd, data: Bytes, memory: LevelMemory = newLevelMemory()): Bytes {
  if (data.length <= memory.bytes) {
    memory.bytes -= data.length;
    return zstd.compressBriefly(data, memory.level);
  }
  if (data.length < MIN_LENGTH) return zstd.compressBriefly(data, DEFAULT_LEVEL);
  const expected = expectedOfQuick(zstd, data);
  memory.level = expected === undefined ? DEFAULT_LEVEL : QUICK_LEVEL;
  memory.bytes = SPEAKS_FOR - data.length;
  const found = zstd.compressBriefly(data, memory.level);
  return expected !== undefined && found.length < REPEATS * expected
    ? zstd.compressBriefly(data, DEFAULT_LEVEL)
    : found;
}

/** How long the blob should become at the quick level; undefined if the usual one makes the sample shorter. */
function expectedOfQuick(zstd: Zstd, data: Bytes): number | undefined {
  const stretches = Math.min(MAX_STRETCHES, Math.ceil(data.length / EVERY));
  const step = Math.floor(data.length / stretches);
  // Out of the middle: what files and their parts begin with is not like the rest.
  const middle = (step - STRETCH) >> 1;
  for (let i = 0; i < stretches; i++) {
    const from = i * step + middle;
    sample.set(data.subarray(from, from + STRETCH), i * STRETCH);
  }
  const taken = sample.subarray(0, stretches * STRETCH);
  const usual = zstd.compressBriefly(taken, DEFAULT_LEVEL).length;
  const quick = zstd.compressBriefly(taken, QUICK_LEVEL).length;
  return quick <= TOLERANCE * usual ? (quick / taken.length) * data.length : undefined;
}
