/**
 * A file in `snapshots/`: one state of some folders, by the tree that holds it. JSON in the order of restic's fields,
 * without a line feed; absent, empty and zero members are left out, but `paths` is always there.
 * Members that other programs add (rustic: label, description, delete, …) are passed over.
 */
import type { Bytes } from '../base/bytes.js';
import { utf8 } from '../base/bytes.js';
import type { SnapshotId, TreeId } from '../base/ids.js';
import { goJsonString } from './go-json.js';
import { GO_ZERO_TIME } from './go-time.js';
import { JsonFields } from './json-fields.js';

/** What the backup did, as restic 0.17 and later record it. */
export interface SnapshotSummary {
  /** RFC 3339, as `Snapshot.time`. */
  readonly backupStart: string;
  readonly backupEnd: string;
  readonly filesNew: number;
  readonly filesChanged: number;
  readonly filesUnmodified: number;
  readonly dirsNew: number;
  readonly dirsChanged: number;
  readonly dirsUnmodified: number;
  readonly dataBlobs: number;
  readonly treeBlobs: number;
  /** Bytes before and after compression and sealing. */
  readonly dataAdded: number;
  readonly dataAddedPacked: number;
  readonly totalFilesProcessed: number;
  readonly totalBytesProcessed: number;
}

export interface Snapshot {
  /** RFC 3339 with up to 9 digits of a second and any offset. Set by the client's clock: no base for ordering. */
  readonly time: string;
  readonly parent?: SnapshotId;
  readonly tree: TreeId;
  /** Absolute paths of what was backed up, in the writer's notation. */
  readonly paths: readonly string[] | null;
  readonly hostname?: string;
  readonly username?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly excludes?: readonly string[];
  readonly tags?: readonly string[];
  /** The snapshot of which this one is a rewritten form. */
  readonly original?: SnapshotId;
  readonly programVersion?: string;
  readonly summary?: SnapshotSummary;
}

type Counter = Exclude<keyof SnapshotSummary, 'backupStart' | 'backupEnd'>;

const COUNTERS: readonly (readonly [Counter, string])[] = [
  ['filesNew', 'files_new'],
  ['filesChanged', 'files_changed'],
  ['filesUnmodified', 'files_unmodified'],
  ['dirsNew', 'dirs_new'],
  ['dirsChanged', 'dirs_changed'],
  ['dirsUnmodified', 'dirs_unmodified'],
  ['dataBlobs', 'data_blobs'],
  ['treeBlobs', 'tree_blobs'],
  ['dataAdded', 'data_added'],
  ['dataAddedPacked', 'data_added_packed'],
  ['totalFilesProcessed', 'total_files_processed'],
  ['totalBytesProcessed', 'total_bytes_processed'],
];
const MAX_U32 = 0xffff_ffff;

export function encodeSnapshot(snapshot: Snapshot): Bytes {
  const members = [`"time":${goJsonString(snapshot.time)}`];
  if (snapshot.parent !== undefined) members.push(`"parent":"${snapshot.parent}"`);
  members.push(`"tree":"${snapshot.tree}"`, `"paths":${snapshot.paths === null ? 'null' : strings(snapshot.paths)}`);
  if (snapshot.hostname) members.push(`"hostname":${goJsonString(snapshot.hostname)}`);
  if (snapshot.username) members.push(`"username":${goJsonString(snapshot.username)}`);
  if (snapshot.uid) members.push(`"uid":${snapshot.uid}`);
  if (snapshot.gid) members.push(`"gid":${snapshot.gid}`);
  if (snapshot.excludes?.length) members.push(`"excludes":${strings(snapshot.excludes)}`);
  if (snapshot.tags?.length) members.push(`"tags":${strings(snapshot.tags)}`);
  if (snapshot.original !== undefined) members.push(`"original":"${snapshot.original}"`);
  if (snapshot.programVersion) members.push(`"program_version":${goJsonString(snapshot.programVersion)}`);
  if (snapshot.summary !== undefined) members.push(`"summary":${encodeSummary(snapshot.summary)}`);
  return utf8(`{${members.join(',')}}`);
}

/** Throws 'damaged'. */
export function decodeSnapshot(bytes: Bytes, what: string): Snapshot {
  const fields = JsonFields.parse(bytes, what);
  const summary = fields.object('summary');
  const optional = {
    parent: fields.id<SnapshotId>('parent'),
    hostname: fields.string('hostname'),
    username: fields.string('username'),
    uid: fields.integer('uid', MAX_U32),
    gid: fields.integer('gid', MAX_U32),
    excludes: fields.strings('excludes'),
    tags: fields.strings('tags'),
    original: fields.id<SnapshotId>('original'),
    programVersion: fields.string('program_version'),
    summary: summary && decodeSummary(summary),
  };
  return {
    time: fields.need('time', fields.time('time')),
    tree: fields.need('tree', fields.id<TreeId>('tree')),
    paths: fields.strings('paths') ?? null,
    ...withoutUndefined(optional),
  };
}

function strings(items: readonly string[]): string {
  return `[${items.map(goJsonString).join(',')}]`;
}

function encodeSummary(summary: SnapshotSummary): string {
  const times = `"backup_start":${goJsonString(summary.backupStart)},"backup_end":${goJsonString(summary.backupEnd)}`;
  return `{${times},${COUNTERS.map(([key, name]) => `"${name}":${summary[key]}`).join(',')}}`;
}

function decodeSummary(fields: JsonFields): SnapshotSummary {
  const counters = COUNTERS.map(([key, name]) => [key, fields.integer(name) ?? 0] as const);
  return {
    backupStart: fields.time('backup_start') ?? GO_ZERO_TIME,
    backupEnd: fields.time('backup_end') ?? GO_ZERO_TIME,
    ...(Object.fromEntries(counters) as Record<Counter, number>),
  };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function withoutUndefined<T extends object>(object: T): Defined<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>;
}
