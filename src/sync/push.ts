/**
 * push: the game folder becomes a new snapshot.
 *   scan -> nothing changed? done, without a request
 *        -> snapshot list -> someone else's head? conflict, nothing sent
 *        -> read, split, upload -> list again -> snapshot -> state
 */
import { hostname } from 'node:os';
import type { Manifest, ManifestDiff } from '../archive/manifest.js';
import { diffManifests, isEmptyDiff } from '../archive/manifest.js';
import { savePortableTrees } from '../archive/portable-tree.js';
import type { FileStamp, Scan } from '../archive/scan.js';
import { isSyncError, SyncError } from '../base/errors.js';
import type { SnapshotId, TreeId } from '../base/ids.js';
import type { Remote } from '../repo/remote.js';
import type { Repository } from '../repo/repository.js';
import type { WriteSession } from '../repo/session.js';
import type { FileSink } from '../worker/file-task.js';
import { refuseFileAsFolder, refuseMixedWorlds, unseenVersion } from './conflict.js';
import { foldersAbove } from './game-path.js';
import { FOLLOWS_TAG, PROGRAM } from './heads.js';
import type { LocalSide, ReadOutcome } from './local.js';
import { compareWithState, HASH_ONLY, isUntouched, readUnknown, scanInstance, withBitsOf } from './local.js';
import { recordCommon } from './record.js';
import type { CloudSide } from './remote-side.js';
import { baseManifest, manifestOf, readCloud, sameContent, withTable } from './remote-side.js';
import type { FileCounts, NothingSent, PushResult, Sent } from './results.js';
import { NOT_CONFIGURED } from './results.js';
import type { Services, SyncOptions, SyncSession } from './session.js';
import { openRepository, recordedSpelling, repositoryLock, withInstance } from './session.js';

/** Throws 'conflict' if the cloud has something that this PC has not seen; nothing is sent then. */
export async function push(options: SyncOptions, services: Services): Promise<PushResult> {
  return (await withInstance('push', options, services, pushInstance)) ?? NOT_CONFIGURED;
}

async function pushInstance(session: SyncSession): Promise<PushResult> {
  const { instance, scope, state, signal } = session;
  const startedMs = Date.now();
  session.phase('scanning');
  const scan = await scanInstance(instance, scope, signal, recordedSpelling(session));
  for (const { path, reason } of scan.skipped) session.warn('left-out', `${path} was left out: ${reason}`);
  const local = compareWithState(scan, state, scope);
  const isWhole = scan.unreadable.length === 0;
  if (state?.base !== undefined && state.files.size > 0 && isWhole && isUntouched(local, state))
    return nothing(session, state.base);
  if (scan.entries.size === 0 && state?.base === undefined) return nothing(session, undefined);

  session.phase('connecting');
  const remote = await session.connect();
  const ids = await remote.listSnapshots(signal);
  const repo = (await openRepository(session, remote)) ?? (await makeRepository(session, remote));
  return repo.write({ signal, lock: repositoryLock(session) }, async (writer) => {
    // Under the lock, or a prune elsewhere could remove packs that the index here still names.
    await repo.loadIndex(writer.signal);
    const cloud = await readCloud(session, repo, ids);
    const whole = await withTable(session, repo, cloud);
    const compared = whole === session ? local : compareWithState(scan, whole.state, scope);
    const sendable = withoutLostBlobs(compared, repo, cloud.head === undefined);
    return new Push(whole, remote, repo, writer, cloud, sendable, startedMs).run();
  });
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
    return await remote.init(session.token.password, session.signal);
  } catch (error) {
    if (!isSyncError(error, 'exists')) throw error;
    return remote.open({ passwords: [session.token.password], signal: session.signal });
  }
}

function nothing(session: SyncSession, snapshot: SnapshotId | undefined): NothingSent {
  const result = { outcome: 'nothing-to-send', warnings: session.warnings, unreadable: [] } as const;
  return snapshot === undefined ? result : { ...result, snapshot };
}

/** One push on its way, from the opened repository to the written state. */
class Push {
  readonly #session: SyncSession;
  readonly #remote: Remote;
  readonly #repo: Repository;
  readonly #writer: WriteSession;
  readonly #cloud: CloudSide;
  readonly #base: Manifest | undefined;
  readonly #local: LocalSide;
  readonly #startedMs: number;
  #filesDone = 0;
  #bytesDone = 0;

  constructor(
    session: SyncSession,
    remote: Remote,
    repo: Repository,
    writer: WriteSession,
    cloud: CloudSide,
    local: LocalSide,
    startedMs: number,
  ) {
    this.#session = session;
    this.#remote = remote;
    this.#repo = repo;
    this.#writer = writer;
    this.#cloud = cloud;
    this.#base = baseManifest(session.state);
    this.#local = local;
    this.#startedMs = startedMs;
  }

  async run(): Promise<PushResult> {
    const { state } = this.#session;
    const behind = this.#cloud.head !== undefined && this.#cloud.head.id !== state?.base;
    if (behind) return this.#settleBehind();
    const writer = this.#writer;
    const executor = await this.#session.services.createExecutor(this.#repo, this.#bytesToRead());
    try {
      const sink: FileSink = {
        claim: (id) => writer.claim('data', id),
        emit: (blob, length) => writer.add(blob, length),
      };
      return await this.#finish(writer, await this.#read(executor, sink, writer.signal));
    } finally {
      await executor.close();
    }
  }

  /** The cloud has a head that this PC does not know: fine if it holds just what lies here, a conflict if not. */
  async #settleBehind(): Promise<PushResult> {
    const { head } = this.#cloud;
    if (head === undefined) throw new SyncError('internal', 'push: behind a head that does not exist');
    const executor = await this.#session.services.createExecutor(this.#repo, this.#bytesToRead());
    try {
      const outcome = await this.#read(executor, HASH_ONLY, this.#writer.signal);
      const theirs = await manifestOf(this.#session, this.#repo, head);
      const mine = withBitsOf(theirs, outcome.manifest, this.#local, this.#session.state);
      if (!sameContent(mine, theirs)) throw unseenVersion(head);
      await this.#record(outcome, head.id, head.snapshot.tree, this.#cloud.ids);
      return nothing(this.#session, head.id);
    } finally {
      await executor.close();
    }
  }

  #bytesToRead(): number {
    let bytes = 0;
    for (const path of this.#local.unknown) bytes += this.#local.scan.entries.get(path)?.size ?? 0;
    return bytes;
  }

  async #read(
    executor: Awaited<ReturnType<Services['createExecutor']>>,
    sink: FileSink,
    signal: AbortSignal | undefined,
  ): Promise<ReadOutcome> {
    const { packFolder } = this.#session.instance;
    const bytesTotal = this.#bytesToRead();
    const outcome = await readUnknown(this.#local, {
      state: this.#session.state,
      executor,
      sink,
      signal,
      folder: packFolder,
      onFile: (bytes) => {
        this.#filesDone += 1;
        this.#bytesDone += bytes;
        const done = { filesDone: this.#filesDone, bytesDone: this.#bytesDone };
        const total = { filesTotal: this.#local.unknown.length, bytesTotal };
        this.#session.emit({ type: 'progress', phase: 'uploading', ...done, ...total });
      },
    });
    for (const { path, error } of outcome.unreadable) {
      this.#session.warn('unreadable', `${path} could not be read and is not in this push: ${error.message}`);
    }
    for (const path of outcome.unsteady) {
      this.#session.warn('unsteady', `${path} changed while it was read; the next push sends it again`);
    }
    return outcome;
  }

  async #finish(writer: WriteSession, outcome: ReadOutcome): Promise<PushResult> {
    const { manifest } = outcome;
    refuseMixedWorlds(this.#local.met, manifest, this.#base);
    refuseFileAsFolder(manifest);
    const { base, tree } = { base: this.#base ?? new Map(), tree: this.#cloud.head?.snapshot.tree };
    const diff = diffManifests(base, manifest);
    const unreadable = outcome.unreadable.map(({ path }) => path);
    const parent = this.#cloud.head?.id;
    if (parent !== undefined && tree !== undefined && isEmptyDiff(diff) && writer.stats.dataBlobs === 0) {
      await this.#record(outcome, parent, tree, this.#cloud.ids);
      return { ...nothing(this.#session, parent), unreadable };
    }
    if (manifest.size === 0 && parent === undefined) return { ...nothing(this.#session, undefined), unreadable };
    const root = await savePortableTrees(manifest, (plain) => writer.saveTree(plain));
    await writer.flush();
    const now = await this.#remote.listSnapshots(writer.signal);
    const news = now.filter((id) => !this.#cloud.ids.includes(id));
    if (news.length > 0) throw unseenVersion(undefined);
    const snapshot = await writer.commit(this.#describe(root, parent));
    await this.#record(outcome, snapshot, root, [...now, snapshot]);
    return { ...this.#result(countFiles(diff, base, manifest), snapshot, writer), unreadable };
  }

  #result(files: FileCounts, snapshot: SnapshotId, writer: WriteSession): Sent {
    return {
      outcome: 'sent',
      snapshot,
      files,
      bytesRead: this.#bytesDone,
      bytesNew: writer.stats.bytesAdded,
      bytesSent: writer.stats.bytesPacked,
      warnings: this.#session.warnings,
      unreadable: [],
    };
  }

  #describe(tree: TreeId, parent: SnapshotId | undefined): Parameters<WriteSession['commit']>[0] {
    const { services, instance } = this.#session;
    const follows = this.#cloud.outdated.map((id) => FOLLOWS_TAG + id);
    const snapshot = {
      time: new Date().toISOString(),
      tree,
      paths: [instance.packFolder],
      hostname: hostname(),
      tags: [PROGRAM, ...follows],
      programVersion: `${PROGRAM} ${services.version}`,
    };
    return parent === undefined ? snapshot : { ...snapshot, parent };
  }

  async #record(outcome: ReadOutcome, base: SnapshotId, root: TreeId, seen: Iterable<string>): Promise<void> {
    const { scan } = this.#local;
    const unreadable = new Set(scan.unreadable.map(({ path }) => path));
    const isUnread = (path: string): boolean => [path, ...foldersAbove(path)].some((one) => unreadable.has(one));
    const absent = [...outcome.manifest.keys()].filter((path) => !scan.entries.has(path));
    const held = new Set(absent.filter((path) => !isUnread(path)));
    // What stands in the manifest for a file that could not be read is not what lies here.
    const unsure = new Set([...outcome.unsteady, ...outcome.unreadable.map(({ path }) => path)]);
    const stampOf = (path: string): FileStamp | undefined => (unsure.has(path) ? undefined : stampAtScan(scan, path));
    const { manifest } = outcome;
    const { state, scope } = this.#session;
    // What came into scope since the last pull comes with the next one only.
    const isScopeNew = state !== undefined && state.scopeFingerprint !== scope.fingerprint;
    const scopeFingerprint = isScopeNew ? '' : scope.fingerprint;
    const common = { base, root, seen, manifest, stampOf, held, keyHint: this.#repo.keyId, scopeFingerprint };
    await recordCommon(this.#session, common, this.#startedMs);
  }
}

/** As a player counts: a folder that became empty, or no longer is, is no file. */
function countFiles(diff: ManifestDiff, from: Manifest, to: Manifest): FileCounts {
  const count = (paths: readonly string[], side: Manifest): number =>
    paths.filter((path) => side.get(path)?.type !== 'dir').length;
  return { added: count(diff.added, to), changed: count(diff.changed, to), removed: count(diff.removed, from) };
}

function stampAtScan(scan: Scan, path: string): FileStamp | undefined {
  const entry = scan.entries.get(path);
  return entry && { size: entry.size, mtimeNs: entry.mtimeNs, ctimeNs: entry.ctimeNs, inode: entry.inode };
}
