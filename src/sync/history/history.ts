/**
 * history: the versions of an instance, newest first: when, from which PC, and what changed in it. For looking only:
 * it takes no lock on the game folder.
 */
import { isSyncError } from '../../base/errors.js';
import type { SnapshotId, TreeId } from '../../base/ids.js';
import type { Repository } from '../../repo/repository.js';
import { sameWorld } from '../folder/world-name.js';
import { findGameRoot } from '../game-root.js';
import type { KnownSnapshot } from '../merge/heads.js';
import { findHeads, followedBy, indexByName, isOurs, namesOf } from '../merge/heads.js';
import { loadSnapshots } from '../remote-side.js';
import type { NotConfigured } from '../results.js';
import { NOT_CONFIGURED } from '../results.js';
import type { Services, SyncOptions, SyncSession } from '../session.js';
import { openSession } from '../session.js';
import { TreeComparer } from './tree-changes.js';
import type { VersionChanges } from './version-changes.js';
import { factsOf, type VersionFacts } from './version-facts.js';
import { newestFirst, precursors, readable, readVersions } from './versions.js';

export interface HistoryOptions
  extends Pick<SyncOptions, 'packFolder' | 'tokenFile' | 'token' | 'waitMs' | 'signal' | 'onProgress'> {
  /** Default: 20. */
  readonly limit?: number | undefined;
  /** Only versions in which this world changed: the name of its folder in saves. */
  readonly world?: string | undefined;
}

export interface HistoryEntry extends VersionFacts {
  readonly id: SnapshotId;
  /** What it follows, the parent first; some may be forgotten. */
  readonly parents: readonly string[];
  /** Nothing follows it: the cloud's present state, or one of two that wait to be merged. */
  readonly isHead: boolean;
  /** The version of this PC's last sync. */
  readonly isHere: boolean;
  /** The version that `changes` tells the difference to; missing for the first one. */
  readonly against?: SnapshotId;
  /** In this PC's scope. Missing if it could not be found out; `problem` says why. */
  readonly changes?: VersionChanges;
  readonly problem?: string;
}

export interface History {
  readonly outcome: 'history';
  readonly entries: readonly HistoryEntry[];
  /** All versions that the cloud holds. */
  readonly versions: number;
  /** Whether older ones were left out for the limit. */
  readonly hasMore: boolean;
  readonly warnings: readonly string[];
}

export type HistoryResult = NotConfigured | History;

const LIMIT = 20;

export async function history(options: HistoryOptions, services: Services): Promise<HistoryResult> {
  const result = await openSession(options, services, async (session) => {
    const found = await readVersions(session, (repo, ids) => listVersions(session, repo, ids, options));
    return (
      found ?? ({ outcome: 'history', entries: [], versions: 0, hasMore: false, warnings: session.warnings } as const)
    );
  });
  return result ?? NOT_CONFIGURED;
}

async function listVersions(
  session: SyncSession,
  repo: Repository,
  ids: readonly SnapshotId[],
  { limit = LIMIT, world }: HistoryOptions,
): Promise<History> {
  const snapshots = await loadSnapshots(repo, ids, session.signal);
  session.phase('comparing');
  const reader = new HistoryReader(session, repo, snapshots);
  const entries: HistoryEntry[] = [];
  let hasMore = false;
  for (const index of reader.order.keys()) {
    if (entries.length >= limit && world === undefined) hasMore = true;
    if (hasMore) break;
    const entry = await reader.entryAt(index);
    const isMeant = world === undefined || entry?.changes?.worlds.some((one) => sameWorld(one.world, world)) === true;
    if (entry === undefined || !isMeant) continue;
    if (entries.length >= limit) hasMore = true;
    else entries.push(entry);
  }
  return { outcome: 'history', entries, versions: snapshots.length, hasMore, warnings: session.warnings };
}

class HistoryReader {
  readonly order: readonly KnownSnapshot[];
  readonly #session: SyncSession;
  readonly #repo: Repository;
  readonly #byName: ReadonlyMap<string, KnownSnapshot>;
  readonly #heads: ReadonlySet<SnapshotId>;
  readonly #losers: ReadonlySet<string>;
  readonly #comparer: TreeComparer;
  readonly #roots = new Map<SnapshotId, TreeId>();

  constructor(session: SyncSession, repo: Repository, snapshots: readonly KnownSnapshot[]) {
    this.#session = session;
    this.#repo = repo;
    this.order = newestFirst(snapshots);
    this.#byName = indexByName(snapshots);
    this.#heads = new Set(findHeads(snapshots, session.state).heads.map(({ id }) => id));
    this.#losers = new Set(snapshots.flatMap(({ snapshot }) => factsOf(snapshot).losers));
    this.#comparer = new TreeComparer(repo, session.scope, session.signal);
  }

  async entryAt(index: number): Promise<HistoryEntry | undefined> {
    const one = this.order[index];
    if (one === undefined) return undefined;
    const { losers: _, ...facts } = factsOf(one.snapshot);
    const names = namesOf(one);
    const base = this.#session.state?.base;
    const entry: HistoryEntry = {
      id: one.id,
      ...facts,
      conflictLoser: facts.conflictLoser || names.some((name) => this.#losers.has(name)),
      parents: followedBy(one.snapshot),
      isHead: this.#heads.has(one.id),
      isHere: base !== undefined && names.includes(base),
    };
    const against = this.#comparedWith(one, index);
    const told = against === undefined ? entry : { ...entry, against: against.id };
    try {
      const before = against === undefined ? undefined : await this.#rootOf(against);
      return { ...told, changes: await this.#comparer.compare(before, await this.#rootOf(readable(one))) };
    } catch (error) {
      // One that cannot be read must not hide the others.
      if (!isSyncError(error, 'damaged', 'not-found', 'unsupported')) throw error;
      return { ...told, problem: error.message };
    }
  }

  /**
   * What it follows. Where that has been forgotten, or was never told (other programs name none across PCs), the next
   * older one is the best there is.
   */
  #comparedWith(one: KnownSnapshot, index: number): KnownSnapshot | undefined {
    const [nearest] = precursors(one, this.#byName);
    if (nearest !== undefined) return nearest;
    const isFirst = isOurs(one.snapshot) && followedBy(one.snapshot).length === 0;
    return isFirst ? undefined : this.order[index + 1];
  }

  async #rootOf(one: KnownSnapshot): Promise<TreeId> {
    const known = this.#roots.get(one.id);
    if (known !== undefined) return known;
    const root = await findGameRoot(this.#repo, one, this.#session.signal);
    this.#roots.set(one.id, root);
    return root;
  }
}
