/**
 * Folders become a snapshot:
 *   targets -> index -> walk: nodes, files read, trees -> packs and index stored -> snapshot
 * The same folder gives the same trees as restic's, so that either program goes on where the other one stopped.
 */
import { hostname, userInfo } from 'node:os';
import { SyncError, throwIfAborted } from '../base/errors.js';
import type { TreeId } from '../base/ids.js';
import type { NamedSnapshot } from '../browse/select.js';
import { thisOwner, withDomain } from '../repo/owner.js';
import type { Repository, WriteOptions } from '../repo/repository.js';
import type { WriteSession } from '../repo/session.js';
import type { Snapshot, SnapshotSummary } from '../repo/snapshot.js';
import { Archiver } from './archiver.js';
import { AttributeSource } from './attribute-source.js';
import { BackupReport } from './backup-report.js';
import type { BackupOptions, BackupResult, LeftOut } from './backup-types.js';
import type { BlobStore } from './blob-store.js';
import { withDryStore } from './blob-store.js';
import { startEstimate } from './estimate.js';
import { FileReader } from './file-reader.js';
import type { Zone } from './local-zone.js';
import { formatLocalTime, localZone } from './local-zone.js';
import { OwnerNames } from './owner-names.js';
import { saveStdin, stdinPath } from './stdin-tree.js';
import type { Targets } from './targets.js';
import { findTargets } from './targets.js';

export type * from './backup-types.js';

/** What is known before anything is written. */
interface Job {
  readonly repo: Repository;
  readonly options: BackupOptions;
  readonly report: BackupReport;
  readonly targets: Targets;
  readonly parent: NamedSnapshot | undefined;
  readonly zone: Zone;
  readonly startNs: bigint;
}

/**
 * Makes a snapshot of the targets. What cannot be read is told and left out. Throws 'usage' where no target exists ("all
 * source directories/files do not exist") or nothing is left ("unable to save snapshot: snapshot is empty"), 'locked',
 * 'aborted', and what the repository or the standard input throws.
 */
export async function backup(repo: Repository, options: BackupOptions): Promise<BackupResult> {
  const { signal, onEvent } = options;
  throwIfAborted(signal);
  const report = new BackupReport(onEvent);
  const job: Job = {
    repo,
    options,
    report,
    targets: await targetsOf(options, report),
    parent: options.force ? undefined : options.parent,
    zone: localZone(),
    startNs: options.startNs ?? nowNs(),
  };
  if (options.dryRun) return withDryStore(repo, signal, (store) => run(job, store, undefined));
  const onWait = (holder: string): void => report.tell({ type: 'lock-wait', holder });
  const write: WriteOptions = { ...options.write, signal, lock: { onWait, ...options.write?.lock } };
  return repo.write(write, (session) => run(job, session, session));
}

async function targetsOf(options: BackupOptions, report: BackupReport): Promise<Targets> {
  const { targets, stdin, cwd = process.cwd() } = options;
  if (stdin === undefined) return findTargets(targets, cwd, (error) => report.error(error));
  if (targets.length > 0) throw new SyncError('usage', 'a backup of standard input has no other targets');
  return { tree: { children: [] }, paths: [stdinPath(stdin.name)], absolute: (path) => path };
}

/** Without a session nothing is written. */
async function run(job: Job, store: BlobStore, session: WriteSession | undefined): Promise<BackupResult> {
  const { repo, options, report, parent, startNs } = job;
  await repo.loadIndex(store.signal);
  const attributes = await AttributeSource.open((error) =>
    report.error({ item: job.targets.paths[0] ?? '/', during: 'archival', error }),
  );
  // It is a program, which may hang where a disk does.
  store.signal.addEventListener('abort', () => attributes.close(), { once: true });
  const reader = new FileReader(repo, store, report, options);
  const counting = startEstimate(job.targets, options, report);
  try {
    const tree = await saveContent(job, store, reader, attributes);
    await session?.flush();
    const endNs = nowNs();
    const summary = summarize(job, endNs);
    const isWanted = !(options.skipIfUnchanged && parent?.snapshot.tree === tree);
    const snapshotId = isWanted ? await session?.commit(describe(job, tree, summary)) : undefined;
    const seconds = Number(endNs - startNs) / 1e9;
    return { snapshotId, tree, summary, seconds, errors: report.errors, leftOut: leftOutOf(attributes) };
  } finally {
    attributes.close();
    await Promise.all([counting.stop(), reader.close()]);
  }
}

function saveContent(job: Job, store: BlobStore, reader: FileReader, attributes: AttributeSource): Promise<TreeId> {
  const { repo, options, report, parent, zone, startNs, targets } = job;
  const { platform } = process;
  const parentTree = parent?.snapshot.tree;
  if (options.stdin !== undefined) {
    const time = formatLocalTime(options.timeNs ?? startNs, zone);
    return saveStdin({ repo, store, report, reader, time, parent: parentTree }, options.stdin);
  }
  const archiver = new Archiver({
    repo,
    store,
    report,
    reader,
    attributes,
    nodes: { zone, owners: new OwnerNames(platform), withAtime: options.withAtime ?? false, platform },
    rules: { ignoreInode: options.ignoreInode ?? false, ignoreCtime: options.ignoreCtime ?? false, platform },
    filter: options.filter,
    absolute: targets.absolute,
  });
  return archiver.save(targets.tree, parentTree);
}

function summarize({ report, zone, startNs }: Job, endNs: bigint): SnapshotSummary {
  const [backupStart, backupEnd] = [formatLocalTime(startNs, zone), formatLocalTime(endNs, zone)];
  return { backupStart, backupEnd, ...report.counts };
}

function describe({ options, parent, zone, startNs, targets }: Job, tree: TreeId, summary: SnapshotSummary): Snapshot {
  const uid = process.getuid?.();
  const gid = process.getgid?.();
  return {
    time: formatLocalTime(options.timeNs ?? startNs, zone),
    ...(parent === undefined ? {} : { parent: parent.id }),
    tree,
    paths: targets.paths,
    hostname: options.hostname ?? hostname(),
    username: options.username ?? userName(),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    ...(options.excludes === undefined ? {} : { excludes: options.excludes }),
    ...(options.tags === undefined ? {} : { tags: options.tags }),
    programVersion: options.programVersion,
    summary,
  };
}

function userName(): string {
  try {
    return withDomain(userInfo().username);
  } catch {
    // A number without a name, as containers have it.
    return thisOwner().username;
  }
}

function leftOutOf(attributes: AttributeSource): LeftOut[] {
  const leftOut = attributes.leftOut === undefined ? [] : [attributes.leftOut];
  if (process.platform !== 'win32') return leftOut;
  const what = 'owners, access rights, attributes of all kinds and times of creation';
  return [...leftOut, { what, reason: 'Node.js has no calls for them on Windows' }];
}

function nowNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
