/**
 * Which snapshots are meant: by id or its beginning, by "latest", by host, tags and paths; and what of them, by
 * "<snapshot>:<folder>". As restic chooses, so that both programs act on the same ones.
 */
import { forEachLimit } from '../base/concurrency.js';
import { SyncError } from '../base/errors.js';
import type { SnapshotId } from '../base/ids.js';
import { isId, shortId } from '../base/ids.js';
import { parseGoTime } from '../repo/go-time.js';
import type { Repository } from '../repo/repository.js';
import type { Snapshot } from '../repo/snapshot.js';

export interface NamedSnapshot {
  readonly id: SnapshotId;
  readonly snapshot: Snapshot;
}

/** Absent and empty parts choose all. */
export interface SnapshotFilter {
  /** Any of these. */
  readonly hosts?: readonly string[];
  /** Any of these lists, all tags of a list; an empty text in a list stands for "has no tags". */
  readonly tags?: readonly (readonly string[])[];
  /** All of these, absolute. */
  readonly paths?: readonly string[];
}

export interface SelectOptions {
  readonly filter?: SnapshotFilter | undefined;
  readonly signal?: AbortSignal | undefined;
  /** A snapshot file that cannot be read, or an id that names none: told here, and the rest goes on; thrown without it. */
  readonly onProblem?: ((id: string, error: unknown) => void) | undefined;
}

const CONNECTIONS = 5;

/** All snapshots, the oldest first; equal times in order of their ids. */
export async function loadSnapshots(repo: Repository, options: SelectOptions = {}): Promise<NamedSnapshot[]> {
  const found: NamedSnapshot[] = [];
  const ids = await repo.listSnapshots(options.signal);
  await forEachLimit(
    ids,
    CONNECTIONS,
    async (id) => {
      try {
        const snapshot = await repo.loadSnapshot(id, options.signal);
        if (matches(snapshot, options.filter ?? {})) found.push({ id, snapshot });
      } catch (error) {
        if (options.onProblem === undefined || options.signal?.aborted) throw error;
        options.onProblem(id, error);
      }
    },
    options.signal,
  );
  return sortByTime(found);
}

/**
 * The snapshots that a command line names: those of `specs` (the filter then only chooses what "latest" is), or all that
 * the filter lets through if there are none. Each comes once, the oldest first.
 */
export async function selectSnapshots(
  repo: Repository,
  specs: readonly string[],
  options: SelectOptions = {},
): Promise<NamedSnapshot[]> {
  if (specs.length === 0) return loadSnapshots(repo, options);
  const ids = await repo.listSnapshots(options.signal);
  const found = new Map<SnapshotId, NamedSnapshot>();
  for (const spec of specs) {
    try {
      const one = await selectFrom(repo, ids, spec, options);
      found.set(one.id, one);
    } catch (error) {
      if (options.onProblem === undefined || options.signal?.aborted) throw error;
      options.onProblem(spec, error);
    }
  }
  return [...found.values()];
}

export interface SelectedFolder extends NamedSnapshot {
  /** What follows the colon, without slashes at its ends; '' for all of the snapshot. */
  readonly subfolder: string;
}

/** One snapshot by id, beginning of an id, or "latest", with ":folder" behind it. Throws 'not-found', 'usage'. */
export async function selectSnapshot(
  repo: Repository,
  spec: string,
  options: SelectOptions = {},
): Promise<SelectedFolder> {
  const { name, subfolder } = splitSpec(spec);
  const one = await selectFrom(repo, await repo.listSnapshots(options.signal), name, options);
  return { ...one, subfolder };
}

/** "latest:a/b" is the folder a/b of the latest snapshot. */
export function splitSpec(spec: string): { readonly name: string; readonly subfolder: string } {
  const colon = spec.indexOf(':');
  if (colon < 0) return { name: spec, subfolder: '' };
  const steps = spec.slice(colon + 1).split('/');
  return { name: spec.slice(0, colon), subfolder: steps.filter((step) => step !== '' && step !== '.').join('/') };
}

/** Throws 'usage' for a beginning that fits several, 'not-found' if it fits none. */
export function findByPrefix<T extends string>(ids: readonly T[], prefix: string, what: string): T {
  const found = isId(prefix) ? ids.filter((id) => id === prefix) : ids.filter((id) => id.startsWith(prefix));
  const [first] = found;
  if (first === undefined || prefix === '')
    throw new SyncError('not-found', `no matching ID found for prefix "${prefix}"`);
  if (found.length > 1) {
    throw new SyncError('usage', `multiple IDs with prefix "${prefix}" found: give more digits of the ${what}'s id`);
  }
  return first;
}

async function selectFrom(
  repo: Repository,
  ids: readonly SnapshotId[],
  spec: string,
  options: SelectOptions,
): Promise<NamedSnapshot> {
  if (spec === 'latest') {
    const last = (await loadSnapshots(repo, options)).at(-1);
    if (last === undefined) throw new SyncError('not-found', 'no snapshot found');
    return last;
  }
  const id = findByPrefix(ids, spec, 'snapshot');
  return { id, snapshot: await repo.loadSnapshot(id, options.signal) };
}

export function matches(snapshot: Snapshot, filter: SnapshotFilter): boolean {
  const { hosts = [], tags = [], paths = [] } = filter;
  const ownPaths = new Set(snapshot.paths ?? []);
  return (
    (hosts.length === 0 || hosts.includes(snapshot.hostname ?? '')) &&
    (tags.length === 0 || tags.some((list) => hasTags(snapshot, list))) &&
    paths.every((path) => ownPaths.has(path))
  );
}

/** Whether it has all of the tags; the list [''] asks for none at all. */
export function hasTags(snapshot: Snapshot, tags: readonly string[]): boolean {
  const own = snapshot.tags ?? [];
  return tags.every((tag) => (tag === '' ? own.length === 0 : own.includes(tag)));
}

function sortByTime(snapshots: NamedSnapshot[]): NamedSnapshot[] {
  const keyed = snapshots.map((one) => ({ one, ns: parseGoTime(one.snapshot.time) }));
  keyed.sort((a, b) => (a.ns === b.ns ? (a.one.id < b.one.id ? -1 : 1) : a.ns < b.ns ? -1 : 1));
  return keyed.map(({ one }) => one);
}

/** For messages: `snapshot 1a2b3c4d of [/home/x] at <time>`. */
export function describeSnapshot({ id, snapshot }: NamedSnapshot): string {
  return `snapshot ${shortId(id)} of [${(snapshot.paths ?? []).join(' ')}] at ${snapshot.time} by ${snapshot.username ?? ''}@${snapshot.hostname ?? ''}`;
}
