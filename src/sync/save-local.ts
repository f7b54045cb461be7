/**
 * This PC's side becomes a snapshot: what changed is read, split and sent, then the snapshot is stored that names it.
 * Its id is written down before it is sent, so that after a crash this PC knows its own snapshot again.
 */
import type { Manifest, ManifestDiff } from '../archive/manifest.js';
import { diffManifests, isEmptyDiff } from '../archive/manifest.js';
import { savePortableTrees } from '../archive/portable-tree.js';
import type { FileStamp, Scan } from '../archive/scan.js';
import type { SnapshotId, TreeId } from '../base/ids.js';
import type { Repository } from '../repo/repository.js';
import type { WriteSession } from '../repo/session.js';
import type { Executor, FileSink } from '../worker/executor.js';
import { amendState, newState } from './folder/state.js';
import type { ReadOutcome } from './local.js';
import { readUnknown } from './local.js';
import { bytesToRead, type LocalSide } from './local-side.js';
import { describeSnapshot } from './merge/describe-snapshot.js';
import type { KnownSnapshot } from './merge/heads.js';
import { recordCommon } from './record.js';
import { baseManifest } from './remote-side.js';
import type { FileCounts } from './results.js';
import type { SyncSession } from './session.js';
import { foldersAbove } from './swap/game-path.js';

/** What lies here, read; its new blobs are on their way to the repository. */
export interface LocalRead {
  readonly local: LocalSide;
  readonly outcome: ReadOutcome;
  /** What the heads hold that this PC has not had; undefined if that is nothing. */
  readonly unseen: Manifest | undefined;
  readonly diff: ManifestDiff;
  readonly files: FileCounts;
  readonly bytesRead: number;
  /** Whether it is just what the last sync had, and nothing had to be sent. */
  readonly isSame: boolean;
  /** Of the scan; a file changed later is looked at again. */
  readonly startedMs: number;
}

/** What reads, splits and seals; begun before the repository's lock is held, since threads take a while to start. */
export async function withExecutor<T>(
  session: SyncSession,
  repo: Repository,
  local: LocalSide,
  work: (executor: Promise<Executor>) => Promise<T>,
): Promise<T> {
  const executor = session.services.createExecutor(repo, bytesToRead(local));
  // Its failure is that of the work, if the work gets to it, or else told at the end.
  executor.catch(() => undefined);
  try {
    return await work(executor);
  } finally {
    await (await executor).close();
  }
}

export interface SendingOptions {
  readonly session: SyncSession;
  readonly repo: Repository;
  readonly writer: WriteSession;
  readonly local: LocalSide;
  readonly startedMs: number;
  readonly executor: Promise<Executor>;
}

/** `unseen`: as in the result. */
export async function readForSending(options: SendingOptions, unseen: Manifest | undefined): Promise<LocalRead> {
  const { session, repo, writer, local, startedMs } = options;
  const bytesTotal = bytesToRead(local);
  const executor = await options.executor;
  const sink: FileSink = {
    claim: (id) => writer.claim('data', id),
    emit: (blob, length) => writer.add(blob, length),
  };
  let filesDone = 0;
  let bytesDone = 0;
  const outcome = await readUnknown(local, {
    state: session.state,
    repo,
    theirs: unseen,
    executor,
    sink,
    signal: writer.signal,
    folder: session.instance.packFolder,
    onFile: (bytes) => {
      filesDone += 1;
      bytesDone += bytes;
      const total = { filesTotal: local.unknown.length, bytesTotal };
      session.emit({ type: 'progress', phase: 'uploading', filesDone, bytesDone, ...total });
    },
  });
  tellUnread(session, outcome);
  const base = baseManifest(session.state) ?? new Map();
  const diff = diffManifests(base, outcome.manifest);
  const isEmpty = outcome.manifest.size === 0;
  const isSame = isEmptyDiff(diff) && writer.stats.dataBlobs === 0 && (session.state?.base !== undefined || isEmpty);
  const files = countFiles(diff, base, outcome.manifest);
  return { local, outcome, unseen, diff, files, bytesRead: bytesDone, isSame, startedMs };
}

function tellUnread(session: SyncSession, outcome: ReadOutcome): void {
  for (const { path, error } of outcome.unreadable) {
    session.warn('unreadable', `${path} could not be read and is not in this push: ${error.message}`);
  }
  for (const path of outcome.unsteady) {
    session.warn('unsteady', `${path} changed while it was read; the next push sends it again`);
  }
}

/** As a player counts: a folder that became empty, or no longer is, is no file. */
function countFiles(diff: ManifestDiff, from: Manifest, to: Manifest): FileCounts {
  const count = (paths: readonly string[], side: Manifest): number =>
    paths.filter((path) => side.get(path)?.type !== 'dir').length;
  return { added: count(diff.added, to), changed: count(diff.changed, to), removed: count(diff.removed, from) };
}

export interface Lineage {
  readonly parent: SnapshotId | undefined;
  readonly follows: readonly SnapshotId[];
  readonly marks: readonly string[];
}

/** Stores the snapshot. What it holds is not recorded yet. */
export async function commitLocal(
  session: SyncSession,
  writer: WriteSession,
  read: LocalRead,
  lineage: Lineage,
): Promise<{ readonly own: KnownSnapshot; readonly root: TreeId }> {
  const root = await savePortableTrees(read.outcome.manifest, (plain) => writer.saveTree(plain));
  const facts = await describeSnapshot(session, { ...lineage, tree: root });
  const { instance, state, deviceId } = session;
  const before = state ?? { ...newState(), deviceId };
  const id = await writer.commit(facts, async (pending) => {
    await session.checkLock();
    await amendState(instance, before, { pending });
    await session.checkLock();
  });
  return { own: { id, snapshot: facts }, root };
}

/** The state after it: `base` holds what lies here. `seen`: the snapshots that need no further look. */
export async function recordLocal(
  session: SyncSession,
  repo: Repository,
  read: LocalRead,
  base: SnapshotId,
  root: TreeId,
  seen: Iterable<string>,
): Promise<void> {
  const { scan } = read.local;
  const { manifest, unreadable, unsteady } = read.outcome;
  const unscanned = new Set(scan.unreadable.map(({ path }) => path));
  const isUnread = (path: string): boolean => [path, ...foldersAbove(path)].some((one) => unscanned.has(one));
  const absent = [...manifest.keys()].filter((path) => !scan.entries.has(path));
  const held = new Set(absent.filter((path) => !isUnread(path)));
  // What stands in the manifest for a file that could not be read is not what lies here.
  const unsure = new Set([...unsteady, ...unreadable.map(({ path }) => path)]);
  const stampOf = (path: string): FileStamp | undefined => (unsure.has(path) ? undefined : stampAtScan(scan, path));
  const { state, scope } = session;
  // What came into scope since the last pull comes with the next one only.
  const isScopeNew = state !== undefined && state.scopeFingerprint !== scope.fingerprint;
  const scopeFingerprint = isScopeNew ? '' : scope.fingerprint;
  const common = { base, root, seen, manifest, stampOf, held, keyHint: repo.keyId, scopeFingerprint };
  await recordCommon(session, common, read.startedMs);
}

function stampAtScan(scan: Scan, path: string): FileStamp | undefined {
  const entry = scan.entries.get(path);
  return entry && { size: entry.size, mtimeNs: entry.mtimeNs, ctimeNs: entry.ctimeNs, inode: entry.inode };
}
