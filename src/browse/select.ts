/**
 * Which snapshots are meant: by id or its beginning, by "latest", by host, tags and paths; and what of them, by
 * "<snapshot>:<folder>". As restic chooses, so that both programs act on the same ones.
 */
import { forEachLimit } from '../base/concurrency.js';
import { isSyncError, SyncError } from '../base/errors.js';
import type { SnapshotId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import type { ZoneNames } from '../repo/go-time.js';
import { parseGoTime, printGoTime } from '../repo/go-time.js';
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
  /**
   * A snapshot file that cannot be read, or an id that names none: told here by what named it, and the rest goes on;
   * thrown without it. Also told, as "filters": that a filter was given which has no say.
   */
  readonly onProblem?: ((name: string, error: unknown) => void) | undefined;
}

const CONNECTIONS = 5;

/** All snapshots that the filter lets through, the oldest first; equal times in order of their ids. */
export async function loadSnapshots(repo: Repository, options: SelectOptions = {}): Promise<NamedSnapshot[]> {
  return loadListed(repo, await repo.listSnapshots(options.signal), options);
}

async function loadListed(
  repo: Repository,
  ids: readonly SnapshotId[],
  options: SelectOptions,
): Promise<NamedSnapshot[]> {
  const found: NamedSnapshot[] = [];
  await forEachLimit(
    ids,
    CONNECTIONS,
    async (id) => {
      try {
        const one = await loadNamed(repo, id, options.signal);
        if (matches(one.snapshot, options.filter ?? {})) found.push(one);
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
 * The snapshots that a command line names: those of `specs`, each once and in that order (the filter then only chooses
 * what "latest" is); or all that the filter lets through if there are none, the oldest first.
 */
export async function selectSnapshots(
  repo: Repository,
  specs: readonly string[],
  options: SelectOptions = {},
): Promise<NamedSnapshot[]> {
  if (specs.length === 0) return loadSnapshots(repo, options);
  const ids = await repo.listSnapshots(options.signal);
  const found = new Map<SnapshotId, NamedSnapshot>();
  for (const spec of new Set(specs)) {
    try {
      const one = await selectWhole(repo, ids, spec, options);
      if (!found.has(one.id)) found.set(one.id, one);
    } catch (error) {
      if (options.onProblem === undefined || options.signal?.aborted) throw error;
      options.onProblem(spec, error);
    }
  }
  if (!specs.includes('latest') && !isEmpty(options.filter ?? {})) {
    options.onProblem?.('filters', new SyncError('usage', 'explicit snapshot ids are given'));
  }
  return [...found.values()];
}

async function selectWhole(
  repo: Repository,
  ids: readonly SnapshotId[],
  spec: string,
  options: SelectOptions,
): Promise<NamedSnapshot> {
  if (/:./s.test(spec)) throw new SyncError('usage', '<snapshot>:<subfolder> syntax not allowed');
  const { filter = {} } = options;
  const one = await selectFrom(repo, ids, splitSpec(spec).name, options);
  if (one === undefined) throw new SyncError('not-found', `no snapshot matched given filter ${describeFilter(filter)}`);
  return one;
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
  const { filter = {} } = options;
  const one = await selectFrom(repo, await repo.listSnapshots(options.signal), name, options);
  if (one !== undefined) return { ...one, subfolder };
  throw new SyncError('not-found', `snapshot filter ${describeFilter(filter)}: no snapshot found`);
}

/** As selectSnapshot, for commands that know no "latest": it is looked for among the ids. */
export async function selectById(repo: Repository, spec: string, signal?: AbortSignal): Promise<SelectedFolder> {
  const { name, subfolder } = splitSpec(spec);
  const id = findByPrefix(await repo.listSnapshots(signal), name);
  return { ...(await loadNamed(repo, id, signal)), subfolder };
}

/** "latest:a/b" is the folder a/b of the latest snapshot. */
export function splitSpec(spec: string): { readonly name: string; readonly subfolder: string } {
  const colon = spec.indexOf(':');
  if (colon < 0) return { name: spec, subfolder: '' };
  const steps = spec.slice(colon + 1).split('/');
  return { name: spec.slice(0, colon), subfolder: steps.filter((step) => step !== '' && step !== '.').join('/') };
}

/** Throws 'usage' for a beginning that fits several, 'not-found' if it fits none. */
export function findByPrefix<T extends string>(ids: readonly T[], prefix: string): T {
  const found = ids.filter((id) => id.startsWith(prefix));
  const [first] = found;
  if (found.length > 1) throw new SyncError('usage', `multiple IDs with prefix "${prefix}" found`);
  // Nothing is the beginning of everything; but whoever says nothing does not mean the only one there is.
  if (first !== undefined && prefix !== '') return first;
  throw new SyncError('not-found', `no matching ID found for prefix "${prefix}"`);
}

/** Undefined if there is no latest. It is not known which one that is while one cannot be read. */
async function selectFrom(
  repo: Repository,
  ids: readonly SnapshotId[],
  name: string,
  { filter, signal }: SelectOptions,
): Promise<NamedSnapshot | undefined> {
  if (name === 'latest') return (await loadListed(repo, ids, { filter, signal })).at(-1);
  return loadNamed(repo, findByPrefix(ids, name), signal);
}

async function loadNamed(repo: Repository, id: SnapshotId, signal?: AbortSignal): Promise<NamedSnapshot> {
  try {
    return { id, snapshot: await repo.loadSnapshot(id, signal) };
  } catch (error) {
    if (!isSyncError(error) || error.code === 'aborted') throw error;
    const message = `failed to load snapshot ${shortId(id)}: ${error.message}`;
    throw new SyncError(error.code, message, {
      cause: error,
      retryable: error.retryable,
      details: { ...error.details, id },
    });
  }
}

function isEmpty({ hosts = [], tags = [], paths = [] }: SnapshotFilter): boolean {
  return hosts.length + tags.length + paths.length === 0;
}

/** "(Paths:[/a /b] Tags:[[x, y] [z]] Hosts:[pc])". */
function describeFilter({ hosts = [], tags = [], paths = [] }: SnapshotFilter): string {
  const lists = tags.map((one) => `[${one.join(', ')}]`);
  return `(Paths:[${paths.join(' ')}] Tags:[${lists.join(' ')}] Hosts:[${hosts.join(' ')}])`;
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

/** Whether it has all of the tags. A snapshot without any fits a list up to whose empty tag all is well: it is asked for. */
export function hasTags(snapshot: Snapshot, tags: readonly string[]): boolean {
  const own = snapshot.tags ?? [];
  for (const tag of tags) {
    if (tag === '' && own.length === 0) return true;
    if (!own.includes(tag)) return false;
  }
  return true;
}

/** A new list, the oldest first; equal times in order of their ids. */
export function sortByTime(snapshots: readonly NamedSnapshot[]): NamedSnapshot[] {
  const keyed = snapshots.map((one) => ({ one, ns: parseGoTime(one.snapshot.time) }));
  keyed.sort((a, b) => (a.ns === b.ns ? (a.one.id < b.one.id ? -1 : 1) : a.ns < b.ns ? -1 : 1));
  return keyed.map(({ one }) => one);
}

/** For messages, as restic prints one: `snapshot 1a2b3c4d of [/home/x] at <time> by root@pc`. */
export function describeSnapshot({ id, snapshot }: NamedSnapshot, names?: ZoneNames): string {
  const { paths, time, username = '', hostname = '' } = snapshot;
  const when = printGoTime(time, names);
  return `snapshot ${shortId(id)} of [${(paths ?? []).join(' ')}] at ${when} by ${username}@${hostname}`;
}
