/**
 * The cloud's side of the decision: which snapshots there are, which are heads, and what the head holds.
 */
import type { Manifest } from '../archive/manifest.js';
import { diffManifests, isEmptyDiff } from '../archive/manifest.js';
import { SyncError } from '../base/errors.js';
import type { SnapshotId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import type { Repository } from '../repo/repository.js';
import { readManifest } from '../restore/read-manifest.js';
import { findGameRoot } from './game-root.js';
import type { KnownSnapshot } from './heads.js';
import { findHeads, isSuccessor, namesOf } from './heads.js';
import { chooseHeld } from './held.js';
import { toEntry } from './local.js';
import { NO_STAMP, toRecord } from './record.js';
import { isNeverInScope } from './scope-rules.js';
import type { SyncSession } from './session.js';
import { loadSnapshots } from './session.js';
import type { State } from './state.js';

export interface CloudSide {
  readonly ids: readonly SnapshotId[];
  readonly snapshots: readonly KnownSnapshot[];
  /** undefined: the cloud has no snapshot yet. */
  readonly head: KnownSnapshot | undefined;
  /** Snapshots that the next push has to name as followed, besides its parent. */
  readonly outdated: readonly SnapshotId[];
}

/** Throws 'conflict' if two PCs have pushed from one base: both are in the history, and neither is chosen here. */
export async function readCloud(
  session: SyncSession,
  repo: Repository,
  ids: readonly SnapshotId[],
): Promise<CloudSide> {
  const snapshots = await loadSnapshots(repo, ids, session.signal);
  const { heads, outdated } = findHeads(snapshots, session.state);
  const [head] = heads;
  if (heads.length <= 1) return { ids, snapshots, head, outdated };
  const names = heads.map(
    ({ id, snapshot }) => `${shortId(id)} from ${snapshot.hostname ?? 'unknown'} at ${snapshot.time}`,
  );
  throw new SyncError('conflict', `the cloud holds ${heads.length} versions of this instance: ${names.join('; ')}`, {
    details: { heads: heads.map(({ id }) => id) },
  });
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
export async function withTable(session: SyncSession, repo: Repository, cloud: CloudSide): Promise<SyncSession> {
  const { state, scope, services } = session;
  if (state?.base === undefined) return session;
  if (cloud.head !== undefined && !isSuccessor(cloud.head, state.base, state.seen, cloud.snapshots)) {
    session.warn('base-gone', `the cloud no longer holds the version of the last sync (${shortId(state.base)})`);
    return { ...session, state: undefined };
  }
  if (state.files.size > 0) return session;
  const known = cloud.snapshots.find((one) => namesOf(one).includes(state.base ?? ''));
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
