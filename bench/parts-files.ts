/** A game folder read in batches into the same memory, and written again elsewhere. */
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readSync, writeSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Bytes } from '../src/base/bytes.js';

export interface GameFile {
  readonly path: string;
  readonly size: number;
  readonly bytes: Bytes;
}

const BATCH = 8 * 1024 * 1024;
/** On average, as the data sets have it; the sizes are not known before a file is read. */
const PER_FILE = 300_000;

/** Files one after the other, about 8 MB at a time. */
export function* batchesOf(game: string): Generator<readonly string[]> {
  const entries = readdirSync(game, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  let batch: string[] = [];
  for (const entry of entries) {
    batch.push(join(entry.parentPath, entry.name));
    if (batch.length < BATCH / PER_FILE) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Reads into memory that is used again for each batch. */
export class Reader {
  #memory: Bytes = new Uint8Array(4 * BATCH);

  read(paths: readonly string[]): GameFile[] {
    const places: { path: string; at: number; size: number }[] = [];
    let end = 0;
    for (const path of paths) {
      const file = openSync(path, 'r');
      const at = end;
      for (;;) {
        if (end === this.#memory.length) this.#grow();
        const length = readSync(file, this.#memory, end, Math.min(1 << 20, this.#memory.length - end), end - at);
        end += length;
        if (length === 0) break;
      }
      closeSync(file);
      places.push({ path, at, size: end - at });
    }
    return places.map(({ path, at, size }) => ({ path, size, bytes: this.#memory.subarray(at, at + size) }));
  }

  #grow(): void {
    const larger = new Uint8Array(this.#memory.length * 2);
    larger.set(this.#memory);
    this.#memory = larger;
  }
}

/** The blobs of a file follow one another; each file is flushed to the disk, as a pull does it. */
export function writeFiles(
  { game, copy: folder }: { readonly game: string; readonly copy: string },
  blobs: readonly { readonly path: string }[],
  plains: readonly Bytes[],
): void {
  let [file, open] = [-1, ''];
  const close = (): void => {
    if (file < 0) return;
    fsyncSync(file);
    closeSync(file);
  };
  for (const [i, { path }] of blobs.entries()) {
    if (path !== open) {
      close();
      const copy = join(folder, relative(game, path));
      mkdirSync(dirname(copy), { recursive: true });
      [file, open] = [openSync(copy, 'w'), path];
    }
    writeSync(file, plains[i] ?? new Uint8Array(0));
  }
  close();
}
