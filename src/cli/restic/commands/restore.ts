/** `restore`: a snapshot, or a folder of one, becomes files again. */
import { resolve } from 'node:path';
import { isSyncError, SyncError } from '../../../base/errors.js';
import { describeSnapshot, selectSnapshot } from '../../../browse/select.js';
import { findSubfolder } from '../../../browse/subfolder.js';
import { createExecutor } from '../../../open.js';
import type { Repository } from '../../../repo/repository.js';
import { restore } from '../../../restore/restore.js';
import type { Overwrite, RestoreOptions } from '../../../restore/restore-types.js';
import { EXIT } from '../../exit-code.js';
import type { CommandSpec, Context } from '../command.js';
import { FILTER_FLAGS, filterOf } from '../filter-flags.js';
import { EXCLUDE_FLAGS, INCLUDE_FLAGS } from '../pattern-flags.js';
import { attributeSelectorOf, selectorOf } from './restore-filter.js';
import { JsonReport, TextReport } from './restore-report.js';

export const restoreCommand: CommandSpec = {
  name: 'restore',
  summary: 'Extract the data from a snapshot',
  args: 'snapshotID',
  description: `Writes what a snapshot holds into a folder: contents, owners, modes, times, extended attributes,
links and devices. What is there already is compared, and only what differs is fetched.

"latest" is the latest snapshot, of those that --host, --tag and --path let through.
With "snapshotID:folder" only that folder is restored; patterns then begin in it.`,
  flags: [
    {
      name: 'delete',
      kind: 'bool',
      help: 'delete from the target what the snapshot does not have ("--dry-run -vv" shows what that is)',
    },
    { name: 'dry-run', kind: 'bool', help: 'write nothing, only show what would be done' },
    ...EXCLUDE_FLAGS,
    ...INCLUDE_FLAGS,
    {
      name: 'exclude-xattr',
      kind: 'texts',
      value: 'pattern',
      help: 'leave out extended attributes whose name the pattern matches (can be specified multiple times)',
    },
    {
      name: 'include-xattr',
      kind: 'texts',
      value: 'pattern',
      help: 'take only extended attributes whose name a pattern matches (can be specified multiple times)',
    },
    ...FILTER_FLAGS,
    {
      name: 'overwrite',
      kind: 'text',
      value: 'behavior',
      default: 'always',
      help: 'what happens to files that are there: always, if-changed, if-newer or never overwrite them',
    },
    { name: 'ownership-by-name', kind: 'bool', help: 'owners by the names of users and groups, not by their numbers' },
    { name: 'sparse', kind: 'bool', help: 'write long runs of zeros as holes' },
    { name: 'target', short: 't', kind: 'text', value: 'path', help: 'folder to restore into' },
    { name: 'verify', kind: 'bool', help: 'read the restored files back' },
  ],
  group: 'main',
  run,
};

const OVERWRITE: ReadonlyMap<string, Overwrite> = new Map(
  (['always', 'if-changed', 'if-newer', 'never'] as const).map((name) => [name, name]),
);

async function run(context: Context): Promise<number> {
  const { flags, out, cwd } = context;
  const options = await readOptions(context);
  const [spec = ''] = context.args;
  const target = flags.text('target') ?? '';
  const result = await context.withRepository('shared', async (repo, signal) => {
    const tree = await findTree(context, repo, spec, target, signal);
    const report = out.json ? new JsonReport(out) : new TextReport(out, target);
    const done = await restore(repo, tree, {
      ...options,
      target: resolve(cwd, target),
      createExecutor: (bytes) => createExecutor(repo, bytes),
      onEvent: (event) => report.onEvent(event),
      signal,
    }).catch(withoutFatal);
    report.finish(done);
    return done;
  });
  if (result.errors.length === 0) return EXIT.ok;
  throw new SyncError('io', `There were ${result.errors.length} errors`);
}

/** What the flags say, and can be known before the repository is opened. Throws 'usage'. */
async function readOptions(context: Context): Promise<Omit<RestoreOptions, 'target'>> {
  const { args, flags } = context;
  const select = await selectorOf(context);
  const selectAttribute = attributeSelectorOf(context);
  if (args.length === 0) throw new SyncError('usage', 'no snapshot ID specified');
  if (args.length > 1) throw new SyncError('usage', `more than one snapshot ID specified: [${args.join(' ')}]`);
  const target = flags.text('target');
  if (!target) throw new SyncError('usage', 'please specify a directory to restore to (--target)');
  if (flags.bool('dry-run') && flags.bool('verify')) {
    throw new SyncError('usage', '--dry-run and --verify are mutually exclusive');
  }
  if (flags.bool('delete') && select === undefined && isRoot(resolve(context.cwd, target))) {
    throw new SyncError('usage', "'--target / --delete' must be combined with an include or exclude filter");
  }
  return {
    select,
    selectAttribute,
    overwrite: overwriteOf(flags.text('overwrite') ?? 'always'),
    delete: flags.bool('delete'),
    dryRun: flags.bool('dry-run'),
    verify: flags.bool('verify'),
    sparse: flags.bool('sparse'),
    ownershipByName: flags.bool('ownership-by-name'),
  };
}

/** "/", and the root of a drive. */
function isRoot(path: string): boolean {
  return resolve(path, '..') === path;
}

function overwriteOf(text: string): Overwrite {
  const overwrite = OVERWRITE.get(text);
  if (overwrite !== undefined) return overwrite;
  const reason = `invalid overwrite behavior "${text}", must be one of (${[...OVERWRITE.keys()].join('|')})`;
  throw new SyncError('usage', `invalid argument "${text}" for "--overwrite" flag: ${reason}`, {
    details: { plain: true },
  });
}

async function findTree(
  context: Context,
  repo: Repository,
  spec: string,
  target: string,
  signal: AbortSignal,
): Promise<Awaited<ReturnType<typeof findSubfolder>>> {
  const found = await selectSnapshot(repo, spec, { filter: filterOf(context), signal }).catch((error: unknown) => {
    if (!isSyncError(error, 'not-found', 'usage', 'damaged')) throw error;
    throw new SyncError(error.code, `failed to find snapshot: ${error.message}`, { cause: error });
  });
  await repo.loadIndex(signal);
  const tree = await findSubfolder(repo, found.snapshot.tree, found.subfolder, signal).catch(withoutFatal);
  context.out.info(`restoring ${describeSnapshot(found)} to ${target}`);
  return tree;
}

/** restic's text of such an error begins without "Fatal:". */
function withoutFatal(error: unknown): never {
  if (!isSyncError(error) || error.code === 'aborted') throw error;
  const { code, message, retryable, details } = error;
  throw new SyncError(code, message, { cause: error, retryable, details: { ...details, plain: true } });
}
