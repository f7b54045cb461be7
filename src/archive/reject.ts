/**
 * Reasons to leave something out of a backup besides patterns: size, a tag file beside it, a folder it lies in. A
 * reject function answers true for "leave out"; paths are absolute raw strings.
 */
import { lstat, open } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import type { Bytes } from '../base/bytes.js';
import { equalBytes, utf8 } from '../base/bytes.js';
import { errnoOf, SyncError } from '../base/errors.js';
import { toFsPath } from '../base/raw-string.js';
import type { BackupFilter, ItemInfo } from './backup-types.js';

export type Reject = (path: string, info: ItemInfo) => boolean | Promise<boolean>;

/** One line for the user about a tag file that could not be judged; the folder is then kept. */
export type OnTagProblem = (line: string) => void;

/** What all of the functions let through; undefined if there are none. The cheap ones should come first. */
export function filterOf(rejects: readonly Reject[]): BackupFilter | undefined {
  if (rejects.length === 0) return undefined;
  return (path, info) => passes(rejects, 0, path, info);
}

/** Without a promise as long as no function needs one: most items are asked by patterns alone. */
function passes(rejects: readonly Reject[], from: number, path: string, info: ItemInfo): boolean | Promise<boolean> {
  for (let i = from; i < rejects.length; i++) {
    const rejected = rejects[i]?.(path, info) ?? false;
    if (typeof rejected !== 'boolean') return rejected.then((yes) => !yes && passes(rejects, i + 1, path, info));
    if (rejected) return false;
  }
  return true;
}

/** Everything but folders that has more bytes. */
export function rejectLargerThan(bytes: number): Reject {
  const limit = BigInt(bytes);
  return (_path, { stats, isDirectory }) => !isDirectory && stats.size > limit;
}

/** The folder, absolute and in its shortest form, and all that is in it. */
export function rejectInside(folder: string): Reject {
  const prefix = folder.endsWith(sep) ? folder : folder + sep;
  return (path) => path === folder || path.startsWith(prefix);
}

/** What a folder that its program marked as a cache holds, except the mark (https://bford.info/cachedir/). */
export function rejectCaches(onProblem: OnTagProblem): Reject {
  return rejectBeside('CACHEDIR.TAG', utf8('Signature: 8a477f597d28d172789f06886806bc55'), onProblem);
}

/**
 * `spec` is a name, or a name, a colon and what that file has to begin with. Rejects what lies in a folder that has
 * such a file, except the file itself. Throws 'usage' for a spec without a name.
 */
export function rejectIfPresent(spec: string, onProblem: OnTagProblem): Reject {
  const colon = spec.indexOf(':');
  const name = colon < 0 ? spec : spec.slice(0, colon);
  if (name === '') throw new SyncError('usage', `--exclude-if-present "${spec}": no name for the tag file`);
  return rejectBeside(name, utf8(colon < 0 ? '' : spec.slice(colon + 1)), onProblem);
}

/** Folders of which the answer is remembered: more than a walk has under way. */
const REMEMBERED = 10_000;

function rejectBeside(name: string, header: Bytes, onProblem: OnTagProblem): Reject {
  const folders = new Map<string, boolean | Promise<boolean>>();
  const ask = (folder: string): boolean | Promise<boolean> => {
    const known = folders.get(folder);
    if (known !== undefined) return known;
    if (folders.size >= REMEMBERED) folders.clear();
    const asked = isTagged(join(folder, name), header, onProblem).then((tagged) => {
      folders.set(folder, tagged);
      return tagged;
    });
    folders.set(folder, asked);
    return asked;
  };
  return (path) => basename(path) !== name && ask(dirname(path));
}

async function isTagged(file: string, header: Bytes, onProblem: OnTagProblem): Promise<boolean> {
  const path = toFsPath(file);
  try {
    await lstat(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') onProblem(`could not access exclusion tagfile: ${reasonOf(error)}`);
    return false;
  }
  if (header.length === 0) return true;
  try {
    const begin = await readBegin(path, header.length);
    if (equalBytes(begin, header)) return true;
    if (begin.length > 0 && begin.length < header.length) throw new Error('unexpected EOF');
    const short = begin.length === 0 ? ' (too short)' : '';
    onProblem(`invalid${short} signature in exclusion tagfile ${JSON.stringify(file)}`);
  } catch (error) {
    onProblem(`could not read signature from exclusion tagfile ${JSON.stringify(file)}: ${reasonOf(error)}`);
  }
  return false;
}

async function readBegin(path: string | Buffer, length: number): Promise<Bytes> {
  const file = await open(path, 'r');
  try {
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await file.read(bytes, filled, length - filled, filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  } finally {
    await file.close();
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
