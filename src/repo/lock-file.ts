/**
 * A file in `locks/`: who uses the repository, since when, and whether others must stay out.
 *     {"time","exclusive","hostname","username","pid","uid"?,"gid"?}
 */
import type { Bytes } from '../base/bytes.js';
import { utf8 } from '../base/bytes.js';
import { goJsonString } from './go-json.js';
import { JsonFields } from './json-fields.js';

export interface LockFile {
  /** RFC 3339, of the last refresh. */
  readonly time: string;
  readonly exclusive: boolean;
  readonly hostname: string;
  readonly username: string;
  readonly pid: number;
  /** Left out on Windows, and for root (0). */
  readonly uid?: number;
  readonly gid?: number;
}

const MAX_U32 = 0xffff_ffff;

export function encodeLockFile(lock: LockFile): Bytes {
  const members = [
    `"time":${goJsonString(lock.time)}`,
    `"exclusive":${lock.exclusive}`,
    `"hostname":${goJsonString(lock.hostname)}`,
    `"username":${goJsonString(lock.username)}`,
    `"pid":${lock.pid}`,
  ];
  if (lock.uid) members.push(`"uid":${lock.uid}`);
  if (lock.gid) members.push(`"gid":${lock.gid}`);
  return utf8(`{${members.join(',')}}`);
}

/** Throws 'damaged'. */
export function decodeLockFile(bytes: Bytes, what: string): LockFile {
  const fields = JsonFields.parse(bytes, what);
  const uid = fields.integer('uid', MAX_U32);
  const gid = fields.integer('gid', MAX_U32);
  return {
    time: fields.need('time', fields.time('time')),
    exclusive: fields.boolean('exclusive') ?? false,
    hostname: fields.string('hostname') ?? '',
    username: fields.string('username') ?? '',
    pid: fields.integer('pid') ?? 0,
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  };
}
