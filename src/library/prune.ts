/** `prune`: removes the data that no snapshot needs. */
import { SyncError } from '../base/errors.js';
import { prune as runPrune } from '../maintain/prune.js';
import type { PruneEvent as EngineEvent } from '../maintain/prune-events.js';
import type { PrunePlan, PruneRules as Rules } from '../maintain/prune-plan.js';
import type { PruneTotals } from '../maintain/prune-stats.js';
import { totalsOf } from '../maintain/prune-stats.js';
import { openedOf } from './opened.js';
import type { Repository } from './repository.js';

/** What may stay, and how much work may be done for it. */
export type PruneRules = Pick<Rules, 'maxUnused' | 'maxRepackBytes' | 'repackUncompressed'>;

export interface PruneOptions extends PruneRules {
  /** Only find out what would be done. */
  readonly dryRun?: boolean | undefined;
  readonly onEvent?: ((event: PruneEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What was done with which packs; in a dry run, what would be. */
export interface PruneResult extends Omit<PrunePlan, 'copies'> {
  /** Sums over the whole repository. */
  readonly totals: PruneTotals;
}

export type PruneEvent =
  | Exclude<EngineEvent, { readonly type: 'planned' }>
  /** Nothing has been changed yet. */
  | { readonly type: 'planned'; readonly plan: PruneResult };

/**
 * Locks all others out. Throws 'damaged' before anything is changed if something that a snapshot needs is not there;
 * 'locked', 'forbidden' (an append-only server), 'aborted', … After an interruption nothing is lost.
 */
export async function prune(repository: Repository, options: PruneOptions = {}): Promise<PruneResult> {
  const opened = openedOf(repository);
  return opened.exclusive(options.signal, async (signal) => {
    const { engine, lock } = opened;
    const { dryRun, onEvent } = options;
    const rules = rulesFor(engine.config.version, options);
    const plan = await runPrune(engine, { ...rules, dryRun, lock, signal, onEvent: pruneTeller(onEvent) });
    return pruneResult(plan);
  });
}

/** Throws 'usage' for what a repository of version 1 cannot have. */
export function rulesFor(version: 1 | 2, options: PruneRules): PruneRules {
  const { maxUnused, maxRepackBytes, repackUncompressed } = options;
  if (repackUncompressed && version === 1) {
    throw new SyncError('usage', 'a repository of version 1 cannot hold compressed data');
  }
  return { maxUnused, maxRepackBytes, repackUncompressed };
}

export function pruneTeller(onEvent: ((event: PruneEvent) => void) | undefined): (event: EngineEvent) => void {
  return (event) => onEvent?.(event.type === 'planned' ? { type: 'planned', plan: pruneResult(event.plan) } : event);
}

export function pruneResult({ stats, unindexed, repack, remove, missing }: PrunePlan): PruneResult {
  return { stats, totals: totalsOf(stats), unindexed, repack, remove, missing };
}
