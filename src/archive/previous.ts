/** The parent snapshot beside the walk: which files are as they were, and which folders. */
import { SyncError } from '../base/errors.js';
import { shortId } from '../base/ids.js';
import { parseGoTime } from '../repo/go-time.js';
import { encodeNode } from '../repo/node-json.js';
import type { Repository } from '../repo/repository.js';
import type { TreeNode } from '../repo/tree.js';
import type { FileStats } from '../worker/file-task.js';
import type { ItemAction } from './backup-types.js';

/** Nodes of a folder of the parent, by name. */
export type PreviousTree = ReadonlyMap<string, TreeNode>;

export interface ChangeRules {
  /** Implies `ignoreCtime`. */
  readonly ignoreInode: boolean;
  readonly ignoreCtime: boolean;
  readonly platform: NodeJS.Platform;
}

/**
 * Undefined for what was no folder. Throws 'damaged' where the repository has lost the tree: everything in the folder
 * counts as new then.
 */
export async function loadPrevious(
  repo: Repository,
  node: Pick<TreeNode, 'subtree'> | undefined,
  signal: AbortSignal | undefined,
): Promise<PreviousTree | undefined> {
  const { subtree } = node ?? {};
  if (subtree === undefined) return undefined;
  if (!repo.index.has('tree', subtree)) {
    const message = `tree ${shortId(subtree)} of the parent snapshot is not in the repository; "repair index" may find it`;
    throw new SyncError('damaged', message, { details: { type: 'tree', id: subtree } });
  }
  return new Map((await repo.loadTree(subtree, signal)).map((child) => [child.name, child]));
}

/** Whether the content may be taken from the parent, by what lstat tells. */
export function isUnmodified(stats: FileStats, previous: TreeNode | undefined, rules: ChangeRules): boolean {
  if (previous?.type !== 'file' || BigInt(previous.size ?? 0) !== stats.size) return false;
  if (timeOf(previous.mtime) !== stats.mtimeNs) return false;
  if (rules.platform === 'win32') return true;
  if (!rules.ignoreInode && (previous.inode ?? 0n) !== BigInt.asUintN(64, stats.ino)) return false;
  return rules.ignoreInode || rules.ignoreCtime || timeOf(previous.ctime) === stats.ctimeNs;
}

export function actionOf(previous: TreeNode | undefined, node: TreeNode): ItemAction {
  if (previous === undefined) return 'new';
  return sameNode(previous, node) ? 'unmodified' : 'changed';
}

/** Equal in all that is stored, whatever zone the times are written in, and in whatever order attributes were listed. */
function sameNode(a: TreeNode, b: TreeNode): boolean {
  const times = ['mtime', 'atime', 'ctime'] as const;
  return times.every((key) => a[key] === b[key] || timeOf(a[key]) === timeOf(b[key])) && plain(a) === plain(b);
}

function plain({ mtime: _m, atime: _a, ctime: _c, ...node }: TreeNode): string {
  const { extendedAttributes } = node;
  if (extendedAttributes === undefined || extendedAttributes.length < 2) return encodeNode(node);
  const sorted = [...extendedAttributes].sort((x, y) => (x.name < y.name ? -1 : 1));
  return encodeNode({ ...node, extendedAttributes: sorted });
}

function timeOf(time: string | undefined): bigint | undefined {
  return time === undefined ? undefined : parseGoTime(time);
}
