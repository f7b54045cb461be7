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
  /** For tests: the program that calls syncfs(2), of coreutils. */
  readonly program?: string;
}

const FEW = 32;
/** Node runs four calls at once; some more, so that none of them waits. */
const PARALLEL = 8;
/** A slow disk may have much to write; one that hangs is met again by the fsync of each file. */
const LIMIT_MS = 5 * 60_000;
/** ext4, xfs, btrfs, f2fs, bcachefs, zfs and tmpfs by the numbers of statfs(2). Others may leave syncfs undone. */
const SOUND: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0xca451a4e, 0x2fc12fc1, 0x01021994,
]);

/** `files`: absolute paths of files on the file system of `folder`. Throws the system's error. */
export async function flushFiles(folder: string, files: readonly string[], options: FlushOptions = {}): Promise<void> {
  const { signal, few = FEW, program = 'sync' } = options;
  throwIfAborted(signal);
  if (files.length > few && (await isSound(folder)) && (await flushAll(folder, program, signal))) return;
  await forEachLimit(files, PARALLEL, flushOne, signal);
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
