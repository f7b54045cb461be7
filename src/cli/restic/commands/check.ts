/** `check`: whether the repository is whole. */
import { isSyncError, SyncError } from '../../../base/errors.js';
import type { CheckResult, ReadData } from '../../../maintain/check.js';
import { check } from '../../../maintain/check.js';
import { createExecutor } from '../../../open.js';
import type { Repository } from '../../../repo/repository.js';
import type { CommandSpec, Context } from '../command.js';
import { FILTER_FLAGS, filterOf } from '../filter-flags.js';
import { CheckReport, summaryJson } from './check-report.js';
import { parseSubset } from './check-subset.js';

export const checkCommand: CommandSpec = {
  name: 'check',
  summary: 'Look for damage in the repository',
  args: '[snapshotID ...]',
  description: [
    'Looks whether everything that the snapshots need is in the repository: index files, packs by their sizes, and every',
    'tree. With --read-data or --read-data-subset packs are also fetched whole, and all that is in them is verified.',
    '',
    'With snapshots given, or chosen by flags, only what these need is looked into. Nothing is read from the cache unless',
    'with --with-cache: what counts is what the repository holds.',
  ].join('\n'),
  flags: [
    ...FILTER_FLAGS,
    { name: 'check-unused', kind: 'bool', help: 'taken without effect', hidden: true },
    { name: 'read-data', kind: 'bool', help: 'fetch and verify all packs' },
    {
      name: 'read-data-subset',
      kind: 'text',
      value: 'subset',
      help: "fetch and verify some packs: part n of t as 'n/t', a random share as 'x%', or so many bytes, as '50M'",
    },
    { name: 'with-cache', kind: 'bool', help: 'take what the cache has from there' },
  ],
  group: 'main',
  jsonProblems: true,
  run,
};

async function run(context: Context): Promise<number> {
  const { flags, out } = context;
  const readData = readDataOf(context);
  if (flags.bool('check-unused') && !out.json)
    out.warn('Flag --check-unused has been deprecated: it is taken without effect');
  let told = false;
  try {
    const { summary } = await checkLocked(context, readData, () => {
      told = true;
    });
    if (summary.numErrors > 0) throw new SyncError('damaged', 'repository contains errors');
    return 0;
  } catch (error) {
    // restic's summary counts the reason why nothing could be checked as the one error that there is.
    if (out.json && !told && !isSyncError(error, 'aborted')) {
      out.object(summaryJson({ numErrors: 1, brokenPacks: [], suggestRepairIndex: false, suggestPrune: false }));
    }
    throw error;
  }
}

async function checkLocked(context: Context, readData: ReadData | undefined, onTold: () => void): Promise<CheckResult> {
  const { args, flags, out, signal, lock } = context;
  const filter = filterOf(context);
  const noLock = flags.bool('no-lock');
  if (!noLock) out.info('create exclusive lock for repository');
  const repo = await context.open({ cache: flags.bool('with-cache') });
  const filtered = args.length > 0 || Object.values(filter).some((part) => part.length > 0);
  const report = new CheckReport(out, { readData, filtered });
  const { onProgress, onFinding } = report;
  const work = async (): Promise<CheckResult> => {
    const wanted = { readData, snapshots: args, filter };
    const result = await check(repo, {
      ...wanted,
      createExecutor: (bytes) => createExecutor(repo, bytes),
      onProgress,
      onFinding,
      signal,
    });
    onTold();
    report.end(result);
    return result;
  };
  return noLock ? work() : exclusively(repo, { signal, lock }, work);
}

/** Nothing is written, so what may only be read can be checked too. */
function exclusively<T>(
  repo: Repository,
  { signal, lock }: Pick<Context, 'signal' | 'lock'>,
  work: () => Promise<T>,
): Promise<T> {
  return repo.read({ signal, lock: { ...lock, exclusive: true } }, work);
}

function readDataOf({ flags }: Context): ReadData | undefined {
  const subset = flags.text('read-data-subset');
  const all = flags.bool('read-data');
  if (all && subset) {
    throw new SyncError('usage', 'check flags --read-data and --read-data-subset cannot be used together');
  }
  if (all) return 'all';
  return subset ? parseSubset(subset) : undefined;
}
