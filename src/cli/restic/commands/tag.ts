/** `tag`: other tags for snapshots. */
import { SyncError } from '../../../base/errors.js';
import type { SnapshotId } from '../../../base/ids.js';
import type { TagChange } from '../../../maintain/tag.js';
import { changeTags } from '../../../maintain/tag.js';
import type { CommandSpec, Context, Flag } from '../command.js';
import { FILTER_FLAGS, filterOf, splitTags } from '../filter-flags.js';
import { messageOf } from './repair-index-text.js';

const tagsFlag = (name: string, help: string): Flag => ({
  name,
  kind: 'texts',
  value: 'tags',
  help: `${help}, as tag[,tag,...] (can be given several times)`,
});

export const tagCommand: CommandSpec = {
  name: 'tag',
  summary: 'Modify tags on snapshots',
  args: '[snapshotID ...]',
  description: `Changes the tags of snapshots: sets all of them anew, or adds some and removes others.

Without ids it changes all snapshots that --host, --tag and --path let through.`,
  flags: [
    tagsFlag('set', 'tags in place of those there are'),
    tagsFlag('add', 'tags to add'),
    tagsFlag('remove', 'tags to remove'),
    ...FILTER_FLAGS,
  ],
  group: 'main',
  run,
};

async function run(context: Context): Promise<number> {
  const { flags, args, out, signal, lock } = context;
  const [set, add, remove] = [flags.texts('set'), flags.texts('add'), flags.texts('remove')];
  if (set.length + add.length + remove.length === 0) throw new SyncError('usage', 'nothing to do!');
  if (set.length > 0 && add.length + remove.length > 0) {
    throw new SyncError('usage', '--set and --add/--remove cannot be given at the same time');
  }
  const repo = await context.open();
  out.info('create exclusive lock for repository');
  const changes = await changeTags(repo, {
    snapshots: args,
    filter: filterOf(context),
    set: tagsOf(set),
    add: tagsOf(add),
    remove: tagsOf(remove),
    signal,
    lock,
    onProblem: (name, error) => out.warn(`Ignoring "${name}": ${messageOf(error)}`),
    onChanged: (change) => tellChange(context, change),
    onRefused: (id, error) => tellRefusal(context, id, error),
  });
  if (out.json) out.object({ message_type: 'summary', changed_snapshots: changes.length });
  else out.info(changes.length === 0 ? 'no snapshots were modified' : `modified ${changes.length} snapshots`);
  return 0;
}

/** Empty ones do not count, not even as "no tags". */
function tagsOf(lists: readonly string[]): string[] {
  return lists.flatMap(splitTags).filter((tag) => tag !== '');
}

function tellChange({ out }: Context, { oldId, newId }: TagChange): void {
  if (out.json) out.object({ message_type: 'changed', old_snapshot_id: oldId, new_snapshot_id: newId });
  else out.verbose(`old snapshot ID: ${oldId} -> new snapshot ID: ${newId}`);
}

function tellRefusal({ out }: Context, id: SnapshotId, error: unknown): void {
  out.warn(`unable to modify the tags for snapshot ID "${id}", ignoring: ${messageOf(error)}`);
}
