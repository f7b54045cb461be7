/**
 * The files that blobs of one part are written to. Calls are synchronous: they cost a tenth of the asynchronous ones,
 * and the thread has nothing else to do. A file that fails is not touched again; the others go on.
 */
import { closeSync, constants, fchmodSync, ftruncateSync, futimesSync, openSync, writeSync } from 'node:fs';
import type { Bytes } from '../base/bytes.js';
import { errnoOf } from '../base/errors.js';
import { toFsPath } from '../base/raw-string.js';
import { zerosAtStart } from './zeros.js';

export interface PlacedFile {
  /** Absolute. */
  readonly path: string;
  /** It has its full length, and only zeros where nothing was written: those at the beginning of a blob are left out. */
  readonly sparse?: boolean | undefined;
  /** Set where all blobs of the file are in the part, and nothing is in its place: it is made and finished here. */
  readonly whole?: WholeFile | undefined;
}

/** How a file is made. */
export interface WholeFile {
  /** What it gets before the first blob, where they are not all certain to follow each other. */
  readonly length?: number | undefined;
  readonly mtimeMs?: number | undefined;
  /** Permissions in the end; 0o600 until then. */
  readonly mode?: number | undefined;
}

/** Why the system refused. */
export interface WriteFailure {
  readonly errno: string | undefined;
  readonly message: string;
}

/** More would only be of use to a part with blobs of many files in turns; systems allow some hundred to a program. */
const MAX_OPEN = 16;
/** Whoever put a link or a pipe in the place of a file gets neither followed nor waited for. */
const WRITE = constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
const MAKE = WRITE | constants.O_CREAT | constants.O_EXCL;

export class PlacedFiles {
  readonly failed: Map<number, WriteFailure> = new Map();
  readonly #files: readonly PlacedFile[];
  /** Blobs that are not written yet, by number of the file. */
  readonly #left: Uint32Array;
  /** Whole files that were made. */
  readonly #made = new Set<number>();
  /** Descriptors by number of the file, the longest unused first. */
  readonly #open = new Map<number, number>();

  /** `places` as PartPlaces has them. */
  constructor(files: readonly PlacedFile[], places: Float64Array) {
    this.#files = files;
    this.#left = new Uint32Array(files.length);
    for (let at = 1; at < places.length; at += 3) {
      const file = places[at] ?? 0;
      this.#left[file] = (this.#left[file] ?? 0) + 1;
    }
  }

  write(number: number, bytes: Bytes, offset: number): void {
    if (this.failed.has(number)) return;
    try {
      const fd = this.#opened(number);
      const skipped = this.#files[number]?.sparse ? zerosAtStart(bytes) : 0;
      for (let done = skipped; done < bytes.length; ) {
        done += writeSync(fd, bytes, done, bytes.length - done, offset + done);
      }
      const left = (this.#left[number] ?? 0) - 1;
      this.#left[number] = left;
      if (left === 0) this.#finish(number, fd);
    } catch (error) {
      this.#fail(number, error);
      this.#close(number);
    }
  }

  /** Whole files that were made and have not got all their blobs. */
  unfinished(): number[] {
    return [...this.#made].filter((number) => this.#left[number] !== 0 || this.failed.has(number));
  }

  closeAll(): void {
    for (const number of [...this.#open.keys()]) this.#close(number);
  }

  #opened(number: number): number {
    const known = this.#open.get(number);
    if (known !== undefined) {
      this.#open.delete(number);
      this.#open.set(number, known);
      return known;
    }
    if (this.#open.size >= MAX_OPEN) this.#closeOldest();
    const { path = '', whole } = this.#files[number] ?? {};
    const isNew = whole !== undefined && !this.#made.has(number);
    const fd = openSync(toFsPath(path), isNew ? MAKE : WRITE, 0o600);
    this.#open.set(number, fd);
    if (isNew) {
      this.#made.add(number);
      if (whole.length !== undefined) ftruncateSync(fd, whole.length);
    }
    return fd;
  }

  #finish(number: number, fd: number): void {
    const { mtimeMs, mode } = this.#files[number]?.whole ?? {};
    if (mtimeMs !== undefined) futimesSync(fd, mtimeMs / 1000, mtimeMs / 1000);
    if (mode !== undefined && process.platform !== 'win32') fchmodSync(fd, mode);
    this.#open.delete(number);
    closeSync(fd);
  }

  #closeOldest(): void {
    const [oldest] = this.#open.keys();
    if (oldest !== undefined) this.#close(oldest);
  }

  #close(number: number): void {
    const fd = this.#open.get(number);
    this.#open.delete(number);
    try {
      if (fd !== undefined) closeSync(fd);
    } catch (error) {
      // A share may tell only now that its disk is full.
      this.#fail(number, error);
    }
  }

  /** The first reason stays. */
  #fail(number: number, error: unknown): void {
    if (this.failed.has(number)) return;
    this.failed.set(number, { errno: errnoOf(error), message: error instanceof Error ? error.message : String(error) });
  }
}
