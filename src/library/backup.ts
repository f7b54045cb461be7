/** `backup`: files and folders of this machine become a snapshot, with the threads, parent and filter that belong to it. */
import { hostname as nameOfThisHost } from 'node:os';
import { version } from 'virtual:version';
import { backup as runBackup } from '../archive/backup.js';
import type {
  BackupEvent,
  BackupFilter,
  BackupResult,
  BackupOptions as EngineOptions,
  StdinSource,
} from '../archive/backup-types.js';
import type { ParentOptions } from '../archive/parent.js';
import { findParent } from '../archive/parent.js';
import { absolutePath } from '../archive/target-path.js';
import { isSyncError, SyncError } from '../base/errors.js';
import type { NamedSnapshot } from '../browse/select.js';
import { createExecutor } from '../open.js';
import { parsePatterns } from '../pattern/pattern-list.js';
import type { Repository as Engine } from '../repo/repository.js';
import { openedOf } from './opened.js';
import type { Repository } from './repository.js';
import { findSnapshot } from './snapshot-ref.js';

export interface BackupOptions {
  /** Files and folders. Absolute ones keep their whole chain of folders in the snapshot, relative ones theirs. */
  readonly paths?: readonly string[] | undefined;
  /** Where relative paths begin; the process's working directory by default. */
  readonly cwd?: string | undefined;
  /** Instead of paths: one file whose content comes from here. */
  readonly stream?: StdinSource | undefined;
  /** Patterns as of restic's --exclude; the snapshot records them. */
  readonly exclude?: readonly string[] | undefined;
  /**
   * Asked about everything that is not excluded, but for `paths` themselves; with `onEvent` twice, as all is counted in
   * advance, so it must give equal answers to equal questions.
   */
  readonly filter?: BackupFilter | undefined;
  /**
   * The earlier snapshot whose unchanged files are not read again: by default 'auto', the latest of the same host and
   * paths; or "latest", an id, the beginning of one; or 'none'.
   */
  readonly parent?: string | undefined;
  /** As the snapshot records it; this machine's name by default. */
  readonly hostname?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  /** Of the snapshot; now by default. */
  readonly time?: Date | undefined;
  /** Make no snapshot if it would be equal to its parent. */
  readonly skipIfUnchanged?: boolean | undefined;
  /** Read and count, and write nothing. */
  readonly dryRun?: boolean | undefined;
  readonly onEvent?: ((event: BackupEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What cannot be read is left out, told, and listed in the result's `errors`; all else is in the snapshot. Throws
 * 'not-found' where none of the paths exists, or the parent; 'usage' for a malformed pattern, or while another backup to
 * this Repository runs; 'locked', 'aborted', …
 */
export async function backup(repository: Repository, options: BackupOptions): Promise<BackupResult> {
  const { engine, calls, lock } = openedOf(repository);
  return calls.run(options.signal, async (signal) => {
    const missing: string[] = [];
    const onEvent = (event: BackupEvent): void => {
      if (event.type === 'error' && isSyncError(event.error, 'not-found')) missing.push(event.item);
      options.onEvent?.(event);
    };
    const prepared = await prepare(engine, options, signal);
    try {
      return await runBackup(engine, { ...prepared, createExecutor, write: { lock }, onEvent, signal });
    } catch (error) {
      const isNothing = isSyncError(error, 'usage') && missing.length > 0 && missing.length === prepared.targets.length;
      throw isNothing ? nothingAt(missing, error) : error;
    }
  });
}

/** All that is known before anything is read. */
async function prepare(engine: Engine, options: BackupOptions, signal: AbortSignal): Promise<EngineOptions> {
  const { paths = [], cwd = process.cwd(), stream, exclude, hostname = nameOfThisHost(), tags, time } = options;
  if (paths.length === 0 && stream === undefined) throw new SyncError('usage', 'no paths to back up');
  const filter = filterFor(options);
  const timeNs = time === undefined ? undefined : nanoseconds(time);
  const parent = await chooseParent(engine, options.parent ?? 'auto', {
    paths: paths.map((path) => absolutePath(cwd, path, process.platform)),
    hostname,
    // A snapshot of this very millisecond may have nanoseconds.
    notAfterNs: timeNs ?? nanoseconds(new Date(Date.now() + 1)),
    signal,
  });
  const { skipIfUnchanged, dryRun, onEvent } = options;
  // What is counted in advance is only told.
  const noScan = onEvent === undefined;
  const described = { hostname, tags, timeNs, excludes: exclude, programVersion: `restic-ts ${version}` };
  return { ...described, targets: paths, cwd, stdin: stream, filter, parent, skipIfUnchanged, dryRun, noScan };
}

function nothingAt(paths: readonly string[], cause: unknown): SyncError {
  const [first = '', second] = paths;
  const more = second === undefined ? '' : ` and ${paths.length - 1} more`;
  return new SyncError('not-found', `there is nothing to back up at ${first}${more}`, { cause, details: { paths } });
}

async function chooseParent(engine: Engine, parent: string, group: ParentOptions): Promise<NamedSnapshot | undefined> {
  if (parent === 'none') return undefined;
  if (parent !== 'auto') return findSnapshot(engine, parent, group.signal);
  // A stream has no path, and no time by which it could be known again.
  return group.paths.length === 0 ? undefined : findParent(engine, group);
}

function filterFor({ exclude = [], filter }: BackupOptions): BackupFilter | undefined {
  if (exclude.length === 0) return filter;
  const list = parsePatterns(exclude);
  return (path, info) => !list.matches(path) && (filter === undefined || filter(path, info));
}

/** Throws 'usage' for what is no date. */
function nanoseconds(date: Date): bigint {
  const ms = date.getTime();
  if (Number.isNaN(ms)) throw new SyncError('usage', 'the time of the snapshot is not a valid date');
  return BigInt(ms) * 1_000_000n;
}
