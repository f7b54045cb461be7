/**
 * Snapshots from one repository into another: every blob that the destination has not yet is fetched, checked, sealed
 * with the destination's key (and compressed, where its version is 2 and the source's was 1) and stored; trees keep
 * their bytes, so a snapshot has the same tree in both. Blobs are never cut anew.
 */
import type { SyncError } from '../base/errors.js';
import { isSyncError } from '../base/errors.js';
import type { SnapshotId } from '../base/ids.js';
import type { NamedSnapshot, SnapshotFilter } from '../browse/select.js';
import { loadSnapshots, selectSnapshots } from '../browse/select.js';
import { DEFAULT_PACK_SIZE } from '../repo/packer.js';
import type { Repository, WriteOptions } from '../repo/repository.js';
import type { WriteSession } from '../repo/session.js';
import type { Snapshot } from '../repo/snapshot.js';
import type { CopyPlan } from './copy-blobs.js';
import { BlobCopier } from './copy-blobs.js';
import { findCopy, originalsOf } from './copy-origin.js';

export interface CopyOptions extends Omit<WriteOptions, 'onSent' | 'indexBlobs'> {
  /** Ids, beginnings of ids, "latest"; all that the filter lets through where there is none. */
  readonly snapshots?: readonly string[] | undefined;
  readonly filter?: SnapshotFilter | undefined;
  /** Reads the source without a lock of it. */
  readonly noSourceLock?: boolean | undefined;
  readonly onEvent?: ((event: CopyEvent) => void) | undefined;
}

export type CopyEvent =
  /** A name in `snapshots` that fits none, or a snapshot file that cannot be read; the others are copied. */
  | { readonly type: 'problem'; readonly name: string; readonly error: SyncError }
  /** The destination has it already. */
  | { readonly type: 'skipped'; readonly source: NamedSnapshot; readonly copy: SnapshotId }
  | { readonly type: 'begun'; readonly source: NamedSnapshot }
  /** What there is to bring for the snapshot that was begun. */
  | { readonly type: 'plan'; readonly plan: CopyPlan }
  /** All that is wanted of so many packs of the source has been brought. */
  | { readonly type: 'packs'; readonly done: number }
  | { readonly type: 'brought'; readonly source: NamedSnapshot }
  | { readonly type: 'saved'; readonly source: NamedSnapshot; readonly copy: SnapshotId };

export interface CopyResult {
  /** Source → copy, in the order in which they were stored. */
  readonly copied: ReadonlyMap<SnapshotId, SnapshotId>;
  /** Source → the copy that was there. */
  readonly skipped: ReadonlyMap<SnapshotId, SnapshotId>;
  /** Blobs that were stored, and the bytes of their packs. */
  readonly dataBlobs: number;
  readonly treeBlobs: number;
  readonly bytesPacked: number;
}

/** Snapshots are stored when so much has been brought and so long has passed: packs and index files are full then. */
const BATCH_PACKS = 100;
const BATCH_MS = 60_000;

/**
 * Copies what the destination has not got. It is stored in batches, so that many small snapshots share packs; a copy
 * that is broken off is taken up again at the last batch. Locks both repositories (not exclusively) and loads their
 * indexes. Throws 'locked', 'damaged' (a blob that cannot be read from the source), and what the backends throw.
 */
export async function copy(
  source: Repository,
  destination: Repository,
  options: CopyOptions = {},
): Promise<CopyResult> {
  const { signal, lock } = options;
  const work = (): Promise<CopyResult> =>
    destination.write(options, (session) => copyLocked(source, destination, session, options));
  return options.noSourceLock === true ? work() : source.read({ signal, ...(lock && { lock }) }, work);
}

async function copyLocked(
  source: Repository,
  destination: Repository,
  session: WriteSession,
  options: CopyOptions,
): Promise<CopyResult> {
  const { signal } = session;
  const { filter, onEvent } = options;
  const onProblem = (name: string, error: unknown): void => {
    if (!isSyncError(error) || onEvent === undefined) throw error;
    onEvent({ type: 'problem', name, error });
  };
  const wanted = await selectSnapshots(source, options.snapshots ?? [], { filter, signal, onProblem });
  const originals = originalsOf(await loadSnapshots(destination, { filter, signal, onProblem }));
  await source.loadIndex(signal);
  await destination.loadIndex(signal);

  const skipped = new Map<SnapshotId, SnapshotId>();
  const missing = wanted.filter((one) => {
    const there = findCopy(originals, one);
    if (there === undefined) return true;
    skipped.set(one.id, there);
    onEvent?.({ type: 'skipped', source: one, copy: there });
    return false;
  });
  const copied = await copyInBatches(new BlobCopier(source, destination, session, onEvent), session, missing, options);
  const { dataBlobs, treeBlobs, bytesPacked } = session.stats;
  return { copied, skipped, dataBlobs, treeBlobs, bytesPacked };
}

async function copyInBatches(
  copier: BlobCopier,
  session: WriteSession,
  snapshots: readonly NamedSnapshot[],
  options: CopyOptions,
): Promise<Map<SnapshotId, SnapshotId>> {
  const { onEvent } = options;
  const enough = BATCH_PACKS * (options.packSize ?? DEFAULT_PACK_SIZE);
  const copied = new Map<SnapshotId, SnapshotId>();
  let batch: NamedSnapshot[] = [];
  let [bytes, begun] = [0, Date.now()];
  for (const [i, source] of snapshots.entries()) {
    onEvent?.({ type: 'begun', source });
    bytes += await copier.bring(source.snapshot.tree);
    onEvent?.({ type: 'brought', source });
    batch.push(source);
    const isFull = bytes >= enough && Date.now() - begun >= BATCH_MS;
    if (!isFull && i < snapshots.length - 1) continue;
    await session.flush();
    for (const one of batch) {
      const id = await session.commit(copyOf(one));
      copied.set(one.id, id);
      onEvent?.({ type: 'saved', source: one, copy: id });
    }
    batch = [];
    [bytes, begun] = [0, Date.now()];
  }
  return copied;
}

/** Its parent means nothing in another repository; `original` is the one mark that all copies of a snapshot share. */
function copyOf({ id, snapshot }: NamedSnapshot): Snapshot {
  const { parent: _, ...rest } = snapshot;
  return { ...rest, original: snapshot.original ?? id };
}
