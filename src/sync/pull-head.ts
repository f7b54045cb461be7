/**
 * What lies here against the cloud's heads; and, where nothing speaks against it, the one head onto this disk:
 *   scan, hash what changed -> plan -> fetch into staging -> swap through the journal -> state
 */
import type { Manifest } from '../archive/manifest.js';
import { diffManifests, isEmptyDiff } from '../archive/manifest.js';
import type { FileStamp, Scan } from '../archive/scan.js';
import { SyncError } from '../base/errors.js';
import type { Repository } from '../repo/repository.js';
import { Application } from './apply.js';
import { compareGameVersions, minecraftOf, readGameVersion } from './folder/game-version.js';
import { refuseLive } from './folder/live-worlds.js';
import type { LocalSide } from './local-side.js';
import { bytesToRead, compareWithState, setAside } from './local-side.js';
import { readLocal, respelledSession, scanLocal } from './local-version.js';
import type { Arbiter } from './merge/arbiter.js';
import { refuseMixedWorlds } from './merge/conflict.js';
import type { KnownSnapshot } from './merge/heads.js';
import { areStrangers, mergeHeads } from './merge/merge-heads.js';
import { worldsOf } from './merge/units.js';
import { type PullPlan, planPull } from './plan.js';
import { recordCommon } from './record.js';
import type { CloudSide } from './remote-side.js';
import { baseManifest, manifestOf, sameContent } from './remote-side.js';
import type { PullResult } from './results.js';
import { learnOptions } from './scope/machine-options.js';
import { unseenHeads } from './send.js';
import type { SyncSession } from './session.js';
import { canMakeLinks } from './swap/link-probe.js';
import { tidyTrash } from './tidy-trash.js';

export interface HeadComparison {
  /** Spelled as the cloud spells, and without the records of what a deletion took that shall come back. */
  readonly session: SyncSession;
  readonly cloud: CloudSide;
  readonly head: KnownSnapshot;
  readonly theirs: Manifest;
  readonly local: LocalSide;
  /** What lies here, with what is held for other PCs; in a merge, of that what the repository has or will have. */
  readonly mine: Manifest;
  /** One head, and this PC has nothing that it could lose: it can be brought. */
  readonly isPlain: boolean;
  /** This PC has something that no snapshot has, and that is worth one. */
  readonly hasUnsent: boolean;
  /** This PC's side of a conflict was not chosen. */
  readonly losesHere: boolean;
}

/** Needs the index. Asks what is to be asked: throws 'conflict' for what nobody settles. */
export async function compareHead(
  given: SyncSession,
  repo: Repository,
  cloud: CloudSide,
  arbiter: Arbiter,
): Promise<HeadComparison> {
  given.phase('comparing');
  const [head] = cloud.heads;
  if (head === undefined) throw new SyncError('internal', 'pull: no head');
  const theirs = await manifestOf(given, repo, head);
  const spelled = given.caseBlind ? respelledSession(given, theirs) : given;
  await learnOptions(spelled, repo, theirs);
  let { session, local } = await scanLocal(spelled, theirs, () => true);
  let mine = await readAll(session, repo, local, theirs);
  const answer = await arbiter.judgeDeletion(session.state, baseManifest(session.state), mine);
  if (answer === 'restore') {
    session = withoutRemoved(session, local.removed);
    local = compareWithState(local.scan, session.state, session.scope);
    mine = await readAll(session, repo, local, theirs);
  }
  const base = baseManifest(session.state);
  refuseMixedWorlds(local.met, mine, base, theirs);
  const hasUnsent = base === undefined ? worldsOf(mine).size > 0 : !sameContent(base, mine);
  const isPlain = cloud.heads.length === 1 && isSafe(session, cloud, { base, mine, theirs, hasUnsent });
  // Without anything unsent, what takes part in a merge is what the repository has, to the last blob.
  const found = { session, cloud, head, theirs, local, mine, isPlain, hasUnsent };
  if (isPlain) return { ...found, losesHere: false };
  const kept = hasUnsent ? mine : (base ?? new Map());
  const others = unseenHeads(session, cloud);
  const merged = await mergeHeads({ session, repo, snapshots: cloud.snapshots, others, mine: kept, arbiter });
  return { ...found, mine: kept, losesHere: merged.losers.has('here') };
}

interface Three {
  readonly base: Manifest | undefined;
  readonly mine: Manifest;
  readonly theirs: Manifest;
  readonly hasUnsent: boolean;
}

/** Whether the one head can come as it is: this PC has nothing that would be lost, or the head has nothing new. */
function isSafe(session: SyncSession, cloud: CloudSide, { base, mine, theirs, hasUnsent }: Three): boolean {
  if (base === undefined) return !areStrangers(mine, theirs);
  return !hasUnsent || unseenHeads(session, cloud).length === 0 || isOld(base, theirs) || sameContent(mine, theirs);
}

/** The cloud went on without a change. */
function isOld(base: Manifest, theirs: Manifest): boolean {
  return isEmptyDiff(diffManifests(base, theirs));
}

function withoutRemoved(session: SyncSession, removed: readonly string[]): SyncSession {
  const { state } = session;
  if (state === undefined) return session;
  const gone = new Set(removed);
  return { ...session, state: { ...state, files: new Map([...state.files].filter(([path]) => !gone.has(path))) } };
}

async function readAll(session: SyncSession, repo: Repository, local: LocalSide, theirs: Manifest): Promise<Manifest> {
  const executor = await session.services.createExecutor(repo, bytesToRead(local));
  try {
    const outcome = await readLocal({ session, local }, executor, repo, theirs);
    const [first] = outcome.unreadable;
    if (first === undefined) return outcome.manifest;
    const message = `${first.path} cannot be read (${first.error.message}); is the game running? Nothing was changed`;
    throw new SyncError('in-use', message, { cause: first.error });
  } finally {
    await executor.close();
  }
}

/** Brings the head to this disk. What is unsent and what the cloud has not changed stays as it is. */
export async function applyHead(found: HeadComparison, repo: Repository, startedMs: number): Promise<PullResult> {
  const { session, head, theirs, local, cloud } = found;
  const { services } = session;
  const plan = await planHead(found);
  for (const text of plan.warnings) session.warn('left-out', text);
  if (plan.place.length > 0 || plan.remove.length > 0) {
    await refuseLive(session, [...plan.place.map(({ path }) => path), ...plan.remove]);
    await warnOfNewerGame(session, head);
  }
  const bytes = plan.place.reduce((sum, { entry }) => sum + entry.size, 0);
  const executor = await services.createExecutor(repo, bytes);
  try {
    const note = { command: 'pull', snapshot: head.id };
    const { updated, placed } = await new Application(session, repo, executor, local, plan, note).run();
    const came = new Set(plan.place.map(({ path }) => path));
    const stampAt = (path: string): FileStamp | undefined => {
      if (came.has(path)) return placed.get(path);
      return plan.matching.has(path) ? local.scan.entries.get(path) : undefined;
    };
    const common = { base: head.id, root: head.snapshot.tree, seen: cloud.ids, held: plan.held, keyHint: repo.keyId };
    const deletionMeant = found.hasUnsent && session.state?.deletionMeant;
    await recordCommon(session, { ...common, manifest: theirs, stampOf: stampAt, deletionMeant }, startedMs);
    await tidyTrash(session);
    const { warnings } = session;
    if (updated === undefined) return { outcome: 'up-to-date', snapshot: head.id, warnings };
    return { ...updated, snapshot: head.id, warnings };
  } finally {
    await executor.close();
  }
}

async function planHead({ session, theirs, local, mine }: HeadComparison): Promise<PullPlan> {
  const { instance, scope, state, caseBlind, services } = session;
  const { scan } = local;
  const { platform } = services;
  const linksWork = platform !== 'win32' || !lacksLinks(scan, theirs) || (await canMakeLinks(instance));
  const absent = new Set([...mine.keys()].filter((path) => !scan.entries.has(path)));
  const known = { local: mine, base: baseManifest(state), absent, isAside: setAside(scan) };
  return planPull({ ...known, head: theirs, scope, platform, caseBlind, linksWork });
}

/** A world's upgrade is one-way: an older game may break what a newer one has written. */
export async function warnOfNewerGame(session: SyncSession, { snapshot }: KnownSnapshot): Promise<void> {
  const theirs = minecraftOf(snapshot.tags ?? []);
  const here = (await readGameVersion(session.instance.packFolder))?.minecraft;
  if (theirs === undefined || here === undefined || (compareGameVersions(theirs, here) ?? 0) <= 0) return;
  const message = `these worlds were last played with Minecraft ${theirs}, this instance has ${here}`;
  session.warn('newer-game', `${message}; an older game can break them: update the instance before you play`);
}

/** Whether the cloud has a link that is not here yet. */
function lacksLinks(here: Scan, theirs: Manifest): boolean {
  return [...theirs].some(
    ([path, entry]) => entry.type === 'symlink' && here.entries.get(path)?.linktarget !== entry.linktarget,
  );
}
