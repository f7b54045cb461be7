/**
 * Files that are written piece by piece, in any order and by several writers at once, with few of them open: systems
 * allow some hundred handles. The ones that rested longest are closed, and opened again when their next piece comes.
 */
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { toFsPath } from '../base/raw-string.js';

interface OpenFile {
  readonly handle: Promise<FileHandle>;
  users: number;
}

/** Opens a file for writing: for the first time, or again. */
export type OpenForWriting = (path: string, isFirst: boolean) => Promise<FileHandle>;

export class OpenFiles {
  readonly #limit: number;
  readonly #openForWriting: OpenForWriting;
  /** By path, the longest unused first. */
  readonly #open = new Map<string, OpenFile>();
  readonly #made = new Set<string>();

  /** By default the first use makes a file that must not be there before. */
  constructor(limit: number, openForWriting: OpenForWriting = openNew) {
    this.#limit = limit;
    this.#openForWriting = openForWriting;
  }

  /** How many are open now. */
  get count(): number {
    return this.#open.size;
  }

  /** Runs `work` on the file, which the first use of a path makes. */
  async use(path: string, work: (handle: FileHandle) => Promise<void>): Promise<void> {
    const file = this.#open.get(path) ?? this.#start(path);
    this.#open.delete(path);
    this.#open.set(path, file);
    file.users += 1;
    try {
      await work(await file.handle);
    } finally {
      file.users -= 1;
    }
    await this.#closeSome();
  }

  /** The file gets no more pieces. */
  async finish(path: string): Promise<void> {
    const file = this.#open.get(path);
    this.#open.delete(path);
    this.#made.delete(path);
    await (await file?.handle)?.close();
  }

  /** Closes all; for the end, after an error too, so errors of closing are of no interest. */
  async closeAll(): Promise<void> {
    const files = [...this.#open.values()];
    this.#open.clear();
    await Promise.allSettled(files.map(async ({ handle }) => (await handle).close()));
  }

  #start(path: string): OpenFile {
    const isFirst = !this.#made.has(path);
    this.#made.add(path);
    const handle = this.#openForWriting(path, isFirst);
    const file = { handle, users: 0 };
    // Nothing is open then, so there is nothing to close; whoever uses the file meets the error.
    handle.catch(() => {
      if (this.#open.get(path) === file) this.#open.delete(path);
    });
    return file;
  }

  async #closeSome(): Promise<void> {
    for (const [path, file] of this.#open) {
      if (this.#open.size <= this.#limit) return;
      if (file.users > 0) continue;
      this.#open.delete(path);
      await (await file.handle).close();
    }
  }
}

function openNew(path: string, isFirst: boolean): Promise<FileHandle> {
  return open(toFsPath(path), isFirst ? 'wx' : 'r+', 0o600);
}
