/**
 * pull: the cloud's head becomes the game folder.
 *   snapshot list, scan -> nothing unseen, nothing unsent? done, one request, no key
 *     -> what lies here is unsent? it is sent first, as a snapshot of its own
 *     -> several heads then? merged into one, which is a conflict where both changed the same
 *     -> the one head comes to the disk (pull-head.ts) -> state
 */
import { isSyncError, SyncError } from '../base/errors.js';
import type { SnapshotId } from '../base/ids.js';
import type { Remote } from '../repo/remote.js';
import type { Repository } from '../repo/repository.js';
import { openRepository } from './account/open-repository.js';
import { liveWorlds } from './folder/live-worlds.js';
import { notingQuestion } from './folder/open-question.js';
import { scanInstance } from './local.js';
import { compareWithState, isUntouched } from './local-side.js';
import { Arbiter } from './merge/arbiter.js';
import { applyHead, compareHead, type HeadComparison } from './pull-head.js';
import { sendAll, type ToSend } from './push.js';
import { meetCloud } from './remote-side.js';
import type { Merged, PullResult, Sent } from './results.js';
import { NOT_CONFIGURED } from './results.js';
import { withExecutor } from './save-local.js';
import { mergeCloud, readLocalSide, sendLocalSide } from './send.js';
import type { Services, SyncOptions, SyncSession } from './session.js';
import { recordedSpelling, reopenState, repositoryLock, withInstance } from './session.js';

/** Throws 'conflict' if both sides changed the same since they last had the same; nothing is touched then. */
export async function pull(options: SyncOptions, services: Services): Promise<PullResult> {
  return (await withInstance('pull', options, services, notingQuestion(pullInstance))) ?? NOT_CONFIGURED;
}

async function pullInstance(session: SyncSession): Promise<PullResult> {
  const arbiter = new Arbiter(session);
  return arbiter.settle(async (isAgain) => pullOnce(isAgain ? await reopenState(session) : session, arbiter));
}

async function pullOnce(session: SyncSession, arbiter: Arbiter): Promise<PullResult> {
  const { state, scope, signal, instance } = session;
  const startedMs = Date.now();
  session.phase('connecting');
  const remote = await session.connect();
  // The request first: the server thinks while the folder is walked.
  const listing = remote.listSnapshots(signal);
  const scanning = scanInstance(instance, scope, signal, recordedSpelling(session));
  const [ids, scan] = await Promise.all([listing, scanning]);
  session.checkClock(remote);
  const local = compareWithState(scan, state, scope);
  const sameScope = state?.scopeFingerprint === scope.fingerprint;
  if (state?.base !== undefined && sameScope && ids.includes(state.base) && ids.every((id) => state.seen.has(id))) {
    const known = upToDate(session, state.base);
    if (state.files.size > 0 && isUntouched(local, state)) return known;
    // What is gone may have to come back: that takes a look at the head.
    if (local.removed.length === 0) {
      return withRecovered(known, await sendUnsent(session, remote, ids, { local, startedMs, arbiter }));
    }
  }
  const repo = await openRepository(session, remote);
  if (repo === undefined) return nothingInCloud(session);
  return new Pull(session, remote, repo, arbiter, ids, startedMs).run();
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

function withRecovered(result: PullResult, recovered: Sent | undefined): PullResult {
  if (recovered === undefined || result.outcome === 'not-configured') return result;
  if (result.outcome === 'up-to-date') return { ...result, snapshot: recovered.snapshot, recovered };
  return { ...result, recovered };
}

/** Why a pull that found nothing new must not stop the game: the next sync tries again. */
const PASSING = ['unreachable', 'server', 'no-space', 'locked', 'forbidden'] as const;

/** What the last session left: the hook did not run after a crash, or the server was away. */
async function sendUnsent(
  session: SyncSession,
  remote: Remote,
  ids: readonly SnapshotId[],
  unsent: Omit<ToSend, 'marks'>,
): Promise<Sent | undefined> {
  const live = await liveWorlds(session, unsent.local.scan.entries.keys());
  if (live.length > 0) {
    session.warn('in-use', `a running game holds ${live.join(', ')}; what it changed is sent after it`);
    return undefined;
  }
  try {
    const result = await sendAll(session, remote, ids, { ...unsent, marks: ['unclean'] });
    return result.outcome === 'sent' ? result : undefined;
  } catch (error) {
    if (!isSyncError(error, ...PASSING)) throw error;
    session.warn('unsent', `what the last session left could not be sent yet: ${error.message}`);
    return undefined;
  }
}

/** One pull with something to look at. */
class Pull {
  #session: SyncSession;
  readonly #remote: Remote;
  readonly #repo: Repository;
  readonly #startedMs: number;
  readonly #arbiter: Arbiter;
  #ids: readonly SnapshotId[];
  #hasRest = false;

  constructor(
    session: SyncSession,
    remote: Remote,
    repo: Repository,
    arbiter: Arbiter,
    ids: readonly SnapshotId[],
    startedMs: number,
  ) {
    this.#session = session;
    this.#remote = remote;
    this.#repo = repo;
    this.#ids = ids;
    this.#startedMs = startedMs;
    this.#arbiter = arbiter;
  }

  async run(): Promise<PullResult> {
    const first = await this.#look();
    if (!('cloud' in first)) return withRecovered(first, await this.#sendRest());
    const { recovered, merged } = await this.#unite(first);
    // The state names what lies here by now, and there is one head.
    this.#session = await reopenState(this.#session);
    this.#ids = await this.#remote.listSnapshots(this.#session.signal);
    const result = await this.#look();
    if ('cloud' in result) throw new SyncError('conflict', 'both sides changed again meanwhile; run the command again');
    const whole = withRecovered(result, recovered);
    if (merged === undefined) return whole;
    if (whole.outcome === 'updated') return { ...whole, merged };
    const { warnings } = this.#session;
    const files = { added: 0, changed: 0, removed: 0 };
    return { outcome: 'updated', snapshot: merged.snapshot, files, bytesWritten: 0, warnings, merged };
  }

  /** Beside a head that was brought, this PC may have what it has not sent yet. */
  async #sendRest(): Promise<Sent | undefined> {
    if (!this.#hasRest) return undefined;
    const { instance, scope } = this.#session;
    const session = await reopenState(this.#session);
    const scan = await scanInstance(instance, scope, session.signal, recordedSpelling(session));
    const local = compareWithState(scan, session.state, scope);
    const unsent = { local, startedMs: this.#startedMs, arbiter: this.#arbiter };
    return sendUnsent(session, this.#remote, this.#ids, unsent);
  }

  /** Brings the head, if there is one and nothing speaks against it; else says what there is to unite. */
  async #look(): Promise<PullResult | HeadComparison> {
    const options = { signal: this.#session.signal, lock: repositoryLock(this.#session), ahead: true };
    return this.#repo.read(options, async ({ signal, held }) => {
      const given = { ...this.#session, signal, lockHeld: held };
      const { session, cloud } = await meetCloud(given, this.#repo, this.#ids);
      if (cloud.heads.length === 0) return nothingInCloud(this.#session);
      const comparison = await compareHead(session, this.#repo, cloud, this.#arbiter);
      this.#hasRest = comparison.hasUnsent && session.state?.base !== undefined;
      return comparison.isPlain ? applyHead(comparison, this.#repo, this.#startedMs) : comparison;
    });
  }

  /** What is unsent becomes a snapshot, and all heads one. Everything is asked before anything is written. */
  async #unite(found: HeadComparison): Promise<{ recovered: Sent | undefined; merged: Merged | undefined }> {
    const { session, cloud, local, hasUnsent, losesHere } = found;
    const repo = this.#repo;
    const arbiter = this.#arbiter;
    const { signal } = session;
    return withExecutor(session, repo, local, (executor) =>
      repo.write({ signal, lock: repositoryLock(session), ahead: true }, async (writer) => {
        const common = { session, repo, writer, cloud, arbiter };
        if (!hasUnsent) return { recovered: undefined, merged: await mergeCloud(common, undefined, found.mine) };
        const marks = ['unclean', ...(losesHere ? ['conflict-loser'] : [])];
        const input = { ...common, local, executor, startedMs: this.#startedMs, marks };
        const { sent, merged, open } = await sendLocalSide(input, await readLocalSide(input));
        if (open !== undefined) throw open;
        return { recovered: sent, merged };
      }),
    );
  }
}
