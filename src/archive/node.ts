/**
 * What lstat tells of a file, as restic's node of it. Equal files give equal nodes, and so equal trees, whichever of the
 * two programs made them.
 */
import type { ExtendedAttribute, NodeType, TreeNode } from '../repo/tree.js';
import type { FileStats } from '../worker/file-task.js';
import type { Zone } from './local-zone.js';
import { formatLocalTime } from './local-zone.js';
import type { OwnerNames } from './owner-names.js';

export interface NodeContext {
  readonly zone: Zone;
  readonly owners: OwnerNames;
  readonly withAtime: boolean;
  readonly platform: NodeJS.Platform;
}

export interface NodeExtras {
  readonly attributes?: readonly ExtendedAttribute[] | undefined;
  readonly linktarget?: string | undefined;
}

/** Kinds in the upper bits of the system's mode, with the node's type and Go's bits for it. */
const KINDS: ReadonlyMap<number, readonly [NodeType, number]> = new Map([
  [0o100000, ['file', 0]],
  [0o040000, ['dir', 2 ** 31]],
  [0o120000, ['symlink', 2 ** 27]],
  [0o060000, ['dev', 2 ** 26]],
  [0o020000, ['chardev', 2 ** 26 + 2 ** 21]],
  [0o010000, ['fifo', 2 ** 25]],
  [0o140000, ['socket', 2 ** 24]],
]);
const KIND_MASK = 0o170000;
const IRREGULAR = 2 ** 19;

export function nodeType(mode: bigint): NodeType {
  return KINDS.get(Number(mode) & KIND_MASK)?.[0] ?? 'irregular';
}

/** Go's FileMode of the system's mode. */
export function goMode(mode: bigint): number {
  const bits = Number(mode);
  const kind = KINDS.get(bits & KIND_MASK)?.[1] ?? IRREGULAR;
  const setuid = bits & 0o4000 ? 2 ** 23 : 0;
  const setgid = bits & 0o2000 ? 2 ** 22 : 0;
  const sticky = bits & 0o1000 ? 2 ** 20 : 0;
  return (bits & 0o777) + kind + setuid + setgid + sticky;
}

/** The node without content and subtree, which the caller adds. */
export async function makeNode(
  context: NodeContext,
  name: string,
  stats: FileStats,
  extras: NodeExtras = {},
): Promise<TreeNode> {
  const type = nodeType(stats.mode);
  const isWindows = context.platform === 'win32';
  const base = isWindows ? windowsNode(context, name, stats) : await posixNode(context, name, stats);
  const hasLinks = type !== 'dir' && type !== 'fifo' && !isWindows;
  return {
    ...base,
    ...(type === 'file' ? { size: Number(stats.size) } : {}),
    ...(hasLinks ? { links: unsigned(stats.nlink) } : {}),
    ...(extras.linktarget === undefined ? {} : { linktarget: extras.linktarget }),
    ...(extras.attributes?.length ? { extendedAttributes: extras.attributes } : {}),
    ...(type === 'dev' || type === 'chardev' ? { device: unsigned(stats.rdev) } : {}),
    content: null,
  };
}

async function posixNode(context: NodeContext, name: string, stats: FileStats): Promise<TreeNode> {
  const { zone, owners, withAtime } = context;
  const [uid, gid] = [Number(stats.uid), Number(stats.gid)];
  const mtime = formatLocalTime(stats.mtimeNs, zone);
  return {
    name,
    type: nodeType(stats.mode),
    mode: goMode(stats.mode),
    mtime,
    atime: withAtime ? formatLocalTime(stats.atimeNs, zone) : mtime,
    ctime: stats.ctimeNs === stats.mtimeNs ? mtime : formatLocalTime(stats.ctimeNs, zone),
    uid,
    gid,
    user: await owners.user(uid),
    group: await owners.group(gid),
    inode: unsigned(stats.ino),
    deviceId: unsigned(stats.dev),
  };
}

/** There are no owners, inodes and times of change in restic's nodes from Windows, and only one bit of permission. */
function windowsNode(context: NodeContext, name: string, stats: FileStats): TreeNode {
  const { zone, withAtime } = context;
  const type = nodeType(stats.mode);
  const readable = stats.mode & 0o200n ? 0o666 : 0o444;
  const kind = KINDS.get(Number(stats.mode) & KIND_MASK)?.[1] ?? IRREGULAR;
  const mtime = formatLocalTime(stats.mtimeNs, zone);
  return {
    name,
    type,
    mode: kind + (type === 'dir' ? readable | 0o111 : readable),
    mtime,
    atime: withAtime ? formatLocalTime(stats.atimeNs, zone) : mtime,
    ctime: mtime,
    uid: 0,
    gid: 0,
  };
}

/** The 64 bits as the system has them: Node takes them for signed. */
function unsigned(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}
