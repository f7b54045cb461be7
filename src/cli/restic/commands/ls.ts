/** `ls`: what is in a snapshot, all of it or some folders; as text, JSON, or for ncdu. */
import { SyncError } from '../../../base/errors.js';
import { selectSnapshot } from '../../../browse/select.js';
import { findSubfolder } from '../../../browse/subfolder.js';
import { walkTree } from '../../../browse/walk.js';
import type { CommandSpec, Context } from '../command.js';
import { FILTER_FLAGS, filterOf } from '../filter-flags.js';
import { writingLines } from '../line-writer.js';
import { flagError } from '../plain-error.js';
import { saying } from '../saying.js';
import { FolderFilter } from './ls-folders.js';
import type { Listing } from './ls-listing.js';
import { listingOf } from './ls-listing.js';
import { SORT_MODES, SortedListing, sortModeOf } from './ls-sorted.js';

export const lsCommand: CommandSpec = {
  name: 'ls',
  summary: 'List files in a snapshot',
  args: 'snapshotID [dir...]',
  description: `Lists the files and folders of a snapshot. "latest" is the latest snapshot, of those that
--host, --tag and --path let through; "snapshotID:folder" lists as if that folder were all.

With one or more folders only these are listed with what is in them, and with --recursive
all below them. Folders are absolute paths within the snapshot, with slashes.`,
  flags: [
    ...FILTER_FLAGS,
    { name: 'human-readable', kind: 'bool', help: 'show sizes with units' },
    { name: 'long', short: 'l', kind: 'bool', help: 'show mode, owner, size and time as well' },
    { name: 'ncdu', kind: 'bool', help: 'write the export format of ncdu (pipe into "ncdu -f -")' },
    { name: 'recursive', kind: 'bool', help: 'list what is below the folders in all depths' },
    { name: 'reverse', kind: 'bool', help: 'the other way round' },
    { name: 'sort', short: 's', kind: 'text', value: 'mode', default: 'name', help: `order by ${SORT_MODES}` },
  ],
  group: 'main',
  run,
};

async function run(context: Context): Promise<number> {
  const { args, flags, out } = context;
  const [spec, ...folders] = args;
  const sort = flags.text('sort') ?? 'name';
  const mode = sortModeOf(sort);
  if (mode === undefined)
    throw flagError(sort, '-s, --sort', `invalid sort mode "${sort}", must be one of ${SORT_MODES}`);
  if (spec === undefined) {
    throw new SyncError('usage', "no snapshot ID specified, specify snapshot ID or use special ID 'latest'");
  }
  checkFlags(context, mode !== 'name');
  const filter = new FolderFilter(folders, flags.bool('recursive'));
  await context.withRepository('shared', async (repo, signal) => {
    const one = await saying('', selectSnapshot(repo, spec, { filter: filterOf(context), signal }), { plain: true });
    await repo.loadIndex(signal);
    const root = await saying('', findSubfolder(repo, one.snapshot.tree, one.subfolder, signal), { plain: true });
    await writingLines(out, async (lines) => {
      const plain = listingOf(context, folders, lines);
      const isSorted = mode !== 'name' || flags.bool('reverse');
      const listing: Listing = isSorted ? new SortedListing(plain, mode, flags.bool('reverse')) : plain;
      // Of a subfolder, the tree that is told is the subfolder's, as if there were nothing else.
      await listing.begin({ ...one, snapshot: { ...one.snapshot, tree: root } });
      const enters = (_: unknown, path: string): boolean => filter.enters(path);
      for await (const { path, node } of walkTree(repo, root, { enters, signal })) {
        if (filter.lists(path)) await listing.entry(path, node);
        else if (node.subtree !== undefined && filter.enters(path)) await listing.way(path, node);
      }
      await listing.end();
    });
  });
  return 0;
}

function checkFlags({ out, flags }: Context, isSorted: boolean): void {
  if (!flags.bool('ncdu')) return;
  const refuse = (what: string): SyncError => new SyncError('usage', what);
  if (out.json) throw refuse("only either '--json' or '--ncdu' can be specified");
  if (isSorted) throw refuse('--sort and --ncdu are mutually exclusive');
  if (flags.bool('reverse')) throw refuse('--reverse and --ncdu are mutually exclusive');
}
