/**
 * pull: the cloud's head becomes the game folder.
 *   snapshot list -> nothing unseen? done, one request, no key
 *                 -> scan, hash what changed -> both sides changed? conflict, nothing touched
 *                 -> plan -> fetch into staging -> swap through the journal -> state
 */
import type { Manifest } from '../archive/manifest.js';
import type { FileStamp, Scan } from '../archive/scan.js';
import { SyncError } from '../base/errors.js';
import type { SnapshotId } from '../base/ids.js';
import type { Repository } from '../repo/repository.js';
import type { Executor } from '../worker/executor.js';
import { Application } from './apply.js';
import { refuseConflict, refuseMixedWorlds } from './conflict.js';
import type { KnownSnapshot } from './heads.js';
import { canMakeLinks } from './link-probe.js';
import type { LocalSide, ReadOutcome } from './local.js';
import { compareWithState, HASH_ONLY, readUnknown, scanInstance, setAside, withBitsOf } from './local.js';
import { planPull } from './plan.js';
import { recordCommon } from './record.js';
import type { CloudSide } from './remote-side.js';
import { baseManifest, manifestOf, readCloud, withTable } from './remote-side.js';
import type { PullResult } from './results.js';
import { NOT_CONFIGURED } from './results.js';
import type { Services, SyncOptions, SyncSession } from './session.js';
import { openRepository, recordedSpelling, repositoryLock, withInstance } from './session.js';
import { respellKeys, spellerOf } from './spelling.js';
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
  if (state?.base !== undefined && sameScope && ids.includes(state.base) && ids.every((id) => state.seen.has(id))) {
    return upToDate(session, state.base);
  }
  const repo = await openRepository(session, remote);
  if (repo === undefined) return nothingInCloud(session);
  return repo.read({ signal, lock: repositoryLock(session) }, async () => {
    await repo.loadIndex(signal);
    const cloud = await readCloud(session, repo, ids);
    if (cloud.head === undefined) return nothingInCloud(session);
    return pullHead(await withTable(session, repo, cloud), repo, cloud, cloud.head);
  });
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
  given: SyncSession,
  repo: Repository,
  cloud: CloudSide,
  head: KnownSnapshot,
): Promise<PullResult> {
  const startedMs = Date.now();
  given.phase('comparing');
  const theirs = await manifestOf(given, repo, head);
  const session = given.caseBlind ? respelledSession(given, theirs) : given;
  const { instance, scope, state, signal, services } = session;
  const scan = await scanInstance(instance, scope, signal, recordedSpelling(session, theirs.keys()));
  const local = compareWithState(scan, state, scope);
  const base = baseManifest(state);
  const executor = await services.createExecutor(repo, bytesOf(local) + downloadSize(theirs, local));
  try {
    const outcome = await readLocal(session, executor, local);
    const mine = withBitsOf(theirs, outcome.manifest, local, state);
    refuseConflict(session, head, base, mine, theirs, scan.entries);
    refuseMixedWorlds(local.met, mine, base, theirs);
    const absent = new Set([...mine.keys()].filter((path) => !scan.entries.has(path)));
    const { caseBlind } = session;
    const { platform } = services;
    const linksWork = platform !== 'win32' || !lacksLinks(scan, theirs) || (await canMakeLinks(instance));
    const known = { local: mine, base, absent, isAside: setAside(scan) };
    const plan = planPull({ ...known, head: theirs, scope, platform, caseBlind, linksWork });
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

/** With the records of the last sync spelled as the cloud spells now. */
function respelledSession(session: SyncSession, theirs: Manifest): SyncSession {
  const { state } = session;
  if (state === undefined) return session;
  return { ...session, state: { ...state, files: respellKeys(state.files, spellerOf(theirs.keys())) } };
}

/** Whether the cloud has a link that is not here yet. */
function lacksLinks(here: Scan, theirs: Manifest): boolean {
  return [...theirs].some(
    ([path, entry]) => entry.type === 'symlink' && here.entries.get(path)?.linktarget !== entry.linktarget,
  );
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
