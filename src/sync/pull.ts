/**
 * pull: the cloud's head becomes the game folder.
 *   snapshot list -> nothing unseen? done, one request, no key
 *                 -> scan, hash what changed -> both sides changed? conflict, nothing touched
 *                 -> plan -> fetch into staging -> swap through the journal -> state
 */
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '../archive/manifest.js';
import { diffManifests, isEmptyDiff } from '../archive/manifest.js';
import type { FileStamp } from '../archive/scan.js';
import { ioError, SyncError } from '../base/errors.js';
import type { SnapshotId } from '../base/ids.js';
import { toFsPath } from '../base/raw-string.js';
import type { Repository } from '../repo/repository.js';
import { fetchFiles } from '../restore/fetch-files.js';
import type { Executor } from '../worker/executor.js';
import type { KnownSnapshot } from './heads.js';
import type { LocalSide, ReadOutcome } from './local.js';
import { compareWithState, readUnknown, scanInstance } from './local.js';
import type { PlannedFile, PullPlan } from './plan.js';
import { planPull } from './plan.js';
import { HASH_ONLY, restat } from './push.js';
import { recordCommon } from './record.js';
import type { CloudSide } from './remote-side.js';
import { baseManifest, manifestOf, readCloud, sameContent } from './remote-side.js';
import type { PullResult, Updated } from './results.js';
import { NOT_CONFIGURED } from './results.js';
import type { Services, SyncOptions, SyncSession } from './session.js';
import { openRepository, withInstance } from './session.js';
import { applySwap, checkFreeSpace, checkTargets, makeStaging } from './stage.js';

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
  return pullHead(session, repo, cloud, cloud.head);
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
  const scan = await scanInstance(instance.packFolder, scope, signal);
  const local = compareWithState(scan, state, scope);
  const theirs = await manifestOf(session, repo, head);
  const base = await baseManifest(session, repo, cloud);
  const executor = await services.createExecutor(repo, bytesOf(local) + downloadSize(theirs, local));
  try {
    const mine = await readLocal(session, executor, local);
    refuseConflict(session, head, base, mine.manifest, theirs, scan.entries);
    const absent = new Set([...mine.manifest.keys()].filter((path) => !scan.entries.has(path)));
    const platform = services.platform;
    const plan = planPull({ head: theirs, local: mine.manifest, base, absent, scope, platform });
    for (const text of plan.warnings) session.warn('left-out', text);
    const applied = await new Application(session, repo, executor, local, plan).run();
    const stampAt = await stampReader(session, plan.matching);
    const common = { base: head.id, root: head.snapshot.tree, seen: cloud.ids, held: plan.held, keyHint: repo.keyId };
    await recordCommon(session, { ...common, manifest: theirs, stampOf: stampAt }, startedMs);
    if (applied === undefined) return upToDate(session, head.id);
    return { ...applied, snapshot: head.id, warnings: session.warnings };
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
  const { packFolder } = session.instance;
  const outcome = await readUnknown(local, {
    state: session.state,
    executor,
    sink: HASH_ONLY,
    signal: session.signal,
    join: (path) => join(packFolder, path),
    restat: (path) => restat(packFolder, path),
  });
  const [first] = outcome.unreadable;
  if (first === undefined) return outcome;
  const message = `${first.path} cannot be read (${first.error.message}); is the game running? Nothing was changed`;
  throw new SyncError('in-use', message, { cause: first.error });
}

/** Both sides differ from what they last had in common, and from each other. */
function refuseConflict(
  session: SyncSession,
  head: KnownSnapshot,
  base: Manifest | undefined,
  mine: Manifest,
  theirs: Manifest,
  onDisk: ReadonlyMap<string, unknown>,
): void {
  const whose = `${head.snapshot.hostname ?? 'another PC'} (${head.snapshot.time})`;
  if (base === undefined) {
    const worlds = [...mine.keys()].filter((path) => path.startsWith('saves/') && onDisk.has(path));
    const differing = diffManifests(
      new Map(worlds.map((path) => [path, mine.get(path)] as const).filter(isPresent)),
      theirs,
    );
    const lost = new Set([...differing.changed, ...differing.removed]);
    if (!worlds.some((path) => lost.has(path))) return;
    const message = `this PC has worlds, and so has the cloud, from ${whose}, and they never met; nothing was changed`;
    throw new SyncError('conflict', message, { details: { firstContact: true, head: head.id } });
  }
  if (session.state?.base === head.id) return;
  const localDiff = diffManifests(base, mine);
  if (isEmptyDiff(localDiff) || sameContent(base, theirs) || sameContent(mine, theirs)) return;
  const touched = [...localDiff.changed, ...localDiff.added, ...localDiff.removed];
  const message = `both sides changed: this PC (${touched.length} files, such as ${touched[0]}), and ${whose}; nothing was changed`;
  throw new SyncError('conflict', message, { details: { head: head.id, local: touched.slice(0, 100) } });
}

function isPresent<K, V>(pair: readonly [K, V | undefined]): pair is readonly [K, V] {
  return pair[1] !== undefined;
}

/** Fetches and swaps. */
class Application {
  readonly #session: SyncSession;
  readonly #repo: Repository;
  readonly #executor: Executor;
  readonly #local: LocalSide;
  readonly #plan: PullPlan;

  constructor(session: SyncSession, repo: Repository, executor: Executor, local: LocalSide, plan: PullPlan) {
    this.#session = session;
    this.#repo = repo;
    this.#executor = executor;
    this.#local = local;
    this.#plan = plan;
  }

  /** undefined if there was nothing to change. */
  async run(): Promise<Omit<Updated, 'snapshot' | 'warnings'> | undefined> {
    const { place, remove, removeDirs, makeDirs } = this.#plan;
    const entries = this.#local.scan.entries;
    if (
      place.length === 0 &&
      remove.length === 0 &&
      removeDirs.length === 0 &&
      makeDirs.every((dir) => entries.has(dir))
    ) {
      return undefined;
    }
    const { instance } = this.#session;
    await checkTargets(
      instance,
      place.map(({ path }) => path),
      remove,
    );
    await checkFreeSpace(instance, bytesIn(place));
    const staging = await makeStaging(instance);
    let staged: string[];
    try {
      staged = await this.#stage(staging.folder);
    } catch (error) {
      await staging.remove();
      throw error;
    }
    this.#session.phase('applying');
    const { trash } = await applySwap(instance, {
      id: staging.id,
      replace: place.map(({ path }, i) => ({
        path,
        staged: staged[i] ?? '',
        expected: this.#stampAt(path) ?? 'absent',
      })),
      remove: remove.map((path) => ({ path, expected: this.#stampAt(path) ?? 'absent' })),
      makeDirs,
      removeDirs,
    });
    const replaced = place.filter(({ path }) => entries.has(path)).length;
    const files = { added: place.length - replaced, changed: replaced, removed: remove.length };
    const result = { outcome: 'updated', files, bytesWritten: bytesIn(place) } as const;
    return trash === undefined ? result : { ...result, trash };
  }

  #stampAt(path: string): FileStamp | undefined {
    return this.#local.scan.entries.get(path);
  }

  /** Every new file under a number in the staging folder: no name of the cloud's can lead anywhere. */
  async #stage(folder: string): Promise<string[]> {
    const places = this.#plan.place.map((_, i) => join(folder, String(Math.floor(i / 1000)), String(i)));
    for (let i = 0; i * 1000 < places.length; i++) await mkdir(join(folder, String(i)), { recursive: true });
    const pairs = this.#plan.place.map((file, i) => ({ ...file, destination: places[i] ?? '' }));
    const files = pairs.filter(({ entry }) => entry.type === 'file');
    const total = { filesTotal: files.length, bytesTotal: bytesIn(files) };
    let filesDone = 0;
    let bytesDone = 0;
    const tell = (): void =>
      this.#session.emit({ type: 'progress', phase: 'downloading', filesDone, bytesDone, ...total });
    await fetchFiles(this.#repo, files, {
      signal: this.#session.signal,
      opener: this.#executor,
      onBytes: (bytes) => {
        bytesDone += bytes;
        tell();
      },
      onFile: () => {
        filesDone += 1;
        tell();
      },
    });
    for (const { entry, destination, path } of pairs) {
      if (entry.type === 'symlink') await makeLink(entry.linktarget ?? '', destination, path);
    }
    return places;
  }
}

function bytesIn(files: readonly PlannedFile[]): number {
  return files.reduce((sum, { entry }) => sum + entry.size, 0);
}

async function makeLink(target: string, destination: string, path: string): Promise<void> {
  try {
    await symlink(toFsPath(target), destination);
  } catch (error) {
    throw ioError(error, 'cannot make the link', path);
  }
}

/** Looks at every file that came or stayed once more: a rename changes ctime on some file systems. */
async function stampReader(
  session: SyncSession,
  matching: ReadonlySet<string>,
): Promise<(path: string) => FileStamp | undefined> {
  const scan = await scanInstance(session.instance.packFolder, session.scope, session.signal);
  return (path) => (matching.has(path) ? scan.entries.get(path) : undefined);
}
