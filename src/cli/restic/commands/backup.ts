/** `backup`: files, folders, standard input or a command's output become a snapshot. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { version } from 'virtual:version';
import { backup } from '../../../archive/backup.js';
import type { BackupOptions, BackupResult } from '../../../archive/backup-types.js';
import { isSyncError, SyncError } from '../../../base/errors.js';
import type { GroupBy } from '../../../browse/group.js';
import { createExecutor } from '../../../open.js';
import type { Repository } from '../../../repo/repository.js';
import { EXIT } from '../../exit-code.js';
import type { CommandSpec, Context } from '../command.js';
import { splitTags } from '../filter-flags.js';
import { parseRepoTime } from '../parse.js';
import { packSizeOf } from '../repository-settings.js';
import { backupFilter, readRejects } from './backup-filter.js';
import { BACKUP_FLAGS } from './backup-flags.js';
import { JsonReport } from './backup-json.js';
import { chooseParent, groupByOf } from './backup-parent.js';
import type { BackupReport } from './backup-report.js';
import type { Sources } from './backup-sources.js';
import { collectSources } from './backup-sources.js';
import type { Input } from './backup-stdin.js';
import { openInput } from './backup-stdin.js';
import { TextReport } from './backup-text.js';

const LISTS = ['files-from', 'files-from-verbatim', 'files-from-raw'] as const;

export const backupCommand: CommandSpec = {
  name: 'backup',
  summary: 'Create a new backup of files and/or directories',
  args: '[FILE/DIR] ...',
  description: 'Makes a new snapshot of the files and folders that are given.',
  flags: BACKUP_FLAGS,
  group: 'main',
  exitCodes: { [EXIT.partial]: 'something could not be read; a snapshot of the rest was made' },
  run,
};

/** What the flags say, and can be known before the repository is opened. */
type Settings = Omit<BackupOptions, 'targets' | 'programVersion' | 'hostname'> & { readonly hostname: string };

async function run(context: Context): Promise<number> {
  checkFlags(context);
  const groupBy = groupByOf(context);
  const settings = readSettings(context);
  const sources: Sources = isInput(context) ? { targets: [], incomplete: false } : await collectSources(context);
  context.out.verbose('open repository');
  const rejects = await readRejects(context);
  const filter = isInput(context) ? undefined : await backupFilter(context, rejects, sources.targets);
  const report = context.out.json ? new JsonReport(context.out) : new TextReport(context.out);
  const result = await context.withRepository('none', (repo) =>
    backUp(context, repo, { ...settings, filter }, sources.targets, groupBy, report),
  );
  for (const { what, reason } of result.leftOut) context.out.warn(`${what} were left out: ${reason}`);
  if (!sources.incomplete && result.errors.length === 0) return EXIT.ok;
  report.warnIncomplete('Warning: at least one source file could not be read');
  return EXIT.partial;
}

async function backUp(
  context: Context,
  repo: Repository,
  settings: Settings,
  targets: readonly string[],
  groupBy: GroupBy,
  report: BackupReport,
): Promise<BackupResult> {
  const { flags, out, cwd } = context;
  const { hostname: host, tags, dryRun = false, skipIfUnchanged = false } = settings;
  const notAfterNs = settings.timeNs ?? BigInt(Date.now() + 1) * 1_000_000n;
  const paths = targets.map((target) => resolve(cwd, target));
  // What comes on standard input has nothing to be compared with.
  const parent = flags.bool('stdin')
    ? undefined
    : await chooseParent(context, repo, { paths, hostname: host, tags, groupBy, notAfterNs });
  out.verbose('load index files');
  const input = openInput(context);
  tellStart(context, report, input?.source.name ?? targets.join(' '), input !== undefined);
  const result = await withInput(input, context.signal, report, (signal) =>
    backup(repo, {
      ...settings,
      targets,
      stdin: input?.source,
      parent,
      programVersion: `restic-ts ${version}`,
      onEvent: (event) => report.onEvent(event),
      signal,
    }),
  );
  const isSame = skipIfUnchanged && parent?.snapshot.tree === result.tree;
  const imagined = dryRun && !isSame ? randomBytes(32).toString('hex') : undefined;
  report.finish(result, { dryRun, snapshotId: result.snapshotId ?? imagined });
  return result;
}

function tellStart({ flags, out }: Context, report: BackupReport, what: string, isInputRead: boolean): void {
  const isScanned = !flags.bool('no-scan');
  if (isInputRead) out.verbose('read data from stdin');
  if (isScanned) out.verbose(`start scan on [${what}]`);
  out.verbose(`start backup on [${what}]`);
  // How much will come nobody can count in advance: one file.
  const totals = { files: 1, dirs: 0, others: 0, bytes: 0 };
  if (isInputRead && isScanned) report.onEvent({ type: 'scan', totals, finished: true });
}

/** Ends the command whose output is read, and says if it was that which failed. */
async function withInput(
  input: Input | undefined,
  signal: AbortSignal,
  report: BackupReport,
  work: (signal: AbortSignal) => Promise<BackupResult>,
): Promise<BackupResult> {
  if (input === undefined) return work(signal);
  const { source, failed } = input;
  try {
    return await work(AbortSignal.any([signal, failed]));
  } catch (error) {
    const reason: unknown = failed.reason;
    if (signal.aborted || !isSyncError(reason)) throw error;
    if (reason.details['plain'] === true) throw reason;
    const message = `failed to save ${source.name}: Fatal: ${reason.message}`;
    report.onEvent({ type: 'error', item: source.name, during: 'archival', error: new Error(message) });
    throw new SyncError('io', `unable to save snapshot: ${message}`, { cause: error });
  } finally {
    await input.close();
  }
}

function isInput({ flags }: Context): boolean {
  return flags.bool('stdin') || flags.bool('stdin-from-command');
}

function checkFlags(context: Context): void {
  const { args, flags, env } = context;
  const hasPassword = flags.text('password-file') || flags.text('password-command') || env['RESTIC_PASSWORD'];
  if (!hasPassword && !flags.bool('insecure-no-password')) {
    if (flags.bool('stdin')) throw new SyncError('usage', 'cannot read both password and data from stdin');
    if (LISTS.some((list) => flags.texts(list).includes('-'))) {
      const hint = 'use --password-file or $RESTIC_PASSWORD';
      const message = 'unable to read password from stdin when data is to be read from stdin';
      throw new SyncError('usage', `${message}, ${hint}`);
    }
  }
  if (!isInput(context)) return;
  for (const list of LISTS) {
    if (flags.given(list)) throw new SyncError('usage', `--stdin and --${list} cannot be used together`);
  }
  if (args.length > 0 && !flags.bool('stdin-from-command')) {
    throw new SyncError('usage', '--stdin was specified and files/dirs were listed as arguments');
  }
}

function readSettings({ flags, cwd, lock }: Context): Settings {
  const time = flags.text('time');
  const readConcurrency = flags.number('read-concurrency') ?? 0;
  if (readConcurrency < 0) throw new SyncError('usage', '--read-concurrency must not be negative');
  const packSize = packSizeOf(flags);
  return {
    cwd,
    hostname: flags.text('host') || hostname(),
    tags: flags
      .texts('tag')
      .flatMap(splitTags)
      .filter((tag) => tag !== ''),
    excludes: flags.texts('exclude'),
    timeNs: time ? parseTime(time) : undefined,
    startNs: BigInt(Date.now()) * 1_000_000n,
    force: flags.bool('force'),
    withAtime: flags.bool('with-atime'),
    ignoreInode: flags.bool('ignore-inode'),
    ignoreCtime: flags.bool('ignore-ctime'),
    readConcurrency: readConcurrency || undefined,
    dryRun: flags.bool('dry-run'),
    skipIfUnchanged: flags.bool('skip-if-unchanged'),
    noScan: flags.bool('no-scan'),
    createExecutor,
    write: packSize === undefined ? { lock } : { lock, packSize },
  };
}

function parseTime(text: string): bigint {
  try {
    return parseRepoTime(text);
  } catch (error) {
    if (!isSyncError(error, 'usage')) throw error;
    throw new SyncError('usage', `error in time option: ${error.message}`, { cause: error });
  }
}
