/**
 * Is the repository whole? One page:
 *   snapshots listed -> index files -> packs against the index -> trees below the snapshots -> packs read, where wanted
 * Nothing is written. To be run under a lock that keeps writers of packs away, or knowing that what they have not finished
 * looks like damage.
 */
import type { BlobId } from '../base/ids.js';
import type { SnapshotFilter } from '../browse/select.js';
import type { BlobLocation } from '../repo/index.js';
import type { Repository } from '../repo/repository.js';
import type { Executor } from '../worker/executor.js';
import { inlinePartWork } from '../worker/part-work.js';
import type { CheckSummary, Finding } from './check-findings.js';
import { Findings } from './check-findings.js';
import { checkIndexes } from './check-index.js';
import { checkKeys } from './check-keys.js';
import type { IndexedPack } from './check-packs.js';
import { checkPacks, tellMixedPacks } from './check-packs.js';
import { chooseSnapshots } from './check-snapshots.js';
import type { ReachedBlobs } from './check-trees.js';
import { TreeChecker } from './check-trees.js';
import type { ReadData } from './choose-packs.js';
import { choosePacks } from './choose-packs.js';
import { readPacks } from './read-packs.js';

export type { CheckSummary, Finding, FindingCode } from './check-findings.js';
export type { ReadData } from './choose-packs.js';

/** `done` of `total` things: index files, packs listed, snapshots, packs read. */
export interface CheckProgress {
  readonly phase: 'index' | 'packs' | 'snapshots' | 'data';
  readonly done: number;
  readonly total: number;
  /** Of 'data': among how many packs, of how many bytes, those that are read were chosen. */
  readonly choice?: { readonly packs: number; readonly bytes: number };
}

export interface CheckOptions {
  /** Which packs are read and verified; none by default. */
  readonly readData?: ReadData | undefined;
  /** Only what these snapshots need is looked into; all by default. As restic's command line names them. */
  readonly snapshots?: readonly string[] | undefined;
  readonly filter?: SnapshotFilter | undefined;
  /** Also look for blobs that no snapshot needs. Not together with a choice of snapshots. */
  readonly checkUnused?: boolean | undefined;
  /** Makes the threads that look into packs; called once it is known how many bytes are read. Without it this thread does. */
  readonly createExecutor?: ((bytes: number) => Promise<Pick<Executor, 'checkPack' | 'close'>>) | undefined;
  readonly onProgress?: ((progress: CheckProgress) => void) | undefined;
  /** Told as soon as it is known; the result has it too. */
  readonly onFinding?: ((finding: Finding) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface CheckResult {
  readonly findings: readonly Finding[];
  readonly summary: CheckSummary;
  /** False if the index could not be read: then nothing was held against it. */
  readonly complete: boolean;
}

/**
 * Throws what says nothing of the repository's health: 'aborted', 'unreachable', 'unauthorized', … Fills `repo.index` anew.
 */
export async function check(repo: Repository, options: CheckOptions = {}): Promise<CheckResult> {
  const { signal, onProgress = () => undefined } = options;
  const findings = new Findings(options.onFinding);
  // Before the index, which then holds all that they need.
  const { snapshots, tell } = await chooseSnapshots(repo, options.snapshots ?? [], options.filter, signal);
  const onIndex = (done: number, total: number): void => onProgress({ phase: 'index', done, total });
  const complete = await checkIndexes(repo, findings, onIndex, signal);
  if (!complete) {
    tell(findings);
    return { findings: findings.all, summary: findings.summary(), complete };
  }
  const named = repo.index.byPack();
  tellMixedPacks(findings, named);
  onProgress({ phase: 'packs', done: 0, total: named.size });
  const packs = await checkPacks(repo, findings, named, signal);
  await checkKeys(repo, findings, signal);

  let done = 0;
  onProgress({ phase: 'snapshots', done, total: snapshots.length });
  tell(findings);
  const onSnapshots = (count: number): void => {
    done += count;
    onProgress({ phase: 'snapshots', done, total: snapshots.length });
  };
  const trees = new TreeChecker(repo, findings, { signal, onSnapshots });
  await trees.check(snapshots);
  const { reached } = trees;
  if (options.checkUnused && !isChoice(options) && isAllKnown(findings)) tellUnused(repo, findings, reached);
  if (options.readData !== undefined) {
    const needed = isChoice(options)
      ? packs.filter((pack) => pack.blobs.some((blob) => isReached(reached, blob)))
      : packs;
    await readChosen(repo, findings, needed, options);
  }
  return { findings: findings.all, summary: findings.summary(), complete };
}

function isChoice({ snapshots = [], filter = {} }: CheckOptions): boolean {
  return snapshots.length > 0 || Object.values(filter).some((part) => part.length > 0);
}

/** Whether every tree could be followed: else what they need looks unused. */
function isAllKnown({ all }: Findings): boolean {
  return !all.some(({ code }) => code.startsWith('tree-') || code.startsWith('snapshot-'));
}

function isReached({ data, trees }: ReachedBlobs, { type, id }: BlobLocation): boolean {
  return type === 'data' ? data.has(id) : trees.has(id);
}

function tellUnused({ index }: Repository, findings: Findings, reached: ReachedBlobs): void {
  const unused = new Set<BlobId>();
  for (const blob of index.values()) if (!isReached(reached, blob)) unused.add(blob.id);
  if (unused.size === 0) return;
  const message = `${unused.size} blobs are needed by no snapshot; a prune removes them`;
  findings.hint('unused-blobs', message, { blobs: [...unused] });
}

async function readChosen(
  repo: Repository,
  findings: Findings,
  packs: readonly IndexedPack[],
  options: CheckOptions,
): Promise<void> {
  const { readData = 'all', createExecutor, onProgress = () => undefined, signal } = options;
  const chosen = choosePacks(packs, readData);
  const [total, bytes] = [chosen.length, sizeOf(chosen)];
  const choice = { packs: packs.length, bytes: sizeOf(packs) };
  let done = 0;
  onProgress({ phase: 'data', done, total, choice });
  const executor = await createExecutor?.(bytes);
  try {
    const onPack = (): void => onProgress({ phase: 'data', done: ++done, total, choice });
    await readPacks(repo, findings, chosen, { work: executor ?? inlinePartWork(repo.codec), signal, onPack });
  } finally {
    await executor?.close();
  }
}

function sizeOf(packs: readonly IndexedPack[]): number {
  return packs.reduce((sum, pack) => sum + pack.size, 0);
}
