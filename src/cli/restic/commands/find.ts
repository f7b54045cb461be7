/** `find`: files and folders by name in all snapshots, or where blobs, trees and packs are used. */
import { isSyncError, SyncError } from '../../../base/errors.js';
import { BarrenTrees } from '../../../browse/barren.js';
import type { FindOptions } from '../../../browse/find.js';
import { findEntries, findObjects } from '../../../browse/find.js';
import type { NamedSnapshot } from '../../../browse/select.js';
import { sortByTime } from '../../../browse/select.js';
import type { UnreadableTree } from '../../../browse/walk.js';
import type { PatternList } from '../../../pattern/pattern-list.js';
import { parsePatterns } from '../../../pattern/pattern-list.js';
import type { Repository } from '../../../repo/repository.js';
import type { CommandSpec, Context } from '../command.js';
import { FILTER_FLAGS } from '../filter-flags.js';
import type { LineWriter } from '../line-writer.js';
import { writingLines } from '../line-writer.js';
import { lineError } from '../plain-error.js';
import { selectFor } from '../select-for.js';
import { blobsOfPacks, WantedObjects } from './find-objects.js';
import { FindOutput } from './find-output.js';
import { parseFindTime } from './find-time.js';

export const findCommand: CommandSpec = {
  name: 'find',
  summary: 'Find files, folders, or where something stored is used',
  args: 'PATTERN...',
  description: `Looks for files and folders in the snapshots, the newest snapshot first. A pattern may have
*, ? and [a-z]; it is compared with names, or with several in a row if there is a slash in it.

With --blob, --tree or --pack the patterns are ids, whole or their first 8 digits, and what
is found is where these are used.`,
  flags: [
    { name: 'blob', kind: 'bool', help: 'the patterns are ids of blobs' },
    ...FILTER_FLAGS,
    { name: 'human-readable', kind: 'bool', help: 'show sizes with units' },
    { name: 'ignore-case', short: 'i', kind: 'bool', help: 'take capital and small letters for the same' },
    { name: 'long', short: 'l', kind: 'bool', help: 'show mode, owner, size and time as well' },
    { name: 'newest', short: 'N', kind: 'text', value: 'time', help: 'only what was modified then or before' },
    { name: 'oldest', short: 'O', kind: 'text', value: 'time', help: 'only what was modified then or later' },
    { name: 'pack', kind: 'bool', help: 'the patterns are ids of packs' },
    { name: 'reverse', short: 'R', kind: 'bool', help: 'the oldest snapshot first' },
    { name: 'show-pack-id', kind: 'bool', help: 'show in which pack the objects are stored' },
    {
      name: 'snapshot',
      short: 's',
      kind: 'texts',
      value: 'id',
      help: 'look in this snapshot (can be given several times)',
    },
    { name: 'tree', kind: 'bool', help: 'the patterns are ids of trees' },
  ],
  group: 'main',
  run,
};

async function run(context: Context): Promise<number> {
  const { args, flags, out } = context;
  if (args.length === 0) throw new SyncError('usage', 'wrong number of arguments');
  const kinds = (['blob', 'tree', 'pack'] as const).filter((kind) => flags.bool(kind));
  if (kinds.length > 1) throw new SyncError('usage', 'cannot have several ID types');
  const search = entrySearch(context, kinds.length > 0);
  await context.withRepository('shared', async (repo, signal) => {
    const found = sortByTime(await selectFor(context, repo, flags.texts('snapshot'), signal));
    const snapshots = flags.bool('reverse') ? found : found.reverse();
    await repo.loadIndex(signal);
    const objects = await wantedObjects(context, repo, kinds[0], signal);
    await writingLines(out, async (lines) => {
      const format = { long: flags.bool('long'), human: flags.bool('human-readable') };
      const output = new FindOutput(lines, out, format);
      const job: Job = { context, repo, lines, signal, output, barren: new BarrenTrees() };
      for (const snapshot of snapshots) {
        if (objects === undefined) await searchEntries(job, snapshot, search);
        else await searchObjects(job, snapshot, objects);
      }
      await job.output.end();
      if (objects === undefined || !flags.bool('show-pack-id')) return;
      for (const line of objects.packLines(repo)) await lines.line(line);
    });
  });
  return 0;
}

interface Job {
  readonly context: Context;
  readonly repo: Repository;
  readonly lines: LineWriter;
  readonly signal: AbortSignal;
  readonly output: FindOutput;
  readonly barren: BarrenTrees;
}

type EntrySearch = Pick<FindOptions, 'matches' | 'mayMatchBelow' | 'oldest' | 'newest'>;

function entrySearch({ args, flags }: Context, isById: boolean): EntrySearch {
  const [oldest, newest] = ['oldest', 'newest'].map((name) => {
    const text = flags.text(name);
    return text ? parseFindTime(text) : undefined;
  });
  // An empty pattern is in every path. A "!" in front, which takes back in lists of excludes, has no meaning here.
  if (isById || args.includes('')) return { matches: () => true, mayMatchBelow: () => true, oldest, newest };
  const patterns = patternsOf(
    args.map((pattern) => pattern.replace(/^!/, '')),
    flags.bool('ignore-case'),
  );
  return {
    matches: (path) => patterns.matches(path),
    mayMatchBelow: (path) => patterns.childMayMatch(path),
    oldest,
    newest,
  };
}

function patternsOf(lines: readonly string[], ignoreCase: boolean): PatternList {
  try {
    return parsePatterns(lines, { ignoreCase });
  } catch (error) {
    throw isSyncError(error, 'usage') ? lineError('syntax error in pattern') : error;
  }
}

async function wantedObjects(
  { args, flags, out }: Context,
  repo: Repository,
  kind: 'blob' | 'tree' | 'pack' | undefined,
  signal: AbortSignal,
): Promise<WantedObjects | undefined> {
  const ids = flags.bool('ignore-case') ? args.map((id) => id.toLowerCase()) : args;
  if (kind === 'blob') return new WantedObjects(ids, [], false);
  if (kind === 'tree') return new WantedObjects([], ids, true);
  if (kind === undefined) return undefined;
  const blobs = await blobsOfPacks(repo, ids, { signal, onProblem: (message) => out.warn(message) });
  const idsOf = (type: string): string[] => blobs.filter((blob) => blob.type === type).map((blob) => blob.id);
  return new WantedObjects(idsOf('data'), idsOf('tree'), false);
}

async function searchEntries(job: Job, snapshot: NamedSnapshot, search: EntrySearch): Promise<void> {
  const { repo, signal, output, barren } = job;
  const options = { ...search, signal, barren, onError: unreadable(job, snapshot) };
  for await (const entry of findEntries(repo, snapshot.snapshot.tree, options)) await output.entry(snapshot, entry);
}

async function searchObjects(job: Job, snapshot: NamedSnapshot, objects: WantedObjects): Promise<void> {
  const { repo, signal, output, barren } = job;
  const found = findObjects(repo, snapshot.snapshot.tree, {
    wantsBlob: (id) => objects.wantsBlob(id),
    wantsTree: (id) => objects.wantsTree(id),
    signal,
    barren,
    onError: unreadable(job, snapshot),
  });
  for await (const object of found) {
    await output.object(snapshot, object);
    if (object.type === 'tree' && objects.foundTree()) return;
  }
}

/** restic names the tree in which the folder stands. With --json it would be in the way of what is read there. */
function unreadable(
  { context: { out }, lines, signal }: Job,
  { id }: NamedSnapshot,
): (tree: UnreadableTree, error: unknown) => Promise<void> {
  return async (tree, error) => {
    if (signal.aborted) throw error;
    const text = `Unable to load tree ${tree.entry?.parent ?? tree.id}\n ... which belongs to snapshot ${id}`;
    if (out.json) out.warn(text);
    else await lines.line(text);
  };
}
