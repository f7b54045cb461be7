/** `diff`: what changed from one snapshot to another. */

import { SyncError } from '../../../base/errors.js';
import type { TreeId } from '../../../base/ids.js';
import { shortId } from '../../../base/ids.js';
import type { DiffChange, DiffSide, DiffStatistics } from '../../../browse/diff.js';
import { diffTrees } from '../../../browse/diff.js';
import type { SelectedFolder } from '../../../browse/select.js';
import { selectById } from '../../../browse/select.js';
import { findSubfolder } from '../../../browse/subfolder.js';
import { goJsonString } from '../../../repo/go-json.js';
import type { Repository } from '../../../repo/repository.js';
import { formatBytesLikeRestic } from '../../../ui/bytes.js';
import type { CommandSpec, Context } from '../command.js';
import type { LineWriter } from '../line-writer.js';
import { writingLines } from '../line-writer.js';
import { saying } from '../saying.js';

export const diffCommand: CommandSpec = {
  name: 'diff',
  summary: 'Show what changed between two snapshots',
  args: 'snapshotID snapshotID',
  description: `Shows what changed from the first snapshot to the second. The letters before a path say what:

+  it was added
-  it was removed
U  its metadata (mode, times, owner and so on) changed
M  its content changed
T  its type changed, such as a file that is a link now
?  its content changed and nothing else at all: more likely a fault of the disk than a change

With --ignore-inode or --ignore-ctime, backups do not store what "U" and "?" need.
"snapshotID:folder" compares only that folder, on either side.`,
  flags: [{ name: 'metadata', kind: 'bool', help: 'show changes of metadata' }],
  group: 'main',
  run,
};

async function run(context: Context): Promise<number> {
  const { args, out } = context;
  const [from, to] = args;
  if (from === undefined || to === undefined || args.length !== 2) {
    throw new SyncError('usage', 'specify two snapshot IDs');
  }
  await context.withRepository('shared', async (repo, signal) => {
    const before = await selectById(repo, from, signal);
    const after = await selectById(repo, to, signal);
    await repo.loadIndex(signal);
    await writingLines(out, async (lines) => {
      if (!out.json && out.verbosity > 0) {
        await lines.line(`comparing snapshot ${shortId(before.id)} to ${shortId(after.id)}:\n\n`);
      }
      const statistics = await compare(
        context,
        repo,
        lines,
        await rootOf(repo, before, signal),
        await rootOf(repo, after, signal),
        signal,
      );
      if (out.json) return lines.line(statisticsJson(from, to, statistics));
      for (const line of statisticsLines(statistics)) await lines.line(line);
    });
  });
  return 0;
}

function rootOf(repo: Repository, { snapshot, subfolder }: SelectedFolder, signal: AbortSignal): Promise<TreeId> {
  return saying('', findSubfolder(repo, snapshot.tree, subfolder, signal), { plain: true });
}

async function compare(
  { flags, out }: Context,
  repo: Repository,
  lines: LineWriter,
  before: TreeId,
  after: TreeId,
  signal: AbortSignal,
): Promise<DiffStatistics> {
  const onChange = async ({ path, modifier }: DiffChange): Promise<void> => {
    if (out.verbosity === 0) return;
    if (!out.json) return lines.line(`${modifier.padEnd(5)}${path}`);
    return lines.line(`{"message_type":"change","path":${goJsonString(path)},"modifier":${goJsonString(modifier)}}`);
  };
  const onProblem = (message: string): void => out.warn(message);
  return diffTrees(repo, before, after, onChange, { metadata: flags.bool('metadata'), signal, onProblem });
}

function statisticsLines({ added, removed, changedFiles }: DiffStatistics): string[] {
  const five = (n: number): string => String(n).padStart(5);
  const row = (label: string, part: Exclude<keyof DiffSide, 'bytes'>): string =>
    `${label.padEnd(12)} ${five(added[part])} new, ${five(removed[part])} removed`;
  return [
    '',
    `${row('Files:', 'files')}, ${five(changedFiles)} changed`,
    row('Dirs:', 'dirs'),
    row('Others:', 'others'),
    row('Data Blobs:', 'dataBlobs'),
    row('Tree Blobs:', 'treeBlobs'),
    `  Added:   ${formatBytesLikeRestic(added.bytes).padEnd(5)}`,
    `  Removed: ${formatBytesLikeRestic(removed.bytes).padEnd(5)}`,
  ];
}

function statisticsJson(from: string, to: string, { changedFiles, added, removed }: DiffStatistics): string {
  const names = `"source_snapshot":${goJsonString(from)},"target_snapshot":${goJsonString(to)}`;
  return `{"message_type":"statistics",${names},"changed_files":${changedFiles},"added":${sideJson(added)},"removed":${sideJson(removed)}}`;
}

function sideJson({ files, dirs, others, dataBlobs, treeBlobs, bytes }: DiffSide): string {
  return JSON.stringify({ files, dirs, others, data_blobs: dataBlobs, tree_blobs: treeBlobs, bytes });
}
