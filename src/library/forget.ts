/** `forget`: removes snapshots, those that are named or those that a policy does not keep. Their data goes with `prune`. */
import { SyncError } from '../base/errors.js';
import type { SnapshotId } from '../base/ids.js';
import type { GroupBy, GroupKey } from '../browse/group.js';
import type { SnapshotFilter } from '../browse/select.js';
import type { ForgetOptions as EngineOptions, ForgetPlan as EnginePlan } from '../maintain/forget.js';
import { forget as runForget } from '../maintain/forget.js';
import { parseKeepDuration } from '../maintain/keep-duration.js';
import type { KeepPolicy } from '../maintain/policy.js';
import { openedOf } from './opened.js';
import type { PruneEvent, PruneResult, PruneRules } from './prune.js';
import { pruneResult, pruneTeller, rulesFor } from './prune.js';
import type { Repository } from './repository.js';
import type { SnapshotInfo } from './snapshot-ref.js';
import { infoOf } from './snapshot-ref.js';

/** A snapshot stays if any of the rules keeps it. Infinity keeps all. */
export interface KeepRules {
  /** The newest so many. */
  readonly last?: number | undefined;
  /** The newest snapshot of so many hours, days, … that have one. */
  readonly hourly?: number | undefined;
  readonly daily?: number | undefined;
  readonly weekly?: number | undefined;
  readonly monthly?: number | undefined;
  readonly yearly?: number | undefined;
  /** All that are not older than this, counted from the newest: years, months, days, hours, as "1y5m7d2h". */
  readonly within?: string | undefined;
  /** All that have all tags of one of these lists. */
  readonly tags?: readonly (readonly string[])[] | undefined;
}

export interface ForgetOptions {
  /** Exactly these are removed: "latest", ids, beginnings of ids. */
  readonly snapshots?: readonly string[] | undefined;
  /** If no snapshots are named: what stays. */
  readonly keep?: KeepRules | undefined;
  /** The snapshots that the rules, or "latest", are about; all by default. */
  readonly filter?: SnapshotFilter | undefined;
  /** The rules count for each group of snapshots by itself; by default those of the same host and paths are one. */
  readonly groupBy?: GroupBy | undefined;
  /** Prune at once, under the same lock, if anything was removed. */
  readonly prune?: boolean | PruneRules | undefined;
  /** Only find out what would be done. */
  readonly dryRun?: boolean | undefined;
  readonly onEvent?: ((event: ForgetEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ForgetGroup {
  /** What its snapshots have in common. */
  readonly key: GroupKey;
  /** From the newest to the oldest; why each stays: "last snapshot", "daily snapshot", … */
  readonly keep: readonly { readonly snapshot: SnapshotInfo; readonly reasons: readonly string[] }[];
  readonly remove: readonly SnapshotInfo[];
}

export interface ForgetPlan {
  /** Empty where snapshots were named. */
  readonly groups: readonly ForgetGroup[];
  readonly remove: readonly SnapshotId[];
}

/** What could not be done; the rest was. */
export interface ForgetProblem {
  /** Of a snapshot that could not be read, and was left alone, or could not be removed. */
  readonly id: string;
  readonly error: unknown;
}

export type ForgetEvent =
  /** Nothing has been changed yet. */
  | { readonly type: 'plan'; readonly plan: ForgetPlan }
  | { readonly type: 'removed'; readonly id: SnapshotId }
  | ({ readonly type: 'problem' } & ForgetProblem)
  | PruneEvent;

export interface ForgetResult extends ForgetPlan {
  /** Of `remove`, those that are gone; none in a dry run. */
  readonly removed: readonly SnapshotId[];
  readonly problems: readonly ForgetProblem[];
  /** If data was pruned, or, in a dry run, would be. */
  readonly prune?: PruneResult;
}

/**
 * Locks all others out. Throws 'usage' if there is nothing to go by, or the rules would leave nothing of a group;
 * 'not-found' for a snapshot that is named and not there; what `prune` throws. Data is pruned only if all snapshots that
 * should go are gone.
 */
export async function forget(repository: Repository, options: ForgetOptions): Promise<ForgetResult> {
  const opened = openedOf(repository);
  return opened.exclusive(options.signal, async (signal) => {
    const { engine, lock } = opened;
    const { snapshots, filter, groupBy, dryRun } = options;
    const rules = options.prune === true ? {} : options.prune || undefined;
    const done = new Done(options);
    const result = await runForget(engine, {
      snapshots,
      filter,
      groupBy,
      policy: policyOf(options.keep ?? {}),
      dryRun,
      prune: rules && { ...rulesFor(engine.config.version, rules), onEvent: pruneTeller(options.onEvent) },
      lock,
      signal,
      ...done.listeners,
    });
    const { removed, problems } = done;
    return { ...planOf(result), removed, problems, ...(result.prune && { prune: pruneResult(result.prune) }) };
  });
}

/** Tells what happens, and keeps what the result will say. */
class Done {
  readonly removed: SnapshotId[] = [];
  readonly problems: ForgetProblem[] = [];
  readonly listeners: Required<Pick<EngineOptions, 'onPlan' | 'onRemoved' | 'onFailed' | 'onProblem'>>;

  constructor({ snapshots = [], onEvent }: ForgetOptions) {
    const onFailed = (id: string, error: unknown): void => {
      this.problems.push({ id, error });
      onEvent?.({ type: 'problem', id, error });
    };
    this.listeners = {
      onPlan: (plan) => onEvent?.({ type: 'plan', plan: planOf(plan) }),
      onRemoved: (id) => {
        this.removed.push(id);
        onEvent?.({ type: 'removed', id });
      },
      onFailed,
      // Whoever names a snapshot means that one: none of the others goes if it is not there.
      onProblem: (id, error) => {
        if (snapshots.length > 0) throw error;
        onFailed(id, error);
      },
    };
  }
}

function planOf({ groups, remove }: EnginePlan): ForgetPlan {
  return {
    groups: groups.map((group) => ({
      key: group.key,
      keep: group.keep.map(({ snapshot, reasons }) => ({ snapshot: infoOf(snapshot), reasons })),
      remove: group.remove.map(infoOf),
    })),
    remove,
  };
}

/** Throws 'usage'. */
function policyOf({ last, within, tags, ...periods }: KeepRules): KeepPolicy {
  for (const [name, count] of Object.entries({ last, ...periods })) {
    if (count === undefined || count === Number.POSITIVE_INFINITY) continue;
    if (!Number.isInteger(count) || count < 0) {
      throw new SyncError('usage', `keep.${name} is ${count}: give a whole number that is not negative, or Infinity`);
    }
  }
  return { last, tags, periods, within: within === undefined ? undefined : parseKeepDuration(within) };
}
