/** What a prune tells while it runs, step by step; drawing is the caller's. */
import type { AnyId } from '../base/ids.js';
import type { PrunePlan } from './prune-plan.js';

export type PruneStep =
  | 'loading-snapshots'
  | 'loading-index'
  /** Counts snapshots. */
  | 'finding-used'
  /** Counts packs that the index names; those that are not there are never done. */
  | 'collecting-packs'
  /** These count files. */
  | 'removing-unindexed'
  | 'repacking'
  | 'rebuilding-index'
  | 'removing-index'
  | 'removing-packs'
  /** Only where there is no room left: index files go before packs, and come back at the end. Counts files. */
  | 'removing-index-first'
  /** Counts packs. */
  | 'writing-index-last';

export type PruneEvent =
  /** `total` is there for steps that count something. */
  | { readonly type: 'step'; readonly step: PruneStep; readonly total?: number }
  /** So many more are done of the step that came last. */
  | { readonly type: 'done'; readonly count: number }
  /** A file is gone. */
  | { readonly type: 'removed'; readonly file: 'data' | 'index'; readonly id: AnyId }
  /** What will be done, or, in a dry run, would be. */
  | { readonly type: 'planned'; readonly plan: PrunePlan };

export type OnPruneEvent = (event: PruneEvent) => void;
