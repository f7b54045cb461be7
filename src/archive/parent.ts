/** Which earlier snapshot a backup builds on: the latest of the same host, paths or tags, as restic chooses. */
import type { GroupBy } from '../browse/group.js';
import type { NamedSnapshot, SnapshotFilter } from '../browse/select.js';
import { loadSnapshots } from '../browse/select.js';
import { parseGoTime } from '../repo/go-time.js';
import type { Repository } from '../repo/repository.js';

export interface ParentOptions {
  /** Absolute. */
  readonly paths: readonly string[];
  readonly hostname: string;
  readonly tags?: readonly string[] | undefined;
  /** By host and paths unless given. */
  readonly groupBy?: GroupBy | undefined;
  /** No snapshot made after this, in nanoseconds since 1970. */
  readonly notAfterNs?: bigint | undefined;
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_GROUP: GroupBy = { host: true, paths: true, tags: false };

/** The latest that fits; undefined if there is none. Throws 'damaged' for a snapshot that cannot be read. */
export async function findParent(repo: Repository, options: ParentOptions): Promise<NamedSnapshot | undefined> {
  const { hostname, paths, tags = [], groupBy = DEFAULT_GROUP, notAfterNs, signal } = options;
  const filter: SnapshotFilter = {
    ...(groupBy.host ? { hosts: [hostname] } : {}),
    ...(groupBy.paths ? { paths } : {}),
    ...(groupBy.tags ? { tags: [tags] } : {}),
  };
  const snapshots = await loadSnapshots(repo, { filter, signal });
  return snapshots.findLast(({ snapshot }) => notAfterNs === undefined || parseGoTime(snapshot.time) <= notAfterNs);
}
