/** The earlier snapshot that `backup` compares with. */
import type { ParentOptions } from '../../../archive/parent.js';
import { findParent } from '../../../archive/parent.js';
import { isSyncError, SyncError } from '../../../base/errors.js';
import { shortId } from '../../../base/ids.js';
import type { GroupBy } from '../../../browse/group.js';
import { parseGroupBy } from '../../../browse/group.js';
import type { NamedSnapshot } from '../../../browse/select.js';
import { selectSnapshot, splitSpec } from '../../../browse/select.js';
import type { Repository } from '../../../repo/repository.js';
import type { Context } from '../command.js';

/** By --force and --parent, or the latest of the group; it is told. Throws 'not-found' for a --parent that is not there. */
export async function chooseParent(
  { flags, out, signal }: Pick<Context, 'flags' | 'out' | 'signal'>,
  repo: Repository,
  group: Omit<ParentOptions, 'signal'>,
): Promise<NamedSnapshot | undefined> {
  const { name } = splitSpec(flags.text('parent') ?? '');
  const latest = (): Promise<NamedSnapshot | undefined> => findParent(repo, { ...group, signal });
  let parent: NamedSnapshot | undefined;
  if (!flags.bool('force')) {
    parent = name === '' || name === 'latest' ? await latest() : await selectSnapshot(repo, name, { signal });
    if (parent === undefined && name !== '') throw new SyncError('not-found', 'no snapshot found');
  }
  if (parent === undefined) out.info('no parent snapshot found, will read all files');
  else out.info(`using parent snapshot ${shortId(parent.id)}`);
  return parent;
}

/** Throws 'usage', worded as a mistake in the command line. */
export function groupByOf({ flags }: Pick<Context, 'flags'>): GroupBy {
  const text = flags.text('group-by') ?? '';
  try {
    return parseGroupBy(text);
  } catch (error) {
    if (!isSyncError(error, 'usage')) throw error;
    const message = `invalid argument "${text}" for "-g, --group-by" flag: ${error.message}`;
    throw new SyncError('usage', message, { cause: error, details: { plain: true } });
  }
}
