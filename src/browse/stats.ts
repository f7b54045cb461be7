/**
 * Sizes and numbers of what some snapshots hold, counted in one of four ways:
 *   restore-size       entries, and the bytes that restoring each of the snapshots takes
 *   files-by-contents  entries of different content, and the bytes of these
 *   blobs-per-file     paths of files, and the blobs of their contents, each once for a path
 *   raw-data           blobs as they are stored, each once
 */
import { toHex, utf8 } from '../base/bytes.js';
import { isSyncError, SyncError } from '../base/errors.js';
import type { BlobId, TreeId } from '../base/ids.js';
import { shortId } from '../base/ids.js';
import { BlobSet } from '../repo/blob-set.js';
import { plainLength } from '../repo/codec.js';
import type { Repository } from '../repo/repository.js';
import type { TreeNode } from '../repo/tree.js';
import type { Compression } from './raw-data.js';
import { locateOrThrow, RawDataCount, UsedSets } from './raw-data.js';
import { streamTrees } from './stream-trees.js';
import { TreeTotals } from './tree-totals.js';
import { walkTree } from './walk.js';

export const STATS_MODES = ['restore-size', 'files-by-contents', 'blobs-per-file', 'raw-data'] as const;
export type StatsMode = (typeof STATS_MODES)[number];

/** What a mode does not count is 0. */
export interface Stats {
  readonly snapshots: number;
  /** Entries; in blobs-per-file paths. */
  readonly files: number;
  readonly blobs: number;
  readonly bytes: number;
  readonly compression: Compression;
}

export interface StatsProgress {
  /** Begun so far. */
  readonly snapshots: number;
  /** Of the last of these. */
  readonly files: number;
  readonly blobs: number;
  readonly bytes: number;
}

export interface StatsOptions {
  readonly mode: StatsMode;
  readonly signal?: AbortSignal | undefined;
  /** Called often: to look at now and then. The last call tells the final state. */
  readonly onProgress?: ((progress: StatsProgress) => void) | undefined;
}

/** `roots` are the trees of the snapshots. The index must be loaded. Throws 'damaged' for what cannot be read. */
export async function countStats(repo: Repository, roots: readonly TreeId[], options: StatsOptions): Promise<Stats> {
  return options.mode === 'raw-data' ? countRawData(repo, roots, options) : countEntries(repo, roots, options);
}

/**
 * The three modes that look at entries. A tree that was gone through once has nothing new for them when it is met again,
 * other than its sums, so thousands of snapshots that have much in common take little longer than one.
 */
async function countEntries(repo: Repository, roots: readonly TreeId[], options: StatsOptions): Promise<Stats> {
  const { mode, signal, onProgress } = options;
  const totals = new TreeTotals();
  const seen = new BlobSet(repo.index, 'tree');
  const contents = new ByContents(repo);
  const restored = { files: 0, bytes: 0 };
  for (const [i, root] of roots.entries()) {
    const progress = { snapshots: i + 1, files: 0, blobs: 0, bytes: 0 };
    onProgress?.(progress);
    await named(root, async () => {
      for await (const { path, node, parent } of walkTree(repo, root, { seen, signal })) {
        totals.add(parent, node);
        if (mode === 'files-by-contents') contents.countEntry(node);
        else if (mode === 'blobs-per-file') progress.blobs += contents.countBlobs(path, node, parent);
        progress.files += 1;
        progress.bytes += node.size ?? 0;
        onProgress?.(progress);
      }
    });
    const { entries, bytes, restoreBytes } = totals.of(root);
    restored.files += entries;
    restored.bytes += restoreBytes;
    onProgress?.({ ...progress, files: entries, bytes });
  }
  const counted = mode === 'restore-size' ? { ...restored, blobs: 0 } : contents.counts();
  return { snapshots: roots.length, ...counted, compression: {} };
}

/** Everything is known by its content: what was seen before, wherever it was, does not count. */
class ByContents {
  readonly #repo: Repository;
  readonly #seen = new Set<string>();
  readonly #paths = new Map<string, Set<BlobId>>();
  #files = 0;
  #blobs = 0;
  #bytes = 0;

  constructor(repo: Repository) {
    this.#repo = repo;
  }

  countEntry(node: TreeNode): void {
    if (!this.#isNew(node)) return;
    this.#files += 1;
    this.#bytes += node.size ?? 0;
  }

  /** The number of blobs that had to be looked at. */
  countBlobs(path: string, node: TreeNode, parent: TreeId): number {
    if (!this.#isNew(node) || !node.content?.length) return 0;
    const known = this.#paths.get(path) ?? new Set<BlobId>();
    this.#paths.set(path, known);
    for (const id of node.content) {
      if (known.has(id)) continue;
      const location = locateOrThrow(this.#repo, 'data', id, ` for tree ${shortId(parent)}`);
      known.add(location.id);
      this.#blobs += 1;
      this.#bytes += plainLength(location);
    }
    return node.content.length;
  }

  counts(): Pick<Stats, 'files' | 'blobs' | 'bytes'> {
    return { files: this.#paths.size || this.#files, blobs: this.#blobs, bytes: this.#bytes };
  }

  /** Also of folders, links and the like: together they are one more content, the empty one. */
  #isNew({ content }: TreeNode): boolean {
    const key = content?.length ? toHex(this.#repo.codec.crypto.sha256(utf8(content.join('')))) : '';
    const isNew = !this.#seen.has(key);
    this.#seen.add(key);
    return isNew;
  }
}

async function countRawData(repo: Repository, roots: readonly TreeId[], options: StatsOptions): Promise<Stats> {
  const { signal, onProgress } = options;
  const used = new UsedSets(repo);
  for (const [i, root] of roots.entries()) {
    onProgress?.({ snapshots: i + 1, files: 0, blobs: 0, bytes: 0 });
    await streamTrees(repo, [root], (_, nodes) => used.add(nodes), { seen: used.trees, signal });
  }
  const count = new RawDataCount(repo);
  for (const id of used.data) count.add(locateOrThrow(repo, 'data', id));
  for (const id of used.trees) count.add(locateOrThrow(repo, 'tree', id));
  const { blobs, bytes, compression } = count;
  onProgress?.({ snapshots: roots.length, files: 0, blobs, bytes });
  return { snapshots: roots.length, files: 0, blobs, bytes, compression };
}

/** Errors name the snapshot's tree, as what is below says nothing to a person. */
async function named(root: TreeId, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isSyncError(error) || error.code === 'aborted') throw error;
    const message = `walking tree ${root}: ${error.message}`;
    throw new SyncError(error.code, message, { cause: error, details: error.details });
  }
}
