/**
 * The first look at the target: makes the folders, and finds out of each file whether it has to be written, and which
 * pieces of it. Items are looked at several at once and told in their order.
 */
import type { BigIntStats } from 'node:fs';
import { forEachLimit } from '../base/concurrency.js';
import { ioError } from '../base/errors.js';
import { parseGoTime } from '../repo/go-time.js';
import type { Repository } from '../repo/repository.js';
import type { TreeNode } from '../repo/tree.js';
import type { Piece } from './compare-file.js';
import { comparePieces, isSingle, piecesOf, sizeOf } from './compare-file.js';
import type { RestoreProgress } from './restore-progress.js';
import type { Overwrite } from './restore-types.js';
import type { SelectedFolder, SelectedItem, SelectedItems } from './select-items.js';
import type { TargetFolder } from './target-folder.js';

/** A file that has to be written. */
export interface FileJob {
  readonly item: SelectedItem;
  /** Absolute. */
  readonly path: string;
  readonly pieces: readonly Piece[];
  /** Pieces that are in place, by their number; undefined: the file is written anew. */
  readonly has: readonly boolean[] | undefined;
  readonly action: 'restored' | 'updated';
  /** Nothing was in its folder before. */
  readonly isFresh: boolean;
}

export interface FilePlan {
  readonly jobs: readonly FileJob[];
  /** Files whose content is right; their metadata is still to be set. */
  readonly unchanged: readonly SelectedItem[];
}

export interface PlanOptions {
  readonly target: TargetFolder;
  readonly overwrite: Overwrite;
  readonly progress: RestoreProgress;
  readonly signal?: AbortSignal | undefined;
}

type Found = FileJob | 'unchanged' | 'not to be overwritten' | 'counts later' | undefined;

/** Looked at together; also how late an item may be told. */
const WINDOW = 64;
const PARALLEL = 8;

export async function planFiles(repo: Repository, items: SelectedItems, options: PlanOptions): Promise<FilePlan> {
  const { progress, signal } = options;
  const jobs: FileJob[] = [];
  const unchanged: SelectedItem[] = [];
  for (let from = 0; from < items.inOrder.length; from += WINDOW) {
    const window = items.inOrder.slice(from, from + WINDOW);
    const found = new Map<SelectedItem | SelectedFolder, Found>();
    await forEachLimit(window, PARALLEL, async (one) => void found.set(one, await look(repo, one, options)), signal);
    for (const one of window) {
      const what = found.get(one);
      if (what === undefined) continue;
      const size = 'folder' in one ? (one.node.size ?? 0) : 0;
      if (what === 'counts later') progress.expect(0);
      else if (what === 'not to be overwritten') progress.skipped(one.path, size);
      else if (what !== 'unchanged') {
        progress.expect(size);
        jobs.push(what);
      } else {
        progress.skipped(one.path, size);
        if ('folder' in one) unchanged.push(one);
      }
    }
  }
  return { jobs, unchanged };
}

/** undefined where it cannot be restored, which was told. */
async function look(repo: Repository, one: SelectedItem | SelectedFolder, options: PlanOptions): Promise<Found> {
  const { target, progress } = options;
  if (!('folder' in one)) return (await target.ensure(one)) ? 'counts later' : undefined;
  if (!(await target.ensure(one.folder))) return undefined;
  try {
    if (one.node.type !== 'file' || one.linkTo !== undefined) return 'counts later';
    return await lookAtFile(repo, one, options);
  } catch (error) {
    progress.failed(one.path, ioError(error, 'cannot look at', target.pathOf(one.path)));
    return undefined;
  }
}

async function lookAtFile(repo: Repository, item: SelectedItem, options: PlanOptions): Promise<Found> {
  const { overwrite, target, signal } = options;
  const { node } = item;
  const path = target.pathOf(item.path);
  const there = await target.lookAt(item);
  if (there !== undefined && !mayOverwrite(overwrite, node, there)) return 'not to be overwritten';
  const pieces = piecesOf(repo, node.content ?? [], item.path);
  const isFresh = target.isFresh(item.folder);
  const anew: FileJob = { item, path, pieces, has: undefined, action: 'restored', isFresh };
  if (there === undefined || !there.isFile()) return anew;
  const size = sizeOf(pieces);
  const hasSize = there.size === BigInt(size);
  if (overwrite === 'if-changed' && hasSize && there.mtimeNs === mtimeOf(node)) return 'unchanged';
  const has = await comparePieces(repo, path, pieces, signal).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    // One that cannot be read is written anew; if that cannot be done either, it is told then.
    return undefined;
  });
  if (has === undefined) return anew;
  if (hasSize && !has.includes(false)) return 'unchanged';
  // A file with other names is replaced, since those are not this file in the snapshot: none of its pieces stay.
  return { ...anew, has: isSingle(there) && has.includes(true) ? has : undefined, action: 'updated' };
}

/** What is there stays if the rule says so, whatever it is. */
export function mayOverwrite(overwrite: Overwrite, node: TreeNode, there: BigIntStats): boolean {
  if (overwrite === 'never') return false;
  return overwrite !== 'if-newer' || mtimeOf(node) > there.mtimeNs;
}

export function mtimeOf({ mtime }: TreeNode): bigint {
  return mtime === undefined ? 0n : parseGoTime(mtime);
}
