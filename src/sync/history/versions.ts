/**
 * The versions (snapshots) that the cloud holds: in an order that a player can follow, and one of them by what a
 * player typed.
 */
import { SyncError } from '../../base/errors.js';
import type { SnapshotId } from '../../base/ids.js';
import { shortId } from '../../base/ids.js';
import { parseGoTime } from '../../repo/go-time.js';
import type { Repository } from '../../repo/repository.js';
import { openRepository } from '../account/open-repository.js';
import type { KnownSnapshot } from '../merge/heads.js';
import { followedBy, indexByName } from '../merge/heads.js';
import { FORMAT, formatOf } from '../merge/snapshot-tags.js';
import { readCloud } from '../remote-side.js';
import type { SyncSession } from '../session.js';
import { repositoryLock } from '../session.js';

/**
 * Runs `work` with the repository opened for reading, its index loaded, and no prune able to come between. Undefined
 * if the cloud holds nothing of this instance yet.
 */
export async function readVersions<T>(
  session: SyncSession,
  work: (repo: Repository, ids: readonly SnapshotId[]) => Promise<T>,
): Promise<T | undefined> {
  const { signal } = session;
  session.phase('connecting');
  const remote = await session.connect();
  const ids = await remote.listSnapshots(signal);
  const repo = await openRepository(session, remote);
  if (repo === undefined || ids.length === 0) return undefined;
  return repo.read({ signal, lock: repositoryLock(session) }, async () => {
    await repo.loadIndex(signal);
    return work(repo, ids);
  });
}

/** `spec`: 'latest', or an id or its beginning. Throws 'not-found', or 'usage' if it fits several. */
export async function findVersion(
  session: SyncSession,
  repo: Repository,
  ids: readonly SnapshotId[],
  spec: string,
): Promise<KnownSnapshot> {
  if (spec === 'latest') {
    const [head, ...others] = (await readCloud(session, repo, ids)).heads;
    if (head === undefined) throw nothingInCloud();
    if (others.length > 0) throw severalHeads([head, ...others]);
    return head;
  }
  const prefix = spec.toLowerCase();
  if (!/^[0-9a-f]{1,64}$/.test(prefix)) {
    const message = `${JSON.stringify(spec)} is no version: give the beginning of an id from "history", or "latest"`;
    throw new SyncError('usage', message);
  }
  const [id, ...more] = ids.filter((one) => one.startsWith(prefix));
  if (id === undefined) throw new SyncError('not-found', `the cloud holds no version ${prefix}; "history" lists them`);
  if (more.length > 0)
    throw new SyncError('usage', `${more.length + 1} versions begin with ${prefix}; give more digits`);
  return readable({ id, snapshot: await repo.loadSnapshot(id, session.signal) });
}

/** The version itself. Throws 'unsupported' for one that this program would misunderstand. */
export function readable(known: KnownSnapshot): KnownSnapshot {
  const { id, snapshot } = known;
  if (formatOf(snapshot.tags) <= FORMAT) return known;
  const by = snapshot.programVersion ?? 'a newer program';
  const message = `version ${shortId(id)}, made by ${by}, is in a newer form; update instance-sync on this PC`;
  throw new SyncError('unsupported', message, { details: { snapshot: id } });
}

export function nothingInCloud(): SyncError {
  return new SyncError('not-found', 'the cloud holds no version of this instance yet; the first push makes one');
}

function severalHeads(heads: readonly KnownSnapshot[]): SyncError {
  const names = heads.map(({ id, snapshot }) => `${shortId(id)} from ${snapshot.hostname ?? 'unknown'}`);
  const message = `the cloud holds ${heads.length} newest versions (${names.join(', ')}); give the id of one`;
  return new SyncError('usage', message, { details: { heads: heads.map(({ id }) => id) } });
}

/**
 * Newest first, so that no version comes before one that follows it, whatever the clocks say. Time decides only
 * between versions of which neither is known to follow the other.
 */
export function newestFirst(snapshots: readonly KnownSnapshot[]): KnownSnapshot[] {
  const byName = indexByName(snapshots);
  const before = new Map(snapshots.map((one) => [one.id, precursors(one, byName)]));
  /** How many that follow it are not told yet. */
  const waiting = new Map<SnapshotId, number>();
  for (const { id } of [...before.values()].flat()) waiting.set(id, (waiting.get(id) ?? 0) + 1);
  const isLater = byTime(snapshots);
  /** The latest at the end. */
  const ready: KnownSnapshot[] = [];
  for (const one of snapshots) if (!waiting.has(one.id)) insert(ready, one, isLater);
  const order: KnownSnapshot[] = [];
  for (let one = ready.pop(); one !== undefined; one = ready.pop()) {
    order.push(one);
    for (const earlier of before.get(one.id) ?? []) {
      const left = (waiting.get(earlier.id) ?? 0) - 1;
      waiting.set(earlier.id, left);
      if (left === 0) insert(ready, earlier, isLater);
    }
  }
  // Names given by hand (`restic rewrite`) can close a ring, in which nothing is first.
  const told = new Set(order);
  return [...order, ...snapshots.filter((one) => !told.has(one)).sort((a, b) => (isLater(a, b) ? -1 : 1))];
}

type IsLater = (a: KnownSnapshot, b: KnownSnapshot) => boolean;

function byTime(snapshots: readonly KnownSnapshot[]): IsLater {
  const times = new Map(snapshots.map((one) => [one.id, parseGoTime(one.snapshot.time)]));
  return (a, b) => {
    const [x, y] = [times.get(a.id) ?? 0n, times.get(b.id) ?? 0n];
    return x === y ? a.id < b.id : x > y;
  };
}

/** Into a list with the latest at its end. */
function insert(list: KnownSnapshot[], one: KnownSnapshot, isLater: IsLater): void {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = list[middle];
    if (other !== undefined && isLater(one, other)) low = middle + 1;
    else high = middle;
  }
  list.splice(low, 0, one);
}

/** Those that it follows and that are still there, each once; the parent first. */
export function precursors(one: KnownSnapshot, byName: ReadonlyMap<string, KnownSnapshot>): KnownSnapshot[] {
  const found = new Set<KnownSnapshot>();
  for (const name of followedBy(one.snapshot)) {
    const other = byName.get(name);
    if (other !== undefined && other.id !== one.id) found.add(other);
  }
  return [...found];
}
