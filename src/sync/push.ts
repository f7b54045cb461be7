/**
 * push: the game folder becomes a new snapshot.
 *   scan -> nothing changed? done, without a request
 *        -> snapshot list -> read, split, upload -> snapshot -> state
 *        -> someone else's head beside it? merge the two, or tell that both sides changed
 */
import { isSyncError } from '../base/errors.js';
import type { SnapshotId } from '../base/ids.js';
import type { Remote } from '../repo/remote.js';
import type { Repository } from '../repo/repository.js';
import { writeHeldKey } from './account/held-key.js';
import { openRepository } from './account/open-repository.js';
import { checkLive } from './folder/live-worlds.js';
import { notingQuestion } from './folder/open-question.js';
import { scanInstance, withBitsOf } from './local.js';
import type { LocalSide } from './local-side.js';
import { compareWithState, isUntouched } from './local-side.js';
import { Arbiter } from './merge/arbiter.js';
import { meetCloud, sameContent } from './remote-side.js';
import type { NothingSent, PushResult, Sent } from './results.js';
import { NOT_CONFIGURED } from './results.js';
import { type LocalRead, recordLocal, withExecutor } from './save-local.js';
import { readLocalSide, type SendInput, type SentSide, sendLocalSide, unseenHeads } from './send.js';
import type { Services, SyncOptions, SyncSession } from './session.js';
import { recordedSpelling, reopenState, repositoryLock, withInstance } from './session.js';
import { settleSent } from './settle-sent.js';

/**
 * Throws 'conflict' if another PC has changed the same: this PC's version is in the cloud then as well, beside the
 * other one; and for a mass deletion, of which nothing is sent.
 */
export async function push(options: SyncOptions, services: Services): Promise<PushResult> {
  return (await withInstance('push', options, services, notingQuestion(pushInstance))) ?? NOT_CONFIGURED;
}

async function pushInstance(session: SyncSession): Promise<PushResult> {
  const arbiter = new Arbiter(session);
  return arbiter.settle(async (isAgain) => pushOnce(isAgain ? await reopenState(session) : session, arbiter));
}

async function pushOnce(session: SyncSession, arbiter: Arbiter): Promise<PushResult> {
  const { instance, scope, state, signal, options } = session;
  const startedMs = Date.now();
  session.phase('scanning');
  const scan = await scanInstance(instance, scope, signal, recordedSpelling(session));
  for (const { path, reason } of scan.skipped) session.warn('left-out', `${path} was left out: ${reason}`);
  const local = compareWithState(scan, state, scope);
  const isWhole = scan.unreadable.length === 0;
  if (state?.base !== undefined && state.files.size > 0 && isWhole && isUntouched(local, state))
    return nothing(session, state.base);
  if (scan.entries.size === 0 && state?.base === undefined) return nothing(session, undefined);
  const live = await checkLive(session, scan.entries.keys());
  session.phase('connecting');
  const remote = await session.connect();
  const ids = await remote.listSnapshots(signal);
  session.checkClock(remote);
  const marks = [...(live ? ['live'] : []), ...(options.unclean === true ? ['unclean'] : [])];
  return sendAll(session, remote, ids, { local, startedMs, marks, arbiter });
}

export interface ToSend {
  readonly local: LocalSide;
  readonly startedMs: number;
  readonly marks: readonly string[];
  readonly arbiter: Arbiter;
}

/** With the list of snapshots at hand; makes the repository if there is none. */
export async function sendAll(
  session: SyncSession,
  remote: Remote,
  ids: readonly SnapshotId[],
  { local, startedMs, marks, arbiter }: ToSend,
): Promise<NothingSent | Sent> {
  const { signal, scope } = session;
  const repo = (await openRepository(session, remote)) ?? (await makeRepository(session, remote));
  // Beside the work; a push that is killed in between is a first one again.
  const enrolled = ids.length === 0 ? enrol(session, repo) : undefined;
  // Its failure is that of the work, if the work gets to it.
  enrolled?.catch(() => undefined);
  const result = await withExecutor(session, repo, local, (executor) =>
    repo.write({ signal, lock: repositoryLock(session), ahead: true }, async (writer) => {
      const { session: whole, cloud } = await meetCloud(session, repo, ids);
      const compared = whole === session ? local : compareWithState(local.scan, whole.state, scope);
      const sendable = withoutLostBlobs(compared, repo, cloud.heads.length === 0);
      const input = { session: whole, repo, writer, cloud, local: sendable, executor, arbiter, startedMs, marks };
      return send({ ...input, enrolled });
    }),
  );
  return settleSent(session, remote, repo, arbiter, result);
}

/** The player's other PCs find the instance by its name. */
async function enrol(session: SyncSession, repo: Repository): Promise<void> {
  const { enrolInstance } = await import('./account/enrol.js');
  await enrolInstance(session, repo);
}

async function send(
  input: SendInput & { readonly enrolled: Promise<void> | undefined },
): Promise<NothingSent | SentSide> {
  const read = await readLocalSide(input);
  await input.writer.underLock();
  if (read.isSame) return nothingOwn(input, read);
  const base = await equalHead(input, read);
  if (base !== undefined) return base;
  await input.enrolled;
  return sendLocalSide(input, read);
}

/** What lies here is what the last sync had; only the stamps may be new. */
async function nothingOwn(input: SendInput, read: LocalRead): Promise<NothingSent> {
  const { session, repo } = input;
  const { state } = session;
  const unreadable = read.outcome.unreadable.map(({ path }) => path);
  if (state?.base === undefined || state.root === undefined) return { ...nothing(session, undefined), unreadable };
  const open = new Set(unseenHeads(session, input.cloud).map(({ id }) => id));
  const seen = input.cloud.ids.filter((id) => !open.has(id));
  await recordLocal(session, repo, read, state.base, state.root, seen);
  return { ...nothing(session, state.base), unreadable };
}

/** The one head that this PC has not had may hold just what lies here. */
async function equalHead(input: SendInput, read: LocalRead): Promise<NothingSent | undefined> {
  const { session, repo, cloud } = input;
  const [head, ...more] = unseenHeads(session, cloud);
  if (head === undefined || more.length > 0 || cloud.heads.length > 1) return undefined;
  // Of this one head.
  const theirs = read.unseen ?? new Map();
  const mine = withBitsOf(theirs, read.outcome.manifest, read.local, session.state);
  if (!sameContent(mine, theirs)) return undefined;
  const outcome = { ...read.outcome, manifest: mine };
  await recordLocal(session, repo, { ...read, outcome }, head.id, head.snapshot.tree, cloud.ids);
  return nothing(session, head.id);
}

/**
 * A file known by its stamp whose blobs the repository has lost is read and sent again. What is not on this disk cannot
 * be: in a repository made anew it is given up; in one with a head, that head names it too, and repair may bring it back.
 */
function withoutLostBlobs(local: LocalSide, repo: Repository, isNew: boolean): LocalSide {
  const lost = [...local.known].filter(([, entry]) => !entry.content.every((id) => repo.index.has('data', id)));
  const here = lost.map(([path]) => path).filter((path) => local.scan.entries.has(path));
  if (lost.length === 0) return local;
  const known = new Map(local.known);
  for (const path of isNew ? lost.map(([path]) => path) : here) known.delete(path);
  return { ...local, known, unknown: [...local.unknown, ...here] };
}

/** Two PCs may make it at the same moment: the slower one takes the other's. */
async function makeRepository(session: SyncSession, remote: Remote): Promise<Repository> {
  try {
    const repo = await remote.init(session.token.password, session.signal);
    await writeHeldKey(session, { key: repo.codec.key, keyId: repo.keyId });
    return repo;
  } catch (error) {
    if (!isSyncError(error, 'exists')) throw error;
    return remote.open({ passwords: [session.token.password], signal: session.signal });
  }
}

function nothing(session: SyncSession, snapshot: SnapshotId | undefined): NothingSent {
  const result = { outcome: 'nothing-to-send', warnings: session.warnings, unreadable: [] } as const;
  return snapshot === undefined ? result : { ...result, snapshot };
}
