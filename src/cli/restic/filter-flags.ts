/** The flags by which a command chooses among snapshots, and what they mean. */
import { resolve } from 'node:path';
import type { SnapshotFilter } from '../../browse/select.js';
import type { Context, Flag } from './command.js';

const ONLY = 'only consider snapshots';

export const FILTER_FLAGS: readonly Flag[] = [
  {
    name: 'host',
    short: 'H',
    kind: 'texts',
    value: 'host',
    env: 'RESTIC_HOST',
    help: `${ONLY} of this host (can be given several times; an empty text undoes the default)`,
  },
  {
    name: 'path',
    kind: 'texts',
    value: 'path',
    help: `${ONLY} of this absolute path (can be given several times; all are needed)`,
  },
  {
    name: 'tag',
    kind: 'texts',
    value: 'tag[,tag,...]',
    help: `${ONLY} with these tags (can be given several times; one list of them has to fit)`,
  },
];

/** FILTER_FLAGS where -H means something else (forget, backup). */
export const FILTER_FLAGS_WITHOUT_SHORT: readonly Flag[] = FILTER_FLAGS.map(({ short: _, ...flag }) => flag);

export function filterOf(context: Context): SnapshotFilter {
  const { flags, cwd } = context;
  return {
    hosts: flags.texts('host').filter((host) => host !== ''),
    tags: flags.texts('tag').map(splitTags),
    paths: flags.texts('path').map((path) => resolve(cwd, path)),
  };
}

/** "a,b" as restic reads it: blanks around a tag do not count; an empty text is the list of one empty tag. */
export function splitTags(list: string): string[] {
  return list.split(',').map((tag) => tag.trim());
}
