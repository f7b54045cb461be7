/**
 * Makes the content of new files durable. Many are flushed together with all else that their file system has not
 * written yet, where that can be asked for and tells of errors: each fsync waits for the disk, and for 3,400 files that
 * is longer than to write them. Elsewhere one by one, several at once.
 */
import { spawn } from 'node:child_process';
import { open, statfs } from 'node:fs/promises';
import { release } from 'node:os';
import { forEachLimit } from '../base/concurrency.js';
import { throwIfAborted } from '../base/errors.js';
import { toFsPath } from '../base/raw-string.js';

export interface FlushOptions {
  readonly signal?: AbortSignal | undefined;
  /** Up to so many files are flushed one by one, which spares the rest of the file system; 32 by default. */
  readonly few?: number;
  /** Bytes after which the disk is set to work before the end; 128 MiB by default. */
  readonly early?: number;
  /** For tests: the program that calls syncfs(2), of coreutils. */
  readonly program?: string;
}

const FEW = 32;
const EARLY = 128 * 1024 * 1024;
/** Node runs four calls at once; some more, so that none of them waits. */
const PARALLEL = 8;
/** A slow disk may have much to write; one that hangs is met again by the fsync of each file. */
const LIMIT_MS = 5 * 60_000;
/** ext4, xfs, btrfs, f2fs, bcachefs, zfs and tmpfs by the numbers of statfs(2). Others may leave syncfs undone. */
const SOUND: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0xca451a4e, 0x2fc12fc1, 0x01021994,
]);

/** New files of one folder: the disk begins to write them while more are made. */
export class Flusher {
  readonly #folder: string;
  readonly #options: FlushOptions;
  #bytes = 0;
  #running: Promise<void> | undefined;
  /** The system tells of a failed write once, and may have told the program that ran before. */
  #hasFailed = false;

  constructor(folder: string, options: FlushOptions = {}) {
    this.#folder = folder;
    this.#options = options;
  }

  /** To be told of what was written; never throws, and waits for nothing. */
  wrote(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < (this.#options.early ?? EARLY) || this.#running !== undefined || this.#hasFailed) return;
    this.#bytes = 0;
    this.#running = this.#flushAll()
      .then(
        (isDone) => {
          this.#hasFailed ||= !isDone;
        },
        () => {
          this.#hasFailed = true;
        },
      )
      .finally(() => {
        this.#running = undefined;
      });
  }

  /**
   * `files`: absolute paths, on the file system of the folder. All are durable when this returns. Throws the system's
   * error.
   */
  async finish(files: readonly string[]): Promise<void> {
    const { signal, few = FEW } = this.#options;
    throwIfAborted(signal);
    await this.#running;
    if (files.length > few && !this.#hasFailed && (await this.#flushAll())) return;
    await forEachLimit(files, PARALLEL, flushOne, signal);
  }

  async #flushAll(): Promise<boolean> {
    const { signal, program = 'sync' } = this.#options;
    return (await isSound(this.#folder)) && flushAll(this.#folder, program, signal);
  }
}

/** Before 5.8, syncfs told nothing of what the disk had refused. */
async function isSound(folder: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const [major = 0, minor = 0] = release().split('.').map(Number);
  if (major < 5 || (major === 5 && minor < 8)) return false;
  const { type } = await statfs(toFsPath(folder));
  return SOUND.has(type);
}

/** False where the program is not there, does not know this, or says that something went wrong. */
async function flushAll(folder: string, program: string, signal: AbortSignal | undefined): Promise<boolean> {
  const child = spawn(program, ['-f', folder], { stdio: 'ignore', timeout: LIMIT_MS, signal });
  const isDone = await new Promise<boolean>((resolve) => {
    child.once('error', () => resolve(false));
    child.once('close', (code) => resolve(code === 0));
  });
  throwIfAborted(signal);
  return isDone;
}

async function flushOne(path: string): Promise<void> {
  // Windows flushes nothing through a handle that may only read.
  const handle = await open(toFsPath(path), 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
