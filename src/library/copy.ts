/** `copy`: snapshots of one repository into another one, whatever their passwords and versions. */
import type { SyncError } from '../base/errors.js';
import type { SnapshotId } from '../base/ids.js';
import type { SnapshotFilter } from '../browse/select.js';
import type { CopyEvent as EngineEvent } from '../maintain/copy.js';
import { copy as runCopy } from '../maintain/copy.js';
import type { CopyPlan } from '../maintain/copy-blobs.js';
import { openedOf } from './opened.js';
import type { Repository } from './repository.js';
import type { SnapshotInfo } from './snapshot-ref.js';
import { infoOf } from './snapshot-ref.js';

export interface CopyOptions {
  /** Exactly these: "latest", ids, beginnings of ids. Without any, all that the filter lets through. */
  readonly snapshots?: readonly string[] | undefined;
  readonly filter?: SnapshotFilter | undefined;
  readonly onEvent?: ((event: CopyEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A snapshot that could not be read; the others were copied. */
export interface CopyProblem {
  readonly id: string;
  readonly error: SyncError;
}

export type CopyEvent =
  | ({ readonly type: 'problem' } & CopyProblem)
  /** The destination has it already. */
  | { readonly type: 'skipped'; readonly source: SnapshotInfo; readonly copy: SnapshotId }
  | { readonly type: 'begun'; readonly source: SnapshotInfo }
  /** What there is to bring for the snapshot that was begun. */
  | { readonly type: 'plan'; readonly plan: CopyPlan }
  /** All that is wanted of so many more packs has been brought. */
  | { readonly type: 'packs'; readonly done: number }
  /** It can be used now. */
  | { readonly type: 'saved'; readonly source: SnapshotInfo; readonly copy: SnapshotId };

export interface CopyResult {
  /** Source → copy, in the order in which they were stored. */
  readonly copied: ReadonlyMap<SnapshotId, SnapshotId>;
  /** Source → the copy that was there. */
  readonly skipped: ReadonlyMap<SnapshotId, SnapshotId>;
  readonly problems: readonly CopyProblem[];
  /** Blobs that were stored, and the bytes of their packs. */
  readonly dataBlobs: number;
  readonly treeBlobs: number;
  readonly bytesPacked: number;
}

/**
 * Copies what the destination has not got; one that was broken off is taken up again. Throws 'not-found' for a snapshot
 * that is named and not there, 'damaged' for data of the source that cannot be read, 'locked', 'aborted', …
 */
export async function copy(from: Repository, to: Repository, options: CopyOptions = {}): Promise<CopyResult> {
  const [source, destination] = [openedOf(from), openedOf(to)];
  const { snapshots = [], filter, onEvent } = options;
  const problems: CopyProblem[] = [];
  const listen = (event: EngineEvent): void => {
    if (event.type === 'problem') {
      const { name: id, error } = event;
      // Whoever names a snapshot means that one.
      if (snapshots.length > 0) throw error;
      problems.push({ id, error });
    }
    const told = publicEvent(event);
    if (told !== undefined) onEvent?.(told);
  };
  return source.calls.run(options.signal, (own) =>
    destination.calls.run(own, async (signal) => {
      const { lock } = destination;
      const work = () =>
        runCopy(source.engine, destination.engine, {
          snapshots,
          filter,
          lock,
          noSourceLock: true,
          onEvent: listen,
          signal,
        });
      const result = await source.reading.use(signal, work);
      return { ...result, problems };
    }),
  );
}

function publicEvent(event: EngineEvent): CopyEvent | undefined {
  switch (event.type) {
    case 'problem':
      return { type: 'problem', id: event.name, error: event.error };
    case 'skipped':
    case 'saved':
      return { type: event.type, source: infoOf(event.source), copy: event.copy };
    case 'begun':
      return { type: 'begun', source: infoOf(event.source) };
    // "saved" follows, when it counts.
    case 'brought':
      return undefined;
    case 'plan':
    case 'packs':
      return event;
  }
}
