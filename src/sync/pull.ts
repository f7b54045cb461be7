/**
 * pull: the cloud's head becomes the game folder.
 *   snapshot list -> nothing unseen? done, one request, no key
 *                 -> scan, hash what changed -> both sides changed? conflict, nothing touched
 *                 -> plan -> fetch into staging -> swap through the journal -> state
 */
import type { Manifest } from '../archive/manifest.js';
import type { FileStamp } from '../archive/scan.js';
import { SyncError } from '../base/errors.js';
import type { SnapshotId } from '../base/ids.js';
import type { Repository } from '../repo/repository.js';
import type { Executor } from '../worker/executor.js';
import { Application } from './apply.js';
import { refuseConflict } from './conflict.js';
import type { KnownSnapshot } from './heads.js';
import type { LocalSide, ReadOutcome } from './local.js';
import { compareWithState, HASH_ONLY, readUnknown, scanInstance } from './local.js';
import { planPull } from './plan.js';
import { recordCommon } from './record.js';
import type { CloudSide } from './remote-side.js';
import { baseManifest, manifestOf, readCloud, withTable } from './remote-side.js';
import type { PullResult } from './results.js';
import { NOT_CONFIGURED } from './results.js';
import type { Services, SyncOptions, SyncSession } from './session.js';
import { openRepository, withInstance } from './session.js';
import { pruneTrash } from './trash.js';

/** Throws 'conflict' if both sides changed since they last had the same; nothing is touched then. */
export async function pull(options: SyncOptions, services: Services): Promise<PullResult> {
  return (await withInstance('pull', options, services, pullInstance)) ?? NOT_CONFIGURED;
}

async function pullInstance(session: SyncSession): Promise<PullResult> {
  const { state, scope, signal } = session;
  session.phase('connecting');
  const remote = await session.connect();
  const ids = await remote.listSnapshots(signal);
  const sameScope = state?.scopeFingerprint === scope.fingerprint;
  if (state?.base !== undefined && sameScope && ids.length > 0 && ids.every((id) => state.seen.has(id))) {
    return upToDate(session, state.base);
  }
  const repo = await openRepository(session, remote);
  if (repo === undefined) return nothingInCloud(session);
  await repo.loadIndex(signal);
  const cloud = await readCloud(session, repo, ids);
  if (cloud.head === undefined) return nothingInCloud(session);
  return pullHead(await withTable(session, repo, cloud), repo, cloud, cloud.head);
}

function upToDate(session: SyncSession, snapshot: SnapshotId): PullResult {
  return { outcome: 'up-to-date', snapshot, warnings: session.warnings };
}

function nothingInCloud(session: SyncSession): PullResult {
  const base = session.state?.base;
  if (base === undefined) return { outcome: 'nothing-in-cloud', warnings: session.warnings };
  throw new SyncError(
    'no-repository',
    'the cloud no longer holds any snapshot of this instance, though this PC has synchronised with it; ' +
      'ask the operator of the server; to send everything anew, delete .cloud-sync/state.json and push',
    { details: { base } },
  );
}

async function pullHead(
  session: SyncSession,
  repo: Repository,
  cloud: CloudSide,
  head: KnownSnapshot,
): Promise<PullResult> {
  const { instance, scope, state, signal, services } = session;
  const startedMs = Date.now();
  session.phase('comparing');
  const scan = await scanInstance(instance, scope, signal);
  const local = compareWithState(scan, state, scope);
  const theirs = await manifestOf(session, repo, head);
  const base = baseManifest(state);
  const executor = await services.createExecutor(repo, bytesOf(local) + downloadSize(theirs, local));
  try {
    const mine = await readLocal(session, executor, local);
    refuseConflict(session, head, base, mine.manifest, theirs, scan.entries);
    const absent = new Set([...mine.manifest.keys()].filter((path) => !scan.entries.has(path)));
    const platform = services.platform;
    const plan = planPull({ head: theirs, local: mine.manifest, base, absent, scope, platform });
    for (const text of plan.warnings) session.warn('left-out', text);
    const { updated, placed } = await new Application(session, repo, executor, local, plan).run();
    const came = new Set(plan.place.map(({ path }) => path));
    const stampAt = (path: string): FileStamp | undefined => {
      if (came.has(path)) return placed.get(path);
      return plan.matching.has(path) ? scan.entries.get(path) : undefined;
    };
    const common = { base: head.id, root: head.snapshot.tree, seen: cloud.ids, held: plan.held, keyHint: repo.keyId };
    await recordCommon(session, { ...common, manifest: theirs, stampOf: stampAt }, startedMs);
    await pruneTrash(instance.cloudFolder, Date.now()).catch((error: unknown) => {
      session.warn('trash', `the trash could not be tidied: ${error instanceof Error ? error.message : String(error)}`);
    });
    if (updated === undefined) return upToDate(session, head.id);
    return { ...updated, snapshot: head.id, warnings: session.warnings };
  } finally {
    await executor.close();
  }
}

function bytesOf(local: LocalSide): number {
  let bytes = 0;
  for (const path of local.unknown) bytes += local.scan.entries.get(path)?.size ?? 0;
  return bytes;
}

/** A rough guess before the local side is known: everything that is not known to be here. */
function downloadSize(theirs: Manifest, local: LocalSide): number {
  let bytes = 0;
  for (const [path, entry] of theirs) if (!local.known.has(path)) bytes += entry.size;
  return bytes;
}

async function readLocal(session: SyncSession, executor: Executor, local: LocalSide): Promise<ReadOutcome> {
  const outcome = await readUnknown(local, {
    state: session.state,
    executor,
    sink: HASH_ONLY,
    signal: session.signal,
    folder: session.instance.packFolder,
  });
  const [first] = outcome.unreadable;
  if (first === undefined) return outcome;
  const message = `${first.path} cannot be read (${first.error.message}); is the game running? Nothing was changed`;
  throw new SyncError('in-use', message, { cause: first.error });
}
