/**
 * The two byte vectors in zstd-codec's memory through which data go in and out. They are kept for most chunks, and the
 * output is read in place: making, clearing and copying them took longer than a quick level takes.
 */
import type { Binding, VectorU8 } from 'zstd-codec/lib/zstd-codec-binding-wasm.js';
import type { Bytes } from '../base/bytes.js';

/** Sizes that are kept, in bytes; compressing 3 MiB at level 5 beside two of the largest takes 8.9 of 11.5 MB. */
const SIZES = [256 * 1024, 3.1 * 1024 * 1024];

export interface Vectors {
  /**
   * Puts `data` into the input and calls `work`, which writes to the output, of at least `room` bytes, and returns how
   * many. They come back as a view that is good until the next call; undefined if `work` returns less than 0.
   */
  use(data: Bytes, room: number, work: (input: VectorU8, output: VectorU8) => number): Bytes | undefined;
  /** Gives all memory back, for work that needs most of it. */
  release(): void;
}

interface Pair {
  readonly input: VectorU8;
  readonly output: VectorU8;
  /** Of each of the two; 0 if they are for one call. */
  readonly size: number;
}

export function makeVectors(binding: Binding): Vectors {
  let pair: Pair | undefined;

  function release(): void {
    pair?.input.delete();
    pair?.output.delete();
    pair = undefined;
  }

  /** A vector that grows would need the old memory and the new one at once: another takes its place. */
  function prepare(length: number, room: number): Pair {
    const most = Math.max(length, room);
    if (pair !== undefined && most <= pair.size) return pair;
    release();
    const size = SIZES.find((one) => most <= one) ?? 0;
    pair = { input: new binding.VectorU8(), output: new binding.VectorU8(), size };
    // What has once been that long keeps its memory when it is made shorter.
    if (size > 0) pair.input.resize(size, 0);
    pair.output.resize(Math.max(size, room), 0);
    return pair;
  }

  return {
    release,
    use: (data, room, work) => {
      const { input, output } = prepare(data.length, room);
      binding.cloneToVector(input, data);
      const length = work(input, output);
      return length < 0 ? undefined : binding.toTypedArrayView(output).subarray(0, length);
    },
  };
}
