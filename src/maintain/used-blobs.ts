/**
 * Which blobs some trees need, themselves and all that lies below them. Each tree is read once, however many snapshots
 * share it, and the trees of one depth are fetched together: few ranged requests.
 * References are taken from every node of whatever type and name: what a tree mentions is never called unused.
 */
import type { Bytes } from '../base/bytes.js';
import type { BlobId, TreeId } from '../base/ids.js';
import { parseId, shortId } from '../base/ids.js';
import { BlobSet } from '../repo/blob-set.js';
import { ownId } from '../repo/id-words.js';
import { JsonReader } from '../repo/json-reader.js';
import type { BlobOpener } from '../repo/loader.js';
import type { Repository } from '../repo/repository.js';

export interface UsedBlobs {
  readonly data: BlobSet;
  readonly trees: BlobSet;
}

export interface UsedBlobsOptions {
  readonly signal?: AbortSignal | undefined;
  /** Where trees are opened; on the calling thread by default. */
  readonly opener?: BlobOpener | undefined;
  /** Added to, and what is in it already counts as visited with all below; a new one by default. */
  readonly into?: UsedBlobs | undefined;
  /** Called with the number of further roots that are done. */
  readonly onRoots?: ((count: number) => void) | undefined;
}

export interface TreeReferences {
  readonly content: readonly BlobId[];
  readonly subtrees: readonly TreeId[];
}

/** Roots walked together: more make fewer requests, fewer show progress sooner. */
const ROOTS_AT_ONCE = 64;

/**
 * The index must be loaded. Data blobs are not looked up: what is missing stands in the result all the same.
 * Throws 'damaged' for a tree that is missing or cannot be read.
 */
export async function findUsedBlobs(
  repo: Repository,
  roots: Iterable<TreeId>,
  options: UsedBlobsOptions = {},
): Promise<UsedBlobs> {
  const used = options.into ?? noBlobs(repo);
  const all = [...roots];
  for (let from = 0; from < all.length; from += ROOTS_AT_ONCE) {
    const group = all.slice(from, from + ROOTS_AT_ONCE);
    await walkTogether(repo, group, used, options);
    options.onRoots?.(group.length);
  }
  return used;
}

async function walkTogether(
  repo: Repository,
  roots: readonly TreeId[],
  used: UsedBlobs,
  { signal, opener }: UsedBlobsOptions,
): Promise<void> {
  const { loader } = repo;
  let depth = takeNew(used.trees, roots);
  while (depth.length > 0) {
    const below: TreeId[] = [];
    const onTree = (id: TreeId, plain: Bytes): void => {
      const { content, subtrees } = readReferences(plain, `tree ${shortId(id)}`);
      for (const blob of content) used.data.add(blob);
      for (const tree of takeNew(used.trees, subtrees)) below.push(tree);
    };
    await loader.loadMany('tree', depth, onTree, opener === undefined ? { signal } : { signal, opener });
    depth = below;
  }
}

/** Those that were not in `seen`, which they are added to. */
function takeNew(seen: BlobSet, trees: Iterable<TreeId>): TreeId[] {
  const fresh: TreeId[] = [];
  for (const tree of trees) if (seen.add(tree)) fresh.push(ownId(tree));
  return fresh;
}

/** To be filled, for a repository whose index is loaded. */
export function noBlobs({ index }: Repository): UsedBlobs {
  return { data: new BlobSet(index, 'data'), trees: new BlobSet(index, 'tree') };
}

/** What a tree refers to, with all else passed over. Throws 'damaged' for what is no tree. */
export function readReferences(bytes: Bytes, what: string): TreeReferences {
  const reader = new JsonReader(bytes, what);
  const found = { content: [] as BlobId[], subtrees: [] as TreeId[] };
  let hasNodes = false;
  reader.beginObject();
  for (let key = reader.key(); key !== undefined; key = reader.key()) {
    if (key !== 'nodes') {
      reader.skip();
      continue;
    }
    hasNodes = true;
    readNodes(reader, found);
  }
  reader.end();
  if (!hasNodes) throw reader.damaged('it has no list of nodes');
  return found;
}

function readNodes(reader: JsonReader, found: { content: BlobId[]; subtrees: TreeId[] }): void {
  if (reader.isNull()) return;
  reader.beginArray();
  while (reader.more()) {
    reader.beginObject();
    for (let key = reader.key(); key !== undefined; key = reader.key()) {
      if (reader.isNull()) continue;
      if (key === 'subtree') found.subtrees.push(parseId<TreeId>(reader.string(), reader.what));
      else if (key === 'content') readContent(reader, found.content);
      else reader.skip();
    }
  }
}

function readContent(reader: JsonReader, into: BlobId[]): void {
  reader.beginArray();
  while (reader.more()) into.push(parseId<BlobId>(reader.string(), reader.what));
}
