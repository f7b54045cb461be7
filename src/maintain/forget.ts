/**
 * Removes snapshots: those that are named, or those that a policy does not keep. Plan, show, perform, under one
 * exclusive lock, and where that is wanted the data is pruned under the same lock.
 */
import { forEachLimit } from '../base/concurrency.js';
import { isSyncError, SyncError } from '../base/errors.js';
import type { SnapshotId } from '../base/ids.js';
import type { GroupBy, GroupKey } from '../browse/group.js';
import { groupSnapshots } from '../browse/group.js';
import type { NamedSnapshot, SnapshotFilter } from '../browse/select.js';
import { loadSnapshots, selectSnapshots } from '../browse/select.js';
import type { HeldLock } from '../repo/lock.js';
import type { Repository, WriteOptions } from '../repo/repository.js';
import type { KeepPolicy, KeptSnapshot } from './policy.js';
import { applyPolicy, isEmptyPolicy } from './policy.js';
import type { PruneOptions } from './prune.js';
import { prune, pruneUnder } from './prune.js';
import type { PrunePlan } from './prune-plan.js';

export interface ForgetOptions {
  /** Ids, beginnings of ids, "latest": exactly these are removed. Without any, the policy decides. */
  readonly snapshots?: readonly string[] | undefined;
  /** The snapshots that the policy, or "latest", is about; all by default. */
  readonly filter?: SnapshotFilter | undefined;
  readonly policy?: KeepPolicy | undefined;
  /** The policy is applied to each group by itself; by host and paths by default. */
  readonly groupBy?: GroupBy | undefined;
  /** Lets a policy remove all snapshots of a group. An empty policy with it needs a filter. */
  readonly allowRemoveAll?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  /** For a dry run where no lock can be stored. */
  readonly noLock?: boolean | undefined;
  /** What to prune by, if any snapshot is removed; nothing is pruned without it. */
  readonly prune?: Omit<PruneOptions, 'dryRun' | 'noLock' | 'ignoreSnapshots' | 'lock' | 'signal'> | undefined;
  /** Nanoseconds since 1970; snapshots after it are no base for --keep-within. */
  readonly now?: bigint | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly lock?: WriteOptions['lock'];
  /** Called before anything is removed. */
  readonly onPlan?: ((plan: ForgetPlan) => void) | undefined;
  readonly onRemoved?: ((id: SnapshotId) => void) | undefined;
  /** A snapshot that could not be removed; the rest goes on. */
  readonly onFailed?: ((id: SnapshotId, error: unknown) => void) | undefined;
  /** A snapshot that could not be found or read, and stays; thrown without it. */
  readonly onProblem?: ((id: string, error: unknown) => void) | undefined;
  /** Called once all snapshots are removed, before data is pruned. */
  readonly onPruning?: ((removed: number) => void) | undefined;
}

export interface ForgetGroup {
  readonly key: GroupKey;
  /** From the newest to the oldest, as `remove`. */
  readonly keep: readonly KeptSnapshot[];
  readonly remove: readonly NamedSnapshot[];
}

export interface ForgetPlan {
  /** Empty where snapshots were named. */
  readonly groups: readonly ForgetGroup[];
  readonly remove: readonly SnapshotId[];
}

export interface ForgetResult extends ForgetPlan {
  /** Of `remove`, those that are still there because they could not be removed. */
  readonly failed: readonly SnapshotId[];
  readonly prune?: PrunePlan;
}

const CONNECTIONS = 5;
const BY_HOST_AND_PATHS: GroupBy = { host: true, paths: true, tags: false };

/**
 * Throws 'usage' where there is neither a snapshot nor a policy, or all of a group would go; 'locked'; what `prune`
 * throws. Data is pruned only if every snapshot could be removed.
 */
export async function forget(repo: Repository, options: ForgetOptions): Promise<ForgetResult> {
  checkPolicy(options);
  const { dryRun = false, noLock = false, signal, lock = {} } = options;
  if (dryRun && noLock) return run(repo, undefined, options);
  return repo.exclusively({ signal, lock }, (held) => {
    const guarded = signal === undefined ? held.lost : AbortSignal.any([signal, held.lost]);
    return run(repo, held, { ...options, signal: guarded });
  });
}

function checkPolicy({ snapshots = [], policy = {}, allowRemoveAll = false, filter = {} }: ForgetOptions): void {
  if (snapshots.length > 0 || !isEmptyPolicy(policy)) return;
  if (!allowRemoveAll) throw new SyncError('usage', 'no policy was specified, no snapshots will be removed');
  const { hosts = [], tags = [], paths = [] } = filter;
  if (hosts.length + tags.length + paths.length > 0) return;
  throw new SyncError('usage', '--unsafe-allow-remove-all is not allowed unless a snapshot filter option is specified');
}

async function run(repo: Repository, lock: HeldLock | undefined, options: ForgetOptions): Promise<ForgetResult> {
  const plan = await planForget(repo, options);
  options.onPlan?.(plan);
  if (options.dryRun === true || lock === undefined) return dryPrune(repo, lock, plan, options);
  await lock.ensureFresh();
  const failed = await removeSnapshots(repo, plan.remove, options);
  if (options.prune === undefined || failed.length > 0 || plan.remove.length === 0) return { ...plan, failed };
  options.onPruning?.(plan.remove.length);
  const pruned = await pruneUnder(repo, lock, { ...options.prune, signal: options.signal });
  return { ...plan, failed, prune: pruned };
}

/** What `forget` would remove. Throws 'usage' if it were all snapshots of a group. */
export async function planForget(repo: Repository, options: ForgetOptions): Promise<ForgetPlan> {
  const { snapshots = [], filter, policy = {}, groupBy = BY_HOST_AND_PATHS, signal, onProblem } = options;
  const select = { filter, signal, onProblem };
  if (snapshots.length > 0) {
    const chosen = await selectSnapshots(repo, snapshots, select);
    return { groups: [], remove: chosen.map((one) => one.id) };
  }
  const now = options.now ?? BigInt(Date.now()) * 1_000_000n;
  const groups = groupSnapshots(await loadSnapshots(repo, select), groupBy).map((group) => ({
    key: group.key,
    ...applyPolicy(group.snapshots, policy, now),
  }));
  const emptied = groups.find((group) => group.keep.length === 0);
  if (emptied !== undefined && options.allowRemoveAll !== true) {
    const message = `refusing to delete last snapshot of snapshot group "${describeGroup(emptied.key)}"`;
    throw new SyncError('usage', message, { details: { plain: true } });
  }
  return { groups, remove: groups.flatMap((group) => group.remove.map((one) => one.id)) };
}

/** "host pc, path [/home /srv], tags [a b]": what the group has in common. */
export function describeGroup({ hostname, paths, tags }: GroupKey): string {
  const parts = [
    ...(hostname === '' ? [] : [`host ${hostname}`]),
    ...(paths === null || paths.length === 0 ? [] : [`path [${paths.join(' ')}]`]),
    ...(tags === null || tags.length === 0 ? [] : [`tags [${tags.join(' ')}]`]),
  ];
  return parts.join(', ');
}

async function dryPrune(
  repo: Repository,
  lock: HeldLock | undefined,
  plan: ForgetPlan,
  options: ForgetOptions,
): Promise<ForgetResult> {
  if (options.prune === undefined || plan.remove.length === 0) return { ...plan, failed: [] };
  options.onPruning?.(plan.remove.length);
  const dry = { ...options.prune, dryRun: true, ignoreSnapshots: new Set(plan.remove), signal: options.signal };
  const planned = lock === undefined ? await prune(repo, { ...dry, noLock: true }) : await pruneUnder(repo, lock, dry);
  return { ...plan, failed: [], prune: planned };
}

/** Returns those that could not be removed. Throws only if the signal fires or nobody is told of failures. */
async function removeSnapshots(
  repo: Repository,
  ids: readonly SnapshotId[],
  { signal, onRemoved, onFailed }: Pick<ForgetOptions, 'signal' | 'onRemoved' | 'onFailed'>,
): Promise<SnapshotId[]> {
  const failed: SnapshotId[] = [];
  await forEachLimit(
    ids,
    CONNECTIONS,
    async (id) => {
      try {
        await repo.removeSnapshot(id, signal);
        onRemoved?.(id);
      } catch (error) {
        if (onFailed === undefined || signal?.aborted || isSyncError(error, 'aborted')) throw error;
        failed.push(id);
        onFailed(id, error);
      }
    },
    signal,
  );
  return failed;
}
