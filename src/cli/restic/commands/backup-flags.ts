/** The flags of `backup`. */
import type { Flag } from '../command.js';
import { EXCLUDE_FLAGS } from '../pattern-flags.js';

const SEVERAL = '(can be specified multiple times)';

export const BACKUP_FLAGS: readonly Flag[] = [
  {
    name: 'dry-run',
    short: 'n',
    kind: 'bool',
    help: 'write nothing, only show what would be done',
  },
  ...EXCLUDE_FLAGS,
  {
    name: 'exclude-caches',
    kind: 'bool',
    help: 'leave out what is in folders that a CACHEDIR.TAG file marks as caches (https://bford.info/cachedir/)',
  },
  {
    name: 'exclude-if-present',
    kind: 'texts',
    value: 'filename[:header]',
    help: `leave out what is in folders with such a file, if it begins with the header; the file itself is kept ${SEVERAL}`,
  },
  {
    name: 'exclude-larger-than',
    kind: 'text',
    value: 'size',
    help: 'leave out files that are larger (suffixes: k/K, m/M, g/G, t/T)',
  },
  {
    name: 'files-from',
    kind: 'texts',
    value: 'file',
    help: `back up what the patterns in this file fit, too ("-": standard input) ${SEVERAL}`,
  },
  {
    name: 'files-from-raw',
    kind: 'texts',
    value: 'file',
    help: `back up the paths in this file, too; each ends with a zero byte ${SEVERAL}`,
  },
  {
    name: 'files-from-verbatim',
    kind: 'texts',
    value: 'file',
    help: `back up the paths in this file, too; one on a line ${SEVERAL}`,
  },
  {
    name: 'force',
    short: 'f',
    kind: 'bool',
    help: 'read all files again, whatever an earlier snapshot says of them',
  },
  {
    name: 'group-by',
    short: 'g',
    kind: 'text',
    value: 'group',
    default: 'host,paths',
    help: "what the earlier snapshot has to have in common: host, paths, tags, separated by commas ('': nothing)",
  },
  {
    name: 'host',
    short: 'H',
    kind: 'text',
    value: 'hostname',
    env: 'RESTIC_HOST',
    help: 'name of this machine in the snapshot',
  },
  {
    name: 'ignore-ctime',
    kind: 'bool',
    help: 'take a file for unmodified even if its ctime has changed',
  },
  {
    name: 'ignore-inode',
    kind: 'bool',
    help: 'take a file for unmodified even if its inode number or ctime has changed',
  },
  {
    name: 'no-scan',
    kind: 'bool',
    help: 'do not count in advance how much there is to do',
  },
  {
    name: 'one-file-system',
    short: 'x',
    kind: 'bool',
    help: 'stay on the file systems of the given files and folders',
  },
  {
    name: 'parent',
    kind: 'text',
    value: 'snapshot',
    help: 'the earlier snapshot to compare with (default: the latest of the group, made no later than --time)',
  },
  {
    name: 'read-concurrency',
    kind: 'number',
    value: 'n',
    env: 'RESTIC_READ_CONCURRENCY',
    help: 'read so many files at once',
  },
  {
    name: 'skip-if-unchanged',
    kind: 'bool',
    help: 'make no snapshot that is the same as the earlier one',
  },
  {
    name: 'stdin',
    kind: 'bool',
    help: 'back up what comes on standard input',
  },
  {
    name: 'stdin-filename',
    kind: 'text',
    value: 'filename',
    default: 'stdin',
    help: 'name of the file in the snapshot, for --stdin and --stdin-from-command',
  },
  {
    name: 'stdin-from-command',
    kind: 'bool',
    help: 'run the arguments as a command and back up its standard output',
  },
  {
    name: 'tag',
    kind: 'texts',
    value: 'tag[,tag,...]',
    help: `tags for the new snapshot ${SEVERAL}`,
  },
  {
    name: 'time',
    kind: 'text',
    value: 'time',
    help: "time of the snapshot (as '2012-11-01 22:08:41'; default: now)",
  },
  {
    name: 'with-atime',
    kind: 'bool',
    help: 'store when files and folders were last read',
  },
];
