/**
 * The cloud's side of the decision: which snapshots there are, which are heads, and what the head holds.
 */
import type { Manifest } from '../archive/manifest.js';
import { diffManifests, isEmptyDiff, sameEntry } from '../archive/manifest.js';
import { forEachLimit } from '../base/concurrency.js';
import { isSyncError, SyncError } from '../base/errors.js';
import type { SnapshotId, TreeId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import type { Repository } from '../repo/repository.js';
import { readManifest } from '../restore/read-manifest.js';
import type { State } from './folder/state.js';
import { findGameRoot } from './game-root.js';
import { chooseHeld } from './held.js';
import { toEntry } from './local-side.js';
import type { KnownSnapshot } from './merge/heads.js';
import { findHeads, followedBy, isNamed, isSuccessor } from './merge/heads.js';
import { FORMAT, formatOf } from './merge/snapshot-tags.js';
import { NO_STAMP, toRecord } from './record.js';
import { isNeverInScope } from './scope/scope-rules.js';
import type { SyncSession } from './session.js';

const CONNECTIONS = 5;

export interface CloudSide {
  readonly ids: readonly SnapshotId[];
  readonly snapshots: readonly KnownSnapshot[];
  /** None: the cloud has no snapshot yet. Several: PCs have pushed from one base, and nobody has merged them yet. */
  readonly heads: readonly KnownSnapshot[];
  /** Snapshots that the next push has to name as followed, besides its parent. */
  readonly outdated: readonly SnapshotId[];
}

/** One that somebody has forgotten since the list was made is left out. */
export async function loadSnapshots(
  repo: Repository,
  ids: readonly SnapshotId[],
  signal?: AbortSignal,
): Promise<KnownSnapshot[]> {
  const known: KnownSnapshot[] = [];
  const load = async (id: SnapshotId): Promise<void> => {
    try {
      known.push({ id, snapshot: await repo.loadSnapshot(id, signal) });
    } catch (error) {
      if (!isSyncError(error, 'not-found')) throw error;
    }
  };
  await forEachLimit(ids, CONNECTIONS, load, signal);
  return known;
}

/** Throws 'unsupported' for snapshots that need a newer program. `known`: those of them that need not be loaded. */
export async function readCloud(
  session: SyncSession,
  repo: Repository,
  ids: readonly SnapshotId[],
  known: readonly KnownSnapshot[] = [],
): Promise<CloudSide> {
  const listed = new Set(ids);
  const kept = known.filter(({ id }) => listed.delete(id));
  const snapshots = [...kept, ...(await loadSnapshots(repo, [...listed], session.signal))];
  const newer = snapshots.find(({ snapshot }) => formatOf(snapshot.tags) > FORMAT);
  if (newer !== undefined) {
    const who = `${newer.snapshot.hostname ?? 'another PC'} (${newer.snapshot.programVersion ?? 'unknown version'})`;
    const message = `${who} has sent a version in a newer form; update instance-sync on this PC; nothing was changed`;
    throw new SyncError('unsupported', message, { details: { snapshot: newer.id } });
  }
  const loaded = new Set(snapshots.map(({ id }) => id));
  const there = ids.filter((id) => loaded.has(id));
  return cloudOf(session, there, snapshots);
}

function cloudOf({ state }: SyncSession, ids: readonly SnapshotId[], snapshots: readonly KnownSnapshot[]): CloudSide {
  const { heads, outdated } = findHeads(snapshots, state);
  return { ids, snapshots, ...withoutEqual(heads, outdated, state?.base) };
}

/**
 * The cloud, and the session with what a crash may have kept out of its records (withPending, withTable). Needs the
 * index to be loaded.
 */
export async function meetCloud(
  given: SyncSession,
  repo: Repository,
  ids: readonly SnapshotId[],
): Promise<{ readonly session: SyncSession; readonly cloud: CloudSide }> {
  const found = await readCloud(given, repo, ids);
  const session = await withTable(await withPending(given, repo, found), repo, found);
  return { session, cloud: session === given ? found : cloudOf(session, found.ids, found.snapshots) };
}

/** Two PCs that merge the same at one moment make two snapshots of one tree: one of them stands for both. */
function withoutEqual(
  heads: readonly KnownSnapshot[],
  outdated: readonly SnapshotId[],
  base: SnapshotId | undefined,
): Pick<CloudSide, 'heads' | 'outdated'> {
  const byTree = new Map<TreeId, KnownSnapshot>();
  const doubled: SnapshotId[] = [];
  // Every PC takes the same one, but none gives up the one that it has.
  const rank = ({ id }: KnownSnapshot): string => (id === base ? '' : id);
  for (const head of [...heads].sort((a, b) => (rank(a) < rank(b) ? -1 : 1))) {
    if (byTree.has(head.snapshot.tree)) doubled.push(head.id);
    else byTree.set(head.snapshot.tree, head);
  }
  const kept = new Set(byTree.values());
  return { heads: heads.filter((head) => kept.has(head)), outdated: [...outdated, ...doubled] };
}

/**
 * The session as it is if the last command was cut off after its snapshot had reached the cloud and before that was
 * recorded: what it wrote down as about to be sent is there, so this PC has had it.
 */
async function withPending(session: SyncSession, repo: Repository, cloud: CloudSide): Promise<SyncSession> {
  const { state } = session;
  const pending = cloud.snapshots.find(({ id }) => id === state?.pending);
  if (state === undefined || pending === undefined || pending.id === state.base) return session;
  const manifest = await manifestOf(session, repo, pending);
  const files = new Map(
    [...manifest].map(([path, entry]) => {
      const before = state.files.get(path);
      // Its stamp is that of the last sync: what has another one now is read.
      const isKnown = before !== undefined && sameEntry(toEntry(before), entry);
      return [path, isKnown ? before : toRecord(entry, NO_STAMP, before?.held ?? false)] as const;
    }),
  );
  const followed = new Set(followedBy(pending.snapshot));
  const seen = new Set([...state.seen, ...followed, pending.id]);
  return { ...session, state: { ...state, base: pending.id, root: pending.snapshot.tree, files, seen } };
}

/** What a snapshot holds of the game folder. Needs the index to be loaded. */
export async function manifestOf(session: SyncSession, repo: Repository, known: KnownSnapshot): Promise<Manifest> {
  const root = await findGameRoot(repo, known, session.signal);
  const { manifest, skipped } = await readManifest(repo, root, session.signal);
  if (skipped.length > 0) {
    session.warn('special-file', `${skipped.length} special files in snapshot ${shortId(known.id)} are passed over`);
  }
  const kept = [...manifest].filter(([path]) => !isNeverInScope(path));
  return kept.length === manifest.size ? manifest : new Map(kept);
}

/** What this PC last had in common with the cloud; undefined at first contact. */
export function baseManifest(state: State | undefined): Manifest | undefined {
  if (state?.base === undefined) return undefined;
  return new Map([...state.files].map(([path, record]) => [path, toEntry(record)]));
}

/**
 * The session with a table of files where a crash cost the state its own: rebuilt from the snapshot it names. No stamp
 * is known then, so every file is read once. If that snapshot has been forgotten, or the cloud has gone back behind it
 * (a server restored from its backup), it is a first contact: nothing tells which side is newer.
 */
async function withTable(session: SyncSession, repo: Repository, cloud: CloudSide): Promise<SyncSession> {
  const { state, scope, services } = session;
  const base = state?.base;
  if (state === undefined || base === undefined) return session;
  const isLater = (head: KnownSnapshot): boolean => isSuccessor(head, base, state.seen, cloud.snapshots);
  if (cloud.heads.length > 0 && !cloud.heads.some(isLater)) {
    session.warn('base-gone', `the cloud no longer holds the version of the last sync (${shortId(base)})`);
    return { ...session, state: undefined };
  }
  if (state.files.size > 0) return session;
  const known = cloud.snapshots.find((one) => isNamed(one, base));
  if (known === undefined) return { ...session, state: undefined };
  const head = await manifestOf(session, repo, known);
  const { caseBlind } = session;
  const { platform } = services;
  // Better to hold a link that is here (it counts as here all the same) than to take one that never was for deleted.
  const linksWork = platform !== 'win32';
  const { held } = chooseHeld({
    head,
    scope,
    platform,
    caseBlind,
    linksWork,
    isHere: () => false,
    isAside: () => false,
  });
  const files = new Map([...head].map(([path, entry]) => [path, toRecord(entry, NO_STAMP, held.has(path))]));
  return { ...session, state: { ...state, files } };
}

export function sameContent(a: Manifest, b: Manifest): boolean {
  return isEmptyDiff(diffManifests(a, b));
}
