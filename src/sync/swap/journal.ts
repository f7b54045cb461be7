/**
 * The plan of a swap, on disk before the first file moves. `.cloud-sync/journal.json` exists exactly while a swap is
 * under way; how far it came is seen from the files themselves, so it is written once (and once more if the swap turns
 * back). When the swap is done, the same file becomes the manifest of the trash generation by one rename.
 */
import { join } from 'node:path';
import type { FileStamp } from '../../archive/scan.js';
import { fromUtf8 } from '../../base/bytes.js';
import { SyncError } from '../../base/errors.js';
import { isJsonObject, isStringArray, type JsonObject, parseJsonObject } from '../folder/json-file.js';
import { writeFileAtomic } from './atomic-write.js';
import type { FsOps } from './fs-ops.js';

export const JOURNAL_FILE = 'journal.json';
const SCHEMA = 1;

export interface PlacedFile {
  readonly path: string;
  /** Name in the staging folder, relative with '/'. */
  readonly staged: string;
  /** What is in its place before; undefined if nothing. */
  readonly expected: FileStamp | undefined;
  /** The new file as staged. */
  readonly stamp: FileStamp;
}

export interface RemovedFile {
  readonly path: string;
  readonly expected: FileStamp;
}

export interface Journal {
  /** Name of the folder in staging/ and end of the name in trash/. */
  readonly id: string;
  /** ISO 8601; for showing. */
  readonly created: string;
  /** 'back' once the swap was given up: from then on it is only ever undone. */
  readonly direction: 'forward' | 'back';
  /** Name of the folder in trash/. */
  readonly trash: string;
  readonly replace: readonly PlacedFile[];
  readonly remove: readonly RemovedFile[];
  /** Folders that were missing, parents first. */
  readonly makeDirs: readonly string[];
  /** Folders that were there, deepest first. */
  readonly removeDirs: readonly string[];
  /** The caller's own; kept for the history of the trash. */
  readonly note?: JsonObject;
}

export function journalPath(cloudFolder: string): string {
  return join(cloudFolder, JOURNAL_FILE);
}

/** Durable when it returns. */
export async function writeJournal(fs: FsOps, cloudFolder: string, journal: Journal): Promise<void> {
  await writeFileAtomic(fs, journalPath(cloudFolder), encodeJournal(journal));
}

/** The journal at `path`, or undefined if there is none. Throws 'damaged' if it cannot be understood. */
export async function readJournal(fs: FsOps, path: string): Promise<Journal | undefined> {
  const bytes = await fs.readFile(path);
  return bytes === undefined ? undefined : decodeJournal(fromUtf8(bytes), path);
}

export function encodeJournal(journal: Journal): string {
  const { id, created, direction, trash, makeDirs, removeDirs, note } = journal;
  const replace = journal.replace.map((file) => [
    file.path,
    file.staged,
    file.expected === undefined ? null : encodeStamp(file.expected),
    encodeStamp(file.stamp),
  ]);
  const remove = journal.remove.map((file) => [file.path, encodeStamp(file.expected)]);
  const object = { schema: SCHEMA, id, created, direction, trash, replace, remove, makeDirs, removeDirs, note };
  return `${JSON.stringify(object)}\n`;
}

/** Throws 'damaged', or 'unsupported' for a newer schema. Checks types only; paths are checked where they are used. */
export function decodeJournal(text: string, path: string): Journal {
  const object = parseObject(text, path);
  const { schema, id, created, direction, trash, replace, remove, makeDirs, removeDirs, note } = object;
  if (typeof schema === 'number' && schema > SCHEMA) {
    throw new SyncError('unsupported', `${path} was written by a newer instance-sync; update this program`);
  }
  if (typeof created !== 'string' || !isStringArray(makeDirs) || !isStringArray(removeDirs)) throw damaged(path);
  if ((direction !== 'forward' && direction !== 'back') || !isName(id) || !isName(trash)) throw damaged(path);
  if (!Array.isArray(replace) || !Array.isArray(remove)) throw damaged(path);
  return {
    id,
    created,
    direction,
    trash,
    replace: replace.map((row: unknown) => decodePlaced(row, path)),
    remove: remove.map((row: unknown) => decodeRemoved(row, path)),
    makeDirs,
    removeDirs,
    ...(isJsonObject(note) ? { note } : {}),
  };
}

function parseObject(text: string, path: string): JsonObject {
  try {
    return parseJsonObject(text, path, '');
  } catch (cause) {
    throw damaged(path, cause);
  }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9_-]{1,100}$/.test(value);
}

function decodePlaced(row: unknown, path: string): PlacedFile {
  const [name, staged, expected, stamp] = Array.isArray(row) ? (row as unknown[]) : [];
  if (typeof name !== 'string' || typeof staged !== 'string') throw damaged(path);
  const before = expected === null ? undefined : decodeStamp(expected, path);
  return { path: name, staged, expected: before, stamp: decodeStamp(stamp, path) };
}

function decodeRemoved(row: unknown, path: string): RemovedFile {
  const [name, expected] = Array.isArray(row) ? (row as unknown[]) : [];
  if (typeof name !== 'string') throw damaged(path);
  return { path: name, expected: decodeStamp(expected, path) };
}

/** [size, mtime, ctime, inode]; the last three in decimal, as they do not fit into a JSON number. */
function encodeStamp(stamp: FileStamp): unknown[] {
  return [stamp.size, String(stamp.mtimeNs), String(stamp.ctimeNs), String(stamp.inode)];
}

function decodeStamp(value: unknown, path: string): FileStamp {
  const [size, mtime, ctime, inode] = Array.isArray(value) ? (value as unknown[]) : [];
  if (typeof size !== 'number') throw damaged(path);
  const mtimeNs = decodeBig(mtime, path);
  return { size, mtimeNs, ctimeNs: decodeBig(ctime, path), inode: decodeBig(inode, path) };
}

function decodeBig(text: unknown, path: string): bigint {
  if (typeof text !== 'string' || !/^-?\d{1,20}$/.test(text)) throw damaged(path);
  return BigInt(text);
}

function damaged(path: string, cause?: unknown): SyncError {
  const todo = 'the files that it moved are in .cloud-sync/trash and .cloud-sync/staging';
  return new SyncError('damaged', `${path}, the plan of an interrupted pull, is damaged; ${todo}`, { cause });
}
