/** `snapshots`: the list of them, as tables or JSON, in groups if that is asked for. */
import type { GroupBy, SnapshotGroup } from '../../../browse/group.js';
import { groupSnapshots, isGrouped, parseGroupBy } from '../../../browse/group.js';
import type { NamedSnapshot } from '../../../browse/select.js';
import { sortByTime } from '../../../browse/select.js';
import type { CommandSpec, Context } from '../command.js';
import { FILTER_FLAGS } from '../filter-flags.js';
import { writingLines } from '../line-writer.js';
import { flagError, messageOf } from '../plain-error.js';
import { selectFor } from '../select-for.js';
import { groupJson, snapshotJson } from '../snapshot-json.js';
import { groupHeader, snapshotTable } from '../snapshot-table.js';

export const snapshotsCommand: CommandSpec = {
  name: 'snapshots',
  summary: 'List the snapshots',
  args: '[snapshotID ...]',
  description: `Lists the snapshots of the repository, or those that are named, the oldest first.
"latest" is the latest snapshot, of those that --host, --tag and --path let through.`,
  flags: [
    { name: 'compact', short: 'c', kind: 'bool', help: 'show less of each snapshot' },
    ...FILTER_FLAGS,
    {
      name: 'group-by',
      short: 'g',
      kind: 'text',
      value: 'group',
      help: 'show snapshots in groups of equal host, paths and/or tags, separated by commas',
    },
    { name: 'latest', kind: 'number', value: 'n', default: '0', help: 'show only the last n of each host and paths' },
  ],
  group: 'main',
  run,
};

async function run(context: Context): Promise<number> {
  const { args, flags, out } = context;
  const groupBy = groupByOf(flags.text('group-by') ?? '');
  const latest = flags.number('latest') ?? 0;
  await context.withRepository('shared', async (repo, signal) => {
    const snapshots = sortByTime(await selectFor(context, repo, args, signal));
    const groups = groupSnapshots(snapshots, groupBy).map((group) => cutDown(group, latest));
    await writingLines(out, async (lines) => {
      if (out.json) return lines.line(jsonOf(groups, groupBy));
      for (const group of groups) {
        const header = isGrouped(groupBy) ? groupHeader(group.key) : undefined;
        if (header !== undefined) await lines.line(header);
        const table = snapshotTable(group.snapshots, { compact: flags.bool('compact') });
        for (const line of table) await lines.line(line);
      }
    });
  });
  return 0;
}

function groupByOf(text: string): GroupBy {
  try {
    return parseGroupBy(text);
  } catch (error) {
    throw flagError(text, '-g, --group-by', messageOf(error));
  }
}

function jsonOf(groups: readonly SnapshotGroup[], groupBy: GroupBy): string {
  const items = isGrouped(groupBy)
    ? groups.map(groupJson)
    : groups.flatMap(({ snapshots }) => snapshots.map((one) => snapshotJson(one)));
  return `[${items.join(',')}]`;
}

/** The last `most` of each host and paths; all for 0. */
function cutDown(group: SnapshotGroup, most: number): SnapshotGroup {
  if (most <= 0) return group;
  const kept: NamedSnapshot[] = [];
  for (const { snapshots } of groupSnapshots(group.snapshots, { host: true, paths: true, tags: false })) {
    for (const one of snapshots.slice(-most)) kept.push(one);
  }
  return { key: group.key, snapshots: sortByTime(kept) };
}
