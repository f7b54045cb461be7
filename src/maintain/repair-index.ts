/**
 * Brings the index in line with the packs that there are: entries of missing packs go, packs that no index file names, or
 * whose size is not what the index says, are read by their own headers. New index files are stored before old ones are
 * removed, so that a crash loses nothing.
 */
import { forEachLimit } from '../base/concurrency.js';
import { isSyncError } from '../base/errors.js';
import type { IndexId, PackId } from '../base/ids.js';
import { packSizeOf } from '../pack/layout.js';
import type { IndexPack } from '../repo/index-file.js';
import type { HeldLock, LockOptions } from '../repo/lock.js';
import type { Repository } from '../repo/repository.js';
import type { OldIndex } from './repair-index-plan.js';
import { mergePack } from './repair-index-plan.js';
import { INDEX_BLOBS, rewriteIndex } from './rewrite-index.js';

export type RepairIndexEvent =
  | { readonly type: 'loading' | 'listing' }
  | { readonly type: 'bad-index'; readonly id: IndexId; readonly error: unknown }
  | { readonly type: 'pack-missing' | 'pack-unknown'; readonly id: PackId }
  | { readonly type: 'pack-differs'; readonly id: PackId; readonly size: number; readonly expected: number }
  | { readonly type: 'reading'; readonly packs: number }
  | { readonly type: 'read' }
  | { readonly type: 'bad-pack'; readonly id: PackId; readonly error: unknown }
  /** `files`: how many old index files are written anew. */
  | { readonly type: 'rebuilding'; readonly files: number }
  | { readonly type: 'removing'; readonly files: number }
  | { readonly type: 'removed'; readonly id: IndexId };

export interface RepairIndexOptions {
  /** Trust no index file: read the header of every pack. */
  readonly readAllPacks?: boolean | undefined;
  readonly lock?: Omit<LockOptions, 'signal'> | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: RepairIndexEvent) => void) | undefined;
}

export interface RepairIndexResult {
  /** Named by the index, but not there. */
  readonly missingPacks: readonly PackId[];
  /** There, but their headers cannot be read: nothing of them is in the new index. */
  readonly badPacks: readonly PackId[];
  /** Whose headers were read. */
  readonly readPacks: readonly PackId[];
  readonly written: readonly IndexId[];
}

const CONNECTIONS = 5;

/** Holds the repository exclusively. Throws 'forbidden' where old index files cannot be removed. */
export async function repairIndex(repo: Repository, options: RepairIndexOptions = {}): Promise<RepairIndexResult> {
  const { signal, lock } = options;
  return repo.exclusively({ signal, ...(lock === undefined ? {} : { lock }) }, (held) =>
    repairIndexUnder(repo, held, options),
  );
}

/** Under an exclusive lock of the caller, who loads the index (anew) afterwards. */
export async function repairIndexUnder(
  repo: Repository,
  lock: HeldLock,
  options: RepairIndexOptions,
): Promise<RepairIndexResult> {
  const signal = AbortSignal.any(options.signal === undefined ? [lock.lost] : [lock.lost, options.signal]);
  const inner = { ...options, signal };
  const old = await readOldIndex(repo, inner);
  const changes = await comparePacks(repo, old, inner);
  const { fresh, badPacks } = await readHeaders(repo, changes.toRead, inner);
  const drop = new Set<PackId>([...changes.missing, ...changes.toRead.keys()]);
  const written = await replaceIndex(repo, lock, { old, drop, fresh }, inner);
  return { missingPacks: changes.missing, badPacks, readPacks: [...changes.toRead.keys()], written };
}

/** Every index file; one that cannot be read is told, and counts as bad. */
export async function readOldIndex(repo: Repository, options: RepairIndexOptions): Promise<OldIndex> {
  const { signal, onEvent } = options;
  const old: OldIndex = { files: new Map(), packs: new Map(), unsure: new Set(), bad: [] };
  const ids = await repo.listIndexFiles(signal);
  if (options.readAllPacks === true) return { ...old, bad: ids };
  onEvent?.({ type: 'loading' });
  await forEachLimit(
    ids,
    CONNECTIONS,
    async (id) => {
      try {
        const { packs } = await repo.readIndexFile(id, signal);
        old.files.set(
          id,
          packs.map((pack) => pack.id),
        );
        for (const pack of packs) mergePack(old, pack);
      } catch (error) {
        if (!isSyncError(error, 'damaged', 'unsupported', 'not-found')) throw error;
        old.bad.push(id);
        onEvent?.({ type: 'bad-index', id, error });
      }
    },
    signal,
  );
  return old;
}

interface PackChanges {
  readonly missing: PackId[];
  /** With their sizes. */
  readonly toRead: Map<PackId, number>;
}

async function comparePacks(
  repo: Repository,
  old: OldIndex,
  { signal, onEvent }: RepairIndexOptions,
): Promise<PackChanges> {
  onEvent?.({ type: 'listing' });
  const changes: PackChanges = { missing: [], toRead: new Map() };
  const there = new Set<PackId>();
  for (const { name, size } of await repo.backend.list('data', { signal })) {
    const id = name as PackId;
    there.add(id);
    const blobs = old.packs.get(id);
    const expected = blobs === undefined ? undefined : packSizeOf(blobs);
    if (expected === size && !old.unsure.has(id)) continue;
    changes.toRead.set(id, size);
    if (expected === undefined) onEvent?.({ type: 'pack-unknown', id });
    else onEvent?.({ type: 'pack-differs', id, size, expected });
  }
  for (const id of old.packs.keys()) {
    if (there.has(id)) continue;
    changes.missing.push(id);
    onEvent?.({ type: 'pack-missing', id });
  }
  return changes;
}

async function readHeaders(
  repo: Repository,
  packs: ReadonlyMap<PackId, number>,
  { signal, onEvent }: RepairIndexOptions,
): Promise<{ fresh: IndexPack[]; badPacks: PackId[] }> {
  const fresh: IndexPack[] = [];
  const badPacks: PackId[] = [];
  if (packs.size === 0) return { fresh, badPacks };
  onEvent?.({ type: 'reading', packs: packs.size });
  const errors = new Map<PackId, unknown>();
  await forEachLimit(
    packs,
    CONNECTIONS,
    async ([id, size]) => {
      try {
        fresh.push({ id, blobs: await repo.readPackHeader(id, size, signal) });
      } catch (error) {
        if (!isSyncError(error, 'damaged', 'not-found')) throw error;
        errors.set(id, error);
      }
      onEvent?.({ type: 'read' });
    },
    signal,
  );
  for (const [id, error] of errors) {
    badPacks.push(id);
    onEvent?.({ type: 'bad-pack', id, error });
  }
  return { fresh, badPacks };
}

/** Full index files that say nothing wrong, and nothing that another one says too, stay as they are. */
function filesToKeep({ files, packs }: OldIndex, drop: ReadonlySet<PackId>): Set<IndexId> {
  const owners = new Map<PackId, number>();
  for (const ids of files.values()) for (const id of ids) owners.set(id, (owners.get(id) ?? 0) + 1);
  const kept = new Set<IndexId>();
  for (const [file, ids] of files) {
    let blobs = 0;
    for (const id of ids) blobs += packs.get(id)?.length ?? 0;
    if (blobs >= INDEX_BLOBS && ids.every((id) => owners.get(id) === 1 && !drop.has(id))) kept.add(file);
  }
  return kept;
}

export interface NewIndex {
  readonly old: OldIndex;
  /** Packs that the new index does not name, or names as `fresh` says. */
  readonly drop: ReadonlySet<PackId>;
  readonly fresh: readonly IndexPack[];
}

/** Stores the new index, then removes the files it takes the place of. */
export async function replaceIndex(
  repo: Repository,
  lock: HeldLock,
  { old, drop, fresh }: NewIndex,
  { signal, onEvent }: Pick<RepairIndexOptions, 'signal' | 'onEvent'>,
): Promise<IndexId[]> {
  const kept = filesToKeep(old, drop);
  const replaced = [...old.files.keys()].filter((id) => !kept.has(id));
  const settled = new Set<PackId>(drop);
  for (const id of kept) for (const pack of old.files.get(id) ?? []) settled.add(pack);
  function* packs(): IterableIterator<IndexPack> {
    for (const [id, blobs] of old.packs) if (!settled.has(id)) yield { id, blobs };
    yield* fresh;
  }
  onEvent?.({ type: 'rebuilding', files: replaced.length });
  return rewriteIndex(repo, {
    packs: packs(),
    obsolete: [...replaced, ...old.bad],
    lock,
    signal,
    onRemoving: (files) => onEvent?.({ type: 'removing', files }),
    onRemoved: (id) => onEvent?.({ type: 'removed', id }),
  });
}
