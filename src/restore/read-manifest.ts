/**
 * A stored tree as a manifest: all trees of one depth are fetched together, so a folder of any width costs a request
 * or two a level. Names were checked by the tree's decoder; here the paths are put together.
 */

import type { Manifest, ManifestEntry } from '../archive/manifest.js';
import { toMs } from '../archive/scan.js';
import { SyncError } from '../base/errors.js';
import type { BlobId, TreeId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import { parseGoTime } from '../repo/go-time.js';
import type { Repository } from '../repo/repository.js';
import type { TreeNode } from '../repo/tree.js';
import { decodeTree } from '../repo/tree.js';

/** Deeper than any real folder. */
const MAX_DEPTH = 128;
/** More than any real folder: 40 small trees, each twice in the next, would make a million million of them. */
const MAX_ENTRIES = 4_000_000;

export interface ReadManifest {
  readonly manifest: Manifest;
  /** Devices, pipes and the like, which have no place in a game folder. */
  readonly skipped: readonly string[];
}

export async function readManifest(repo: Repository, root: TreeId, signal?: AbortSignal): Promise<ReadManifest> {
  const manifest = new Map<string, ManifestEntry>();
  const skipped: string[] = [];
  let level: { path: string; id: TreeId; mtimeMs: number }[] = [{ path: '', id: root, mtimeMs: 0 }];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH)
      throw new SyncError('damaged', `tree ${shortId(root)} is nested more than ${MAX_DEPTH} deep`);
    const trees = await loadTrees(
      repo,
      level.map((one) => one.id),
      signal,
    );
    const next: typeof level = [];
    for (const { path, id, mtimeMs } of level) {
      const nodes = trees.get(id) ?? [];
      if (nodes.length === 0 && path !== '') manifest.set(path, { ...EMPTY, type: 'dir', mtimeMs });
      for (const node of nodes) {
        const child = path === '' ? node.name : `${path}/${node.name}`;
        if (node.subtree !== undefined) next.push({ path: child, id: node.subtree, mtimeMs: mtimeOf(node) });
        else addLeaf(manifest, skipped, child, node);
      }
      if (next.length + manifest.size > MAX_ENTRIES) throw new SyncError('damaged', `tree ${shortId(root)} has no end`);
    }
    level = next;
  }
  return { manifest, skipped };
}

const EMPTY: Omit<ManifestEntry, 'type' | 'mtimeMs'> = { size: 0, executable: false, content: [] };

function addLeaf(manifest: Map<string, ManifestEntry>, skipped: string[], path: string, node: TreeNode): void {
  const mtimeMs = mtimeOf(node);
  if (node.type === 'file') {
    const executable = ((node.mode ?? 0) & 0o111) !== 0;
    manifest.set(path, { type: 'file', size: node.size ?? 0, executable, content: node.content ?? [], mtimeMs });
  } else if (node.type === 'symlink') {
    manifest.set(path, { ...EMPTY, type: 'symlink', linktarget: node.linktarget ?? '', mtimeMs });
  } else {
    skipped.push(path);
  }
}

function mtimeOf(node: TreeNode): number {
  return node.mtime === undefined ? 0 : toMs(parseGoTime(node.mtime));
}

async function loadTrees(
  repo: Repository,
  ids: readonly TreeId[],
  signal?: AbortSignal,
): Promise<Map<BlobId, TreeNode[]>> {
  const trees = new Map<BlobId, TreeNode[]>();
  const keep = (id: BlobId, plain: Uint8Array): void => {
    trees.set(id, decodeTree(plain, `tree ${shortId(id)}`));
  };
  await repo.loader.loadMany('tree', ids, keep, { signal });
  return trees;
}
