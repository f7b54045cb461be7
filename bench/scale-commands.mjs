/**
 * What the scale run asks of both programs, in this order. Each has:
 *
 *   name      for the table
 *   place     the repository: 'tree' of a real folder, 'big' with many packs and snapshots, 'copy' of that one
 *   args      of the program
 *   env       optional: further environment variables
 *   after     optional: clears up before the next one
 *
 * The last three get what scale-run.mjs knows: folders, snapshots.
 */
import { rmSync } from 'node:fs';

const POLICY = ['--keep-last', '10', '--keep-daily', '14', '--keep-weekly', '8', '--keep-monthly', '12'];

export const COMMANDS = [
  { name: 'backup, first', place: 'tree', args: ({ tree }) => ['backup', tree] },
  { name: 'backup, unchanged', place: 'tree', args: ({ tree }) => ['backup', tree] },
  { name: 'ls latest', place: 'tree', args: () => ['ls', 'latest'] },
  { name: 'dump latest / (tar)', place: 'tree', args: () => ['dump', 'latest', '/'] },
  {
    name: 'restore latest',
    place: 'tree',
    args: ({ target }) => ['restore', 'latest', '--target', target],
    after: ({ target }) => rmSync(target, { recursive: true, force: true }),
  },
  { name: 'snapshots', place: 'big', args: () => ['snapshots'] },
  { name: 'find, in all snapshots', place: 'big', args: ({ file }) => ['find', file] },
  { name: 'diff, first and last', place: 'big', args: ({ first, last }) => ['diff', first, last] },
  { name: 'stats, one snapshot', place: 'big', args: () => ['stats', 'latest'] },
  { name: 'stats --mode raw-data', place: 'big', args: () => ['stats', '--mode', 'raw-data'] },
  { name: 'list blobs', place: 'big', args: () => ['list', 'blobs'] },
  { name: 'check', place: 'big', args: () => ['check'] },
  { name: 'check --read-data', place: 'big', args: () => ['check', '--read-data'] },
  { name: 'repair snapshots --dry-run', place: 'big', args: () => ['repair', 'snapshots', '--dry-run'] },
  { name: 'copy, into an empty one', place: 'copy', args: () => ['copy'], env: copyEnv },
  { name: 'copy, nothing new', place: 'copy', args: () => ['copy'], env: copyEnv },
  { name: 'repair index', place: 'big', args: () => ['repair', 'index'] },
  { name: 'repair index --read-all-packs', place: 'big', args: () => ['repair', 'index', '--read-all-packs'] },
  { name: 'forget --dry-run, policy', place: 'big', args: () => ['forget', '--dry-run', ...POLICY] },
  {
    name: 'forget half',
    place: 'big',
    args: ({ snapshots }) => ['forget', '--keep-last', String(Math.ceil(snapshots / 2))],
  },
  { name: 'prune', place: 'big', args: () => ['prune'] },
  { name: 'prune, nothing to do', place: 'big', args: () => ['prune'] },
  { name: 'tag --add', place: 'big', args: () => ['tag', '--add', 'seen'] },
  { name: 'rewrite --exclude --forget', place: 'big', args: ({ file }) => ['rewrite', '--forget', '--exclude', file] },
  { name: 'recover', place: 'big', args: () => ['recover'] },
];

function copyEnv({ folderOf, password }) {
  return { RESTIC_FROM_REPOSITORY: folderOf('big'), RESTIC_FROM_PASSWORD: password };
}
