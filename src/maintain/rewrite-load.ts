/** Trees in few requests, where one that cannot be read must not keep the others from coming. */
import type { Bytes } from '../base/bytes.js';
import { isSyncError, throwIfAborted } from '../base/errors.js';
import type { TreeId } from '../base/ids.js';
import type { Repository } from '../repo/repository.js';

export type LoadedTree = Bytes | { readonly error: unknown };

/** Calls `onTree` once for each of the ids, which are held in memory together. Throws what is no damage. */
export async function loadTrees(
  repo: Repository,
  ids: readonly TreeId[],
  onTree: (id: TreeId, loaded: LoadedTree) => void,
  signal?: AbortSignal,
): Promise<void> {
  const { loader, index } = repo;
  const wanted = new Set(ids);
  const deliver = (id: TreeId, loaded: LoadedTree): void => {
    if (wanted.delete(id)) onTree(id, loaded);
  };
  const stored = ids.filter((id) => index.has('tree', id));
  try {
    await loader.loadMany('tree', stored, deliver, { signal });
  } catch (error) {
    throwIfAborted(signal);
    // One that cannot be read ends the batch: those that have not come are then asked for one by one.
    if (!isSyncError(error, 'damaged', 'unsupported', 'not-found')) throw error;
  }
  for (const id of [...wanted]) deliver(id, await loader.load('tree', id, signal).catch(asDamage));
}

function asDamage(error: unknown): { readonly error: unknown } {
  if (isSyncError(error, 'damaged', 'unsupported', 'not-found')) return { error };
  throw error;
}
