/**
 * Snapshots in groups of equal host, paths and tags, or of some of these: as they are listed, forgotten, and searched
 * for a parent. The order of paths and tags in a snapshot does not matter for its group.
 */
import { SyncError } from '../base/errors.js';
import { goJsonString } from '../repo/go-json.js';
import { compareNames } from '../repo/name-order.js';
import type { NamedSnapshot } from './select.js';

export interface GroupBy {
  readonly host: boolean;
  readonly paths: boolean;
  readonly tags: boolean;
}

/** What all snapshots of a group have in common; parts that do not count are '' and null. */
export interface GroupKey {
  readonly hostname: string;
  /** Sorted; null also for snapshots that have none. */
  readonly paths: readonly string[] | null;
  readonly tags: readonly string[] | null;
}

export interface SnapshotGroup {
  readonly key: GroupKey;
  /** In the order in which they were given; paths, and tags if these count, are sorted. */
  readonly snapshots: readonly NamedSnapshot[];
}

/** "host,paths,tags", in singular or plural; '' groups by nothing. Throws 'usage' in restic's words. */
export function parseGroupBy(text: string): GroupBy {
  const groupBy = { host: false, paths: false, tags: false };
  for (const option of text.split(',')) {
    if (option === 'host' || option === 'hosts') groupBy.host = true;
    else if (option === 'path' || option === 'paths') groupBy.paths = true;
    else if (option === 'tag' || option === 'tags') groupBy.tags = true;
    else if (option !== '') throw new SyncError('usage', `unknown grouping option: ${JSON.stringify(option)}`);
  }
  return groupBy;
}

/** Whether anything counts. */
export function isGrouped({ host, paths, tags }: GroupBy): boolean {
  return host || paths || tags;
}

/** One group for each key, in the order in which the keys are met; no snapshots, no groups. */
export function groupSnapshots(snapshots: readonly NamedSnapshot[], groupBy: GroupBy): SnapshotGroup[] {
  const groups = new Map<string, { key: GroupKey; snapshots: NamedSnapshot[] }>();
  for (const { id, snapshot } of snapshots) {
    const paths = sorted(snapshot.paths);
    const tags = sorted(snapshot.tags);
    const key: GroupKey = {
      hostname: groupBy.host ? (snapshot.hostname ?? '') : '',
      paths: groupBy.paths ? paths : null,
      tags: groupBy.tags ? tags : null,
    };
    const own = { id, snapshot: { ...snapshot, paths, ...(groupBy.tags && tags !== null ? { tags } : {}) } };
    const text = encodeGroupKey(key);
    const group = groups.get(text);
    if (group) group.snapshots.push(own);
    else groups.set(text, { key, snapshots: [own] });
  }
  return [...groups.values()];
}

/** As restic's JSON has it. */
export function encodeGroupKey({ hostname, paths, tags }: GroupKey): string {
  return `{"hostname":${goJsonString(hostname)},"paths":${list(paths)},"tags":${list(tags)}}`;
}

function list(items: readonly string[] | null): string {
  return items === null ? 'null' : `[${items.map(goJsonString).join(',')}]`;
}

function sorted(items: readonly string[] | null | undefined): readonly string[] | null {
  return items ? [...items].sort(compareNames) : null;
}
