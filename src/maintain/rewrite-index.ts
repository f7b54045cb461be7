/**
 * Replaces index files: new ones are stored first, then the old ones are removed. A crash in between leaves blobs that
 * are named twice, which every reader takes, and never one that is named nowhere.
 */
import { forEachLimit } from '../base/concurrency.js';
import type { IndexId } from '../base/ids.js';
import { saveUnpacked } from '../repo/files.js';
import type { IndexPack } from '../repo/index-file.js';
import { encodeIndexFile } from '../repo/index-file.js';
import type { HeldLock } from '../repo/lock.js';
import type { Repository } from '../repo/repository.js';

/** Blobs of an index file, as restic has them; one more pack may go over it. */
export const INDEX_BLOBS: number = 50_000;
const CONNECTIONS = 5;

export interface RewriteIndexOptions {
  /** What the new files name, each pack once. */
  readonly packs: Iterable<IndexPack>;
  /** Files to remove once the new ones are stored. */
  readonly obsolete: Iterable<IndexId>;
  /** The exclusive lock under which this runs; asked whether it is still held before anything is removed. */
  readonly lock?: Pick<HeldLock, 'ensureFresh'> | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly indexBlobs?: number;
  /** Called for each new file with the number of its packs. */
  readonly onWritten?: ((packs: number) => void) | undefined;
  /** Called once, with the number of files that will be removed, and then for each. */
  readonly onRemoving?: ((files: number) => void) | undefined;
  readonly onRemoved?: ((id: IndexId) => void) | undefined;
}

/** Returns the new files. `repo.index` is not touched: it says where blobs lie, not which file named them. */
export async function rewriteIndex(repo: Repository, options: RewriteIndexOptions): Promise<IndexId[]> {
  const written = await writeIndexFiles(repo, options);
  await options.lock?.ensureFresh();
  const fresh = new Set<IndexId>(written);
  const obsolete = [...new Set(options.obsolete)].filter((id) => !fresh.has(id));
  await removeIndexFiles(repo, obsolete, options);
  return written;
}

export async function writeIndexFiles(
  repo: Repository,
  options: Omit<RewriteIndexOptions, 'obsolete'>,
): Promise<IndexId[]> {
  const { signal } = options;
  const { backend, codec } = repo;
  const written: IndexId[] = [];
  await forEachLimit(
    inFiles(options.packs, options.indexBlobs ?? INDEX_BLOBS),
    CONNECTIONS,
    async (packs) => {
      written.push(await saveUnpacked<IndexId>(backend, codec, 'index', encodeIndexFile(packs), signal));
      options.onWritten?.(packs.length);
    },
    signal,
  );
  return written;
}

export async function removeIndexFiles(
  repo: Repository,
  files: readonly IndexId[],
  options: Pick<RewriteIndexOptions, 'signal' | 'onRemoving' | 'onRemoved'>,
): Promise<void> {
  if (files.length === 0) return;
  options.onRemoving?.(files.length);
  await forEachLimit(
    files,
    CONNECTIONS,
    async (id) => {
      await repo.backend.remove('index', id, { signal: options.signal });
      options.onRemoved?.(id);
    },
    options.signal,
  );
}

/** Fills files in turn; a pack is never divided, and a file ends as soon as it has `most` blobs. */
function* inFiles(packs: Iterable<IndexPack>, most: number): IterableIterator<IndexPack[]> {
  let file: IndexPack[] = [];
  let blobs = 0;
  for (const pack of packs) {
    file.push(pack);
    blobs += pack.blobs.length;
    if (blobs < most) continue;
    yield file;
    file = [];
    blobs = 0;
  }
  if (file.length > 0) yield file;
}
