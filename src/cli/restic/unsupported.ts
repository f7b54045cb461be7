/**
 * What restic has and restic-ts has not, with the reason: the one list from which the parser refuses a command, a flag
 * or an address in one line, and which `features` prints.
 */
import { SyncError } from '../../base/errors.js';

/** Command → why it is not there. */
export const UNSUPPORTED_COMMANDS: ReadonlyMap<string, string> = new Map([
  ['mount', 'it needs FUSE, which Node.js cannot reach; use "ls", "find", "dump" or "restore" instead'],
  ['self-update', 'restic-ts comes and is updated as a package of npm'],
]);

const ELSEWHERE = 'restic-ts keeps repositories in local folders and on REST servers; "rclone serve restic" makes one';

/** What stands before the colon of a repository's address → why there is nothing behind it. */
export const UNSUPPORTED_BACKENDS: ReadonlyMap<string, string> = new Map([
  ['s3', ELSEWHERE],
  ['sftp', ELSEWHERE],
  ['b2', ELSEWHERE],
  ['azure', ELSEWHERE],
  ['gs', ELSEWHERE],
  ['swift', ELSEWHERE],
  ['rclone', 'restic-ts starts no rclone; run "rclone serve restic" and use its rest: address'],
]);

/** Flag, without its dashes → why it cannot do what it says. */
export const UNSUPPORTED_FLAGS: ReadonlyMap<string, string> = new Map([
  ['use-fs-snapshot', 'Node.js cannot ask Windows for a volume shadow copy (VSS)'],
  ['exclude-cloud-files', 'Node.js cannot see which files are kept online only'],
]);

/** The error for any of the above: `the command "mount" is not supported by restic-ts: <why>`. */
export function unsupported(what: string, why: string): SyncError {
  return new SyncError('unsupported', `${what} is not supported by restic-ts: ${why}`);
}
