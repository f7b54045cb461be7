/** Reads all that a prune must know: which trees there are, what they use, which packs exist, which index names them. */
import { forEachLimit } from '../base/concurrency.js';
import type { IndexId, PackId, SnapshotId, TreeId } from '../base/ids.js';
import type { Repository } from '../repo/repository.js';
import type { OnPruneEvent } from './prune-events.js';
import type { UsedBlobs } from './used-blobs.js';
import { findUsedBlobs } from './used-blobs.js';

export interface SurveyOptions {
  /** Snapshots that count as removed: what `forget` would remove, in a dry run. */
  readonly ignoreSnapshots?: ReadonlySet<SnapshotId> | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnPruneEvent | undefined;
}

export interface IndexContents {
  readonly packs: readonly PackId[];
  readonly blobs: number;
}

export interface Survey {
  readonly used: UsedBlobs;
  /** The packs that are there, with their sizes in bytes. */
  readonly packs: ReadonlyMap<PackId, number>;
  readonly indexFiles: ReadonlyMap<IndexId, IndexContents>;
}

const CONNECTIONS = 5;

/**
 * Snapshots first, then the index, then the packs: each names only what the ones after it hold. The index in memory is
 * loaded anew. Throws 'damaged' for a snapshot, index file or tree that cannot be read: what it needs is not known.
 */
export async function survey(repo: Repository, { ignoreSnapshots, signal, onEvent }: SurveyOptions): Promise<Survey> {
  onEvent?.({ type: 'step', step: 'loading-snapshots' });
  const roots = await loadRoots(repo, ignoreSnapshots ?? new Set(), signal);
  onEvent?.({ type: 'step', step: 'loading-index' });
  const indexFiles = new Map<IndexId, IndexContents>();
  await repo.reloadIndex(signal, (id, file) => {
    const packs = Array.from({ length: file.packCount }, (_, pack) => file.packId(pack));
    indexFiles.set(id, { packs, blobs: file.blobCount });
  });
  onEvent?.({ type: 'step', step: 'finding-used', total: roots.length });
  const used = await findUsedBlobs(repo, roots, { signal, onRoots: (count) => onEvent?.({ type: 'done', count }) });
  const known = repo.index.packs;
  onEvent?.({ type: 'step', step: 'collecting-packs', total: known.size });
  const packs = new Map<PackId, number>();
  for (const { name, size } of await repo.backend.list('data', { signal })) packs.set(name as PackId, size);
  let found = 0;
  for (const id of known) if (packs.has(id)) found += 1;
  onEvent?.({ type: 'done', count: found });
  return { used, packs, indexFiles };
}

/** Each tree as often as snapshots have it. */
async function loadRoots(
  repo: Repository,
  ignored: ReadonlySet<SnapshotId>,
  signal: AbortSignal | undefined,
): Promise<TreeId[]> {
  const ids = (await repo.listSnapshots(signal)).filter((id) => !ignored.has(id));
  const roots: TreeId[] = [];
  await forEachLimit(
    ids,
    CONNECTIONS,
    async (id) => {
      roots.push((await repo.loadSnapshot(id, signal)).tree);
    },
    signal,
  );
  return roots;
}
