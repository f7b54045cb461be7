/**
 * What this PC knows from its last sync, in two files of `.cloud-sync`:
 *   state.json   {"schema":2, "instance_id", "device_id", "key_hint", "base", "root", "scope", "files":{rows,sha256},
 *                 "seen", "pending", "deletion_meant"}
 *   files.bin    the table of files (file-table.ts)
 * The first is small and all that a pull with nothing new needs. It names the second by its hash: after a crash
 * between the two writes the table counts as missing, and files are read again. All of it can be rebuilt, so a broken
 * state costs time and never a file.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Bytes } from '../../base/bytes.js';
import { ioError, isSyncError, SyncError } from '../../base/errors.js';
import { isId, parseId, type SnapshotId, type TreeId } from '../../base/ids.js';
import { writeFileAtomic } from '../swap/atomic-write.js';
import { nodeFs } from '../swap/fs-ops.js';
import { decodeFileTable, encodeFileTable, type FileRecord, type FileTable } from './file-table.js';
import { type Instance, newInstanceId } from './instance.js';
import { badSettings, isJsonObject, isStringArray, type JsonObject, readJsonFile } from './json-file.js';

export type { FileRecord, FileTable } from './file-table.js';

const STATE_FILE = 'state.json';
const TABLE_FILE = 'files.bin';
const SCHEMA = 2;
const REBUILT = 'it is built anew, nothing is lost';

/** The small part. */
export interface StateHead {
  /** Snapshot of the last sync. */
  readonly base?: SnapshotId;
  /** Its root tree, as this program would write it. */
  readonly root?: TreeId;
  /** Snapshots that the repository had then. */
  readonly seen: ReadonlySet<string>;
  /** Key file that the password opened last: tried first. */
  readonly keyHint?: string;
  /** Scope of the last sync, '' before the first. */
  readonly scopeFingerprint: string;
  /** ULID of this game folder on this PC, made once. */
  readonly deviceId: string;
  /** The snapshot of what was here, that was about to be sent: if the cloud has it, it is the last sync. */
  readonly pending?: SnapshotId;
  /** What is gone since the last sync was taken away by a command of the player's: nobody needs to be asked. */
  readonly deletionMeant?: boolean;
}

export interface State extends StateHead {
  readonly files: FileTable;
}

export interface StoredState<T> {
  /** Undefined if there is none, or none that counts. */
  readonly state: T | undefined;
  readonly warnings: string[];
}

/** The state before the first sync. */
export function newState(): State {
  return { seen: new Set(), scopeFingerprint: '', deviceId: newInstanceId(), files: new Map() };
}

/**
 * The small part alone. A state that is broken (then with a warning), older or another instance's counts as missing;
 * one of a newer schema throws 'bad-settings'.
 */
export async function readStateHead(instance: Instance): Promise<StoredState<StateHead>> {
  const { state, warnings } = await readStored(instance);
  return { state: state?.head, warnings };
}

/** As readStateHead, with the table; a table that is missing or does not belong to the head is empty. */
export async function readState(instance: Instance): Promise<StoredState<State>> {
  const { state, warnings } = await readStored(instance);
  if (state === undefined) return { state, warnings };
  return { state: { ...state.head, files: await readTable(instance, state.tableHash) }, warnings };
}

/** Durable when it returns; a crash in between leaves the old state or the new one without its table. */
export async function writeState(instance: Instance, state: State): Promise<void> {
  const table = encodeFileTable(state.files);
  await writeFileAtomic(nodeFs, join(instance.cloudFolder, TABLE_FILE), table);
  await writeHead(instance, state, table);
}

/** Adds to what is known; the table stays as it is on the disk. */
export async function amendState(
  instance: Instance,
  state: State,
  news: Pick<StateHead, 'pending' | 'deletionMeant'>,
): Promise<void> {
  await writeHead(instance, { ...state, ...news }, encodeFileTable(state.files));
}

async function writeHead(instance: Instance, state: State, table: Bytes): Promise<void> {
  const sha256 = createHash('sha256').update(table).digest('hex');
  const object = {
    schema: SCHEMA,
    instance_id: instance.settings.instanceId,
    device_id: state.deviceId,
    key_hint: state.keyHint ?? null,
    base: state.base ?? null,
    root: state.root ?? null,
    scope: state.scopeFingerprint,
    files: { rows: state.files.size, sha256 },
    seen: [...state.seen],
    ...(state.pending === undefined ? {} : { pending: state.pending }),
    ...(state.deletionMeant === true ? { deletion_meant: true } : {}),
  };
  await writeFileAtomic(nodeFs, join(instance.cloudFolder, STATE_FILE), `${JSON.stringify(object)}\n`);
}

interface Stored {
  readonly head: StateHead;
  readonly tableHash: string;
}

async function readStored(instance: Instance): Promise<StoredState<Stored>> {
  const path = join(instance.cloudFolder, STATE_FILE);
  try {
    const object = await readJsonFile(nodeFs, path, REBUILT);
    if (object === undefined || isForeign(object, instance, path)) return { state: undefined, warnings: [] };
    return { state: decodeStored(object, path), warnings: [] };
  } catch (error) {
    if (!isSyncError(error, 'bad-settings', 'damaged') || error.details['newer'] === true) throw error;
    return { state: undefined, warnings: [error.message] };
  }
}

/** Whether it is older than schema 2, or of another instance. Throws for a newer one. */
function isForeign(object: JsonObject, instance: Instance, path: string): boolean {
  const schema = object['schema'];
  if (typeof schema === 'number' && schema > SCHEMA) {
    const message = `${path} has schema ${schema}, this program knows schemas up to ${SCHEMA}; update instance-sync`;
    throw new SyncError('bad-settings', message, { details: { path, newer: true } });
  }
  if (schema === undefined || (typeof schema === 'number' && schema < SCHEMA)) return true;
  if (schema !== SCHEMA) throw badSettings(path, 'has a schema that is no number', REBUILT);
  return object['instance_id'] !== instance.settings.instanceId;
}

/** Undefined for a state without our keys: written by the predecessor, so there is nothing to go on. */
function decodeStored(object: JsonObject, path: string): Stored | undefined {
  const { device_id: deviceId, key_hint: keyHint = null, base, root, seen, scope, files, pending = null } = object;
  if (deviceId === undefined && seen === undefined) return undefined;
  const sha256 = isJsonObject(files) ? files['sha256'] : undefined;
  if (
    typeof deviceId !== 'string' ||
    !isStringArray(seen) ||
    !seen.every(isId) ||
    typeof scope !== 'string' ||
    (keyHint !== null && typeof keyHint !== 'string') ||
    typeof sha256 !== 'string'
  ) {
    throw badSettings(path, 'has values of a wrong type', REBUILT);
  }
  const head: StateHead = {
    ...(keyHint === null ? {} : { keyHint }),
    ...(base === null ? {} : { base: parseId<SnapshotId>(base, `${path}: base`) }),
    ...(root === null ? {} : { root: parseId<TreeId>(root, `${path}: root`) }),
    ...(pending === null ? {} : { pending: parseId<SnapshotId>(pending, `${path}: pending`) }),
    ...(object['deletion_meant'] === true ? { deletionMeant: true } : {}),
    seen: new Set(seen),
    scopeFingerprint: scope,
    deviceId,
  };
  return { head, tableHash: sha256 };
}

async function readTable(instance: Instance, sha256: string): Promise<FileTable> {
  const path = join(instance.cloudFolder, TABLE_FILE);
  const bytes = await nodeFs.readFile(path).catch((error: unknown) => {
    throw ioError(error, 'cannot read', path);
  });
  if (bytes === undefined || createHash('sha256').update(bytes).digest('hex') !== sha256) return new Map();
  return decodeFileTable(bytes) ?? new Map<string, FileRecord>();
}
