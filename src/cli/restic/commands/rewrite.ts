/** `rewrite`: snapshots without some of their files, or with another host or time. */
import { SyncError } from '../../../base/errors.js';
import type { RewriteOptions } from '../../../maintain/rewrite.js';
import { rewriteSnapshots } from '../../../maintain/rewrite.js';
import { goQuote } from '../../../repo/go-quote.js';
import { formatGoTime } from '../../../repo/go-time.js';
import type { CommandSpec, Context } from '../command.js';
import { FILTER_FLAGS, filterOf } from '../filter-flags.js';
import { parseRepoTime } from '../parse.js';
import { EXCLUDE_FLAGS, excluderOf, INCLUDE_FLAGS, includerOf } from '../pattern-flags.js';
import { snapshotTellers, tellModified } from './rewrite-text.js';

export const rewriteCommand: CommandSpec = {
  name: 'rewrite',
  summary: 'Rewrite snapshots to exclude unwanted files',
  args: '[snapshotID ...]',
  description: `Makes new snapshots of those there are: without what the exclude patterns match, with only
what the include patterns match, or with another host or time. All else stays as it is.

Which snapshots are meant is told by --host, --tag and --path, or by their ids; without
any of these it is all of them.

The new snapshots have the tag "rewrite", so that they can be told from the old ones. With
--forget they have not, and the old ones are removed. Their data stays until "prune".

With --snapshot-summary a snapshot that has no summary gets one, with the number of its
files and bytes; all else in it is zero. With patterns these two are counted anew always.`,
  flags: [
    { name: 'dry-run', short: 'n', kind: 'bool', help: 'do nothing, only tell what would be done' },
    { name: 'forget', kind: 'bool', help: 'remove the old snapshots once the new ones are there' },
    { name: 'new-host', kind: 'text', value: 'string', help: 'put this host in place of the old one' },
    { name: 'new-time', kind: 'text', value: 'string', help: 'put this time of the backup in place of the old one' },
    { name: 'snapshot-summary', short: 's', kind: 'bool', help: 'make a summary for snapshots that have none' },
    ...EXCLUDE_FLAGS,
    ...INCLUDE_FLAGS,
    ...FILTER_FLAGS,
  ],
  group: 'main',
  textOnly: true,
  run,
};

async function run(context: Context): Promise<number> {
  const { flags, args, out, signal, lock } = context;
  const [excludes, includes] = [isGiven(context, EXCLUDE_FLAGS), isGiven(context, INCLUDE_FLAGS)];
  const hostname = flags.text('new-host') || undefined;
  const newTime = flags.text('new-time') || undefined;
  const summary = flags.bool('snapshot-summary');
  if (!excludes && !includes && !summary && hostname === undefined && newTime === undefined) {
    throw new SyncError('usage', 'Nothing to do: no excludes/includes provided and no new metadata provided');
  }
  if (excludes && includes) throw new SyncError('usage', 'exclude and include patterns are mutually exclusive');
  const time = newTime === undefined ? undefined : storedTime(newTime);
  const [dryRun, forget] = [flags.bool('dry-run'), flags.bool('forget')];
  const patterns = await patternsOf(context, excludes, includes);
  const repo = await context.open();
  if (forget) out.info('create exclusive lock for repository');
  const result = await rewriteSnapshots(repo, {
    snapshots: args,
    filter: filterOf(context),
    ...patterns,
    ...{ dryRun, forget, time, hostname, summary, signal, lock },
    ...snapshotTellers(out, { dryRun, time, hostname }),
  });
  tellModified(out, result, dryRun);
  return 0;
}

function isGiven({ flags }: Context, family: readonly { readonly name: string }[]): boolean {
  return family.some(({ name }) => flags.texts(name).length > 0);
}

/** Empty patterns match nothing, but they were given: files are counted anew. */
async function patternsOf(
  context: Context,
  excludes: boolean,
  includes: boolean,
): Promise<Pick<RewriteOptions, 'exclude' | 'include' | 'onPath'>> {
  const { out } = context;
  const told = (word: string): Pick<RewriteOptions, 'onPath'> => ({
    onPath: (path, isFolder) => out.debug(`${word} ${isFolder && includes ? 'directory ' : ''}"${goQuote(path)}"`),
  });
  if (excludes) {
    const exclude = (await excluderOf(context)) ?? (() => false);
    return { exclude, ...(out.verbosity === 3 ? told('excluding') : {}) };
  }
  if (!includes) return {};
  const include = (await includerOf(context)) ?? { matches: () => false, childMayMatch: () => false };
  return { include, ...(out.verbosity === 3 ? told('including') : {}) };
}

/** As a snapshot has it, in the zone of this machine. */
function storedTime(text: string): string {
  if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text)) {
    throw new SyncError('usage', `error in time option: "${text}" is not a time such as 2012-11-01 22:08:41`);
  }
  const ns = parseRepoTime(text);
  return formatGoTime(ns, -new Date(Number(ns / 1_000_000n)).getTimezoneOffset());
}
