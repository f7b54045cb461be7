/** Snapshots in restic's JSON: the stored members in restic's order, with the id, which no snapshot holds itself. */
import { fromUtf8 } from '../../base/bytes.js';
import { shortId } from '../../base/ids.js';
import type { SnapshotGroup } from '../../browse/group.js';
import { encodeGroupKey } from '../../browse/group.js';
import type { NamedSnapshot } from '../../browse/select.js';
import { normalGoTime } from '../../repo/go-time.js';
import type { Snapshot } from '../../repo/snapshot.js';
import { encodeSnapshot } from '../../repo/snapshot.js';

/** `more` is put at the end: members with their values, as JSON. */
export function snapshotJson({ id, snapshot }: NamedSnapshot, more = ''): string {
  return `${storedJson(snapshot).slice(0, -1)},"id":"${id}","short_id":"${shortId(id)}"${more}}`;
}

/** As it is stored, with times in Go's own notation. */
export function storedJson(snapshot: Snapshot): string {
  const { time, summary } = snapshot;
  const own = { ...snapshot, time: normalGoTime(time) };
  if (summary === undefined) return fromUtf8(encodeSnapshot(own));
  const backupStart = normalGoTime(summary.backupStart);
  const backupEnd = normalGoTime(summary.backupEnd);
  return fromUtf8(encodeSnapshot({ ...own, summary: { ...summary, backupStart, backupEnd } }));
}

export function groupJson({ key, snapshots }: SnapshotGroup): string {
  const list = snapshots.map((one) => snapshotJson(one)).join(',');
  return `{"group_key":${encodeGroupKey(key)},"snapshots":[${list}]}`;
}
