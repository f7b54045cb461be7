/** `forget`: removes snapshots, by name or by a policy, and prunes their data if that is asked for. */
import type { SnapshotId } from '../../../base/ids.js';
import type { GroupBy } from '../../../browse/group.js';
import { isGrouped, parseGroupBy } from '../../../browse/group.js';
import type { ForgetPlan } from '../../../maintain/forget.js';
import { forget } from '../../../maintain/forget.js';
import type { KeepPolicy } from '../../../maintain/policy.js';
import { describePolicy } from '../../../maintain/policy.js';
import { EXIT } from '../../exit-code.js';
import type { CommandSpec, Context } from '../command.js';
import { FILTER_FLAGS_WITHOUT_SHORT, filterOf } from '../filter-flags.js';
import type { FlagValues } from '../flag-values.js';
import type { Counter, Output } from '../output.js';
import { flagError, messageOf } from '../plain-error.js';
import { POLICY_FLAGS, policyOf } from './forget-flags.js';
import { planJson, tellPlan } from './forget-text.js';
import { checkNoLock, checkRules, PRUNE_FLAGS, pruneRules } from './prune-flags.js';
import { pruneTeller } from './prune-text.js';

export const forgetCommand: CommandSpec = {
  name: 'forget',
  summary: 'Remove snapshots from the repository',
  args: '[snapshot ID] [...]',
  description: `Removes the snapshots that are named or, if none is, those that the --keep-* flags do not
keep: snapshots are put in groups by --group-by, and the policy is applied to each group by
itself. If there are not enough snapshots for a --keep-{within-,}* flag, the oldest one is
kept too.

Only the snapshots go; "prune", or --prune, removes the data that none of the others needs.`,
  flags: [
    ...POLICY_FLAGS,
    {
      name: 'unsafe-allow-remove-all',
      kind: 'bool',
      help: 'let all snapshots of a group be removed',
    },
    ...FILTER_FLAGS_WITHOUT_SHORT,
    { name: 'compact', short: 'c', kind: 'bool', help: 'show less of each snapshot' },
    {
      name: 'group-by',
      short: 'g',
      kind: 'text',
      value: 'group',
      default: 'host,paths',
      help: "put snapshots in groups of equal host, paths and/or tags, separated by commas ('' for one group)",
    },
    { name: 'dry-run', short: 'n', kind: 'bool', help: 'change nothing, only show what would be done' },
    { name: 'prune', kind: 'bool', help: "run 'prune' if snapshots were removed" },
    ...PRUNE_FLAGS,
  ],
  group: 'main',
  exitCodes: { [EXIT.partial]: 'a snapshot could not be removed' },
  run,
};

async function run(context: Context): Promise<number> {
  const { args, flags, signal, lock } = context;
  const dryRun = flags.bool('dry-run');
  const policy = policyOf(flags);
  const rules = pruneRules(flags);
  const groupBy = groupByOf(flags);
  checkNoLock(context, 'forget');
  const repo = await context.open();
  checkRules(repo, rules);
  const teller = pruneTeller(context.out, dryRun);
  const deleting = new Deleting(context.out, dryRun);
  const result = await forget(repo, {
    snapshots: args,
    filter: filterOf(context),
    policy,
    groupBy,
    allowRemoveAll: flags.bool('unsafe-allow-remove-all'),
    dryRun,
    noLock: flags.bool('no-lock'),
    prune: flags.bool('prune') ? { ...rules, onEvent: teller.on } : undefined,
    signal,
    lock,
    onProblem: (name, error) => context.out.warn(`Ignoring "${name}": ${messageOf(error)}`),
    onPlan: (plan) => {
      show(context, plan, policy, groupBy);
      deleting.begin(plan.remove.length);
    },
    onRemoved: (id) => deleting.removed(id),
    onFailed: (id, error) => deleting.failed(id, error),
    onPruning: (count) => deleting.pruning(count),
  });
  deleting.end();
  if (result.prune !== undefined) teller.done();
  return result.failed.length === 0 ? EXIT.ok : failed(context);
}

function groupByOf(flags: FlagValues): GroupBy {
  const text = flags.text('group-by') ?? '';
  try {
    return parseGroupBy(text);
  } catch (error) {
    throw flagError(text, '-g, --group-by', messageOf(error));
  }
}

/** Nothing is shown of snapshots that were named. */
function show({ args, flags, out }: Context, plan: ForgetPlan, policy: KeepPolicy, groupBy: GroupBy): void {
  if (args.length > 0) return;
  if (out.json) {
    if (plan.groups.length > 0) out.result(planJson(plan));
    return;
  }
  out.info(`Applying Policy: ${describePolicy(policy)}`);
  const [compact, dryRun] = [flags.bool('compact'), flags.bool('dry-run')];
  tellPlan(out, plan, { compact, dryRun, isGrouped: isGrouped(groupBy) });
}

function failed({ out }: Context): number {
  const message = 'failed to remove one or more snapshots';
  out.warn(out.json ? JSON.stringify({ message_type: 'exit_error', code: EXIT.partial, message }) : message);
  return EXIT.partial;
}

/** What is told while snapshots are removed. */
class Deleting {
  readonly #out: Output;
  readonly #dryRun: boolean;
  #bar: Counter | undefined;

  constructor(out: Output, dryRun: boolean) {
    this.#out = out;
    this.#dryRun = dryRun;
  }

  begin(count: number): void {
    if (count > 0 && !this.#dryRun) this.#bar = this.#out.counter('files deleted', count);
  }

  removed(id: SnapshotId): void {
    this.#out.debug(`removed snapshot/${id}`);
    this.#bar?.add(1);
  }

  failed(id: SnapshotId, error: unknown): void {
    this.#out.warn(`unable to remove snapshot/${id} from the repository: ${messageOf(error)}`);
  }

  pruning(count: number): void {
    this.end();
    const what = this.#dryRun ? 'would be removed, running prune dry run' : 'have been removed, running prune';
    this.#out.info(`${count} snapshots ${what}`);
  }

  end(): void {
    this.#bar?.done();
    this.#bar = undefined;
  }
}
