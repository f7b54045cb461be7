/**
 * Removes what no snapshot needs. Plan, show, perform, all under one exclusive lock:
 *   packs that no index names are removed -> what is used of half-empty packs is copied into new ones -> new packs and
 *   their index are stored -> new index files for all -> old index files are removed -> old packs are removed
 * In this order a crash at any point leaves every snapshot whole: at worst some blobs are there twice.
 */
import { forEachLimit } from '../base/concurrency.js';
import type { IndexId, PackId } from '../base/ids.js';
import type { IndexPack } from '../repo/index-file.js';
import type { HeldLock } from '../repo/lock.js';
import { DEFAULT_PACK_SIZE } from '../repo/packer.js';
import type { Repository, WriteOptions } from '../repo/repository.js';
import type { PrunePlan, PruneRules } from './prune-plan.js';
import { planPrune } from './prune-plan.js';
import type { Survey, SurveyOptions } from './prune-survey.js';
import { survey } from './prune-survey.js';
import { repack } from './repack.js';
import { INDEX_BLOBS, removeIndexFiles, rewriteIndex, writeIndexFiles } from './rewrite-index.js';

export interface PruneOptions extends PruneRules, SurveyOptions {
  /** Bytes at which new packs are closed; 16 MiB by default. */
  readonly packSize?: number | undefined;
  /** Blobs at which an index file is full; 50,000 by default. */
  readonly indexBlobs?: number;
  /** Only plans. */
  readonly dryRun?: boolean | undefined;
  /** For a dry run where no lock can be stored; others may change the repository meanwhile. */
  readonly noLock?: boolean | undefined;
  /**
   * For a storage without any room left: repacks nothing and removes the index files before new ones are written. If
   * that is interrupted, `repair index` has to make the index anew.
   */
  readonly unsafeNoSpaceRecovery?: boolean | undefined;
  readonly lock?: WriteOptions['lock'];
}

const CONNECTIONS = 5;

/** Returns what was done, or in a dry run would be. Throws 'locked', 'damaged', 'forbidden' (append-only), … */
export async function prune(repo: Repository, options: PruneOptions = {}): Promise<PrunePlan> {
  if (options.dryRun === true && options.noLock === true) return (await makePlan(repo, options)).plan;
  const { signal, lock = {} } = options;
  return repo.exclusively({ signal, lock }, (held) => pruneUnder(repo, held, options));
}

/** As `prune`, under an exclusive lock that the caller holds. When it throws, the index has to be loaded again. */
export async function pruneUnder(repo: Repository, lock: HeldLock, options: PruneOptions = {}): Promise<PrunePlan> {
  const signal = options.signal === undefined ? lock.lost : AbortSignal.any([options.signal, lock.lost]);
  const guarded = { ...options, signal };
  const { plan, state } = await makePlan(repo, guarded);
  if (options.dryRun === true) return plan;
  try {
    await perform({ repo, lock, plan, state, options: guarded });
  } catch (error) {
    // Nobody knows how far it came; a blob that counts as stored and is not would be lost to the next snapshot.
    repo.forgetIndex();
    throw error;
  }
  return plan;
}

async function makePlan(repo: Repository, options: PruneOptions): Promise<{ plan: PrunePlan; state: Survey }> {
  const state = await survey(repo, options);
  const rules = options.unsafeNoSpaceRecovery === true ? { ...options, maxRepackBytes: 0 } : options;
  const { version } = repo.config;
  const plan = planPrune({ version, index: repo.index, used: state.used, packs: state.packs }, rules);
  options.onEvent?.({ type: 'planned', plan });
  return { plan, state };
}

interface Work {
  readonly repo: Repository;
  readonly lock: HeldLock;
  readonly plan: PrunePlan;
  readonly state: Survey;
  readonly options: PruneOptions & { readonly signal: AbortSignal };
}

async function perform(work: Work): Promise<void> {
  const { plan, options } = work;
  await removePacks(work, 'removing-unindexed', plan.unindexed);
  const fresh = plan.repack.size === 0 ? [] : await copyUsed(work);
  const old = new Set([...plan.remove, ...plan.repack]);
  const gone = new Set([...old, ...plan.missing]);
  if (gone.size === 0) return;
  if (options.unsafeNoSpaceRecovery === true) return replaceWithoutRoom(work, gone, old);
  await rebuildIndex(work, gone, fresh);
  await removePacks(work, 'removing-packs', old);
}

type FileStep = 'removing-unindexed' | 'removing-index' | 'removing-packs';

async function removePacks(work: Work, step: FileStep, packs: ReadonlySet<PackId>): Promise<void> {
  if (packs.size === 0) return;
  const { repo, lock, options } = work;
  options.onEvent?.({ type: 'step', step, total: packs.size });
  await lock.ensureFresh();
  await forEachLimit(
    packs,
    CONNECTIONS,
    async (id) => {
      await repo.backend.remove('data', id, { signal: options.signal });
      removed(work, 'data', id);
    },
    options.signal,
  );
}

function removed({ options }: Work, file: 'data' | 'index', id: PackId | IndexId): void {
  options.onEvent?.({ type: 'removed', file, id });
  options.onEvent?.({ type: 'done', count: 1 });
}

/** Returns the index files that name the new packs. */
async function copyUsed({ repo, lock, plan, options }: Work): Promise<readonly IndexId[]> {
  const { packSize = DEFAULT_PACK_SIZE, indexBlobs = INDEX_BLOBS, signal, onEvent } = options;
  onEvent?.({ type: 'step', step: 'repacking', total: plan.repack.size });
  return repo.writeUnder(lock, { signal, packSize, indexBlobs }, async (session) => {
    await repack(repo, session, {
      copies: plan.copies,
      compressData: options.repackUncompressed,
      onPack: () => onEvent?.({ type: 'done', count: 1 }),
    });
    await session.flush();
    return session.indexFiles;
  });
}

/** Full index files that name nothing but packs that stay are left as they are; the others are merged. */
async function rebuildIndex(work: Work, gone: ReadonlySet<PackId>, fresh: readonly IndexId[]): Promise<void> {
  const { repo, lock, state, options } = work;
  const { indexBlobs = INDEX_BLOBS } = options;
  const obsolete = [...fresh];
  const named = new Set<PackId>();
  for (const [id, { packs, blobs }] of state.indexFiles) {
    if (blobs < indexBlobs || packs.some((pack) => gone.has(pack))) obsolete.push(id);
    else for (const pack of packs) named.add(pack);
  }
  const all = repo.index.byPack();
  options.onEvent?.({ type: 'step', step: 'rebuilding-index', total: obsolete.length });
  await rewriteIndex(repo, {
    packs: packsOf(all, (id) => !gone.has(id) && !named.has(id)),
    obsolete,
    indexBlobs,
    lock,
    signal: options.signal,
    onRemoving: (total) => {
      options.onEvent?.({ type: 'done', count: total });
      options.onEvent?.({ type: 'step', step: 'removing-index', total });
    },
    onRemoved: (id) => removed(work, 'index', id),
  });
  for (const id of gone) repo.index.removePack(id, all.get(id) ?? []);
}

/** The index lies in memory only, until there is room to write it. */
async function replaceWithoutRoom(work: Work, gone: ReadonlySet<PackId>, old: ReadonlySet<PackId>): Promise<void> {
  const { repo, lock, state, options } = work;
  const { signal } = options;
  const files = [...state.indexFiles.keys()];
  const all = repo.index.byPack();
  await lock.ensureFresh();
  options.onEvent?.({ type: 'step', step: 'removing-index-first', total: files.length });
  await removeIndexFiles(repo, files, { signal, onRemoved: (id) => removed(work, 'index', id) });
  await removePacks(work, 'removing-packs', old);
  for (const id of gone) repo.index.removePack(id, all.get(id) ?? []);
  options.onEvent?.({ type: 'step', step: 'writing-index-last', total: repo.index.packs.size });
  const onWritten = (count: number): void => options.onEvent?.({ type: 'done', count });
  const { indexBlobs = INDEX_BLOBS } = options;
  await writeIndexFiles(repo, { packs: packsOf(all, (id) => !gone.has(id)), indexBlobs, signal, onWritten });
}

function* packsOf(
  all: Iterable<readonly [PackId, IndexPack['blobs']]>,
  isWanted: (id: PackId) => boolean,
): IterableIterator<IndexPack> {
  for (const [id, blobs] of all) if (isWanted(id)) yield { id, blobs };
}
