/** What a prune tells while it runs, in restic's words. */
import { shortId } from '../../../base/ids.js';
import type { PruneEvent, PruneStep } from '../../../maintain/prune-events.js';
import type { PrunePlan } from '../../../maintain/prune-plan.js';
import type { PruneStats } from '../../../maintain/prune-stats.js';
import { totalsOf } from '../../../maintain/prune-stats.js';
import { formatBytesLikeRestic, formatPercent } from '../../../ui/bytes.js';
import type { Counter, Output } from '../output.js';

export interface PruneTeller {
  on(event: PruneEvent): void;
  /** The last lines, after all has gone well. */
  done(): void;
}

interface StepText {
  readonly line?: (total: number) => string;
  /** What is counted. */
  readonly label?: string;
}

const STEPS: Readonly<Record<PruneStep, StepText>> = {
  'loading-snapshots': { line: () => 'loading all snapshots...' },
  'loading-index': {},
  'finding-used': { line: (total) => `finding data that is still in use for ${total} snapshots`, label: 'snapshots' },
  'collecting-packs': {
    line: () => 'searching used packs...\ncollecting packs for deletion and repacking',
    label: 'packs processed',
  },
  'removing-unindexed': { line: () => 'deleting unreferenced packs', label: 'files deleted' },
  repacking: { line: () => 'repacking packs', label: 'packs repacked' },
  'rebuilding-index': { line: () => 'rebuilding index', label: 'indexes processed' },
  'removing-index': { label: 'old indexes deleted' },
  'removing-index-first': { line: () => 'deleting index files', label: 'files deleted' },
  'writing-index-last': { label: 'packs processed' },
  'removing-packs': { line: (total) => `removing ${total} old packs`, label: 'files deleted' },
};

export function pruneTeller(out: Output, isDryRun: boolean): PruneTeller {
  let bar: Counter | undefined;
  const endCount = (): void => {
    bar?.done();
    bar = undefined;
  };
  const onStep = (step: PruneStep, total: number): void => {
    endCount();
    const { line, label } = STEPS[step];
    if (line !== undefined) out.info(line(total));
    if (label !== undefined) bar = out.counter(label, total);
  };
  const on = (event: PruneEvent): void => {
    if (event.type === 'step') onStep(event.step, event.total ?? 0);
    else if (event.type === 'done') bar?.add(event.count);
    else if (event.type === 'removed') out.debug(`removed ${event.file === 'data' ? 'data/' : 'index '}${event.id}`);
    else {
      tellFindings(out, event.plan);
      endCount();
      tellPlan(out, event.plan, isDryRun);
    }
  };
  const done = (): void => {
    endCount();
    if (!isDryRun) out.info('done');
  };
  return { on, done };
}

function tellFindings(out: Output, { unindexed, missing }: PrunePlan): void {
  for (const id of unindexed) out.verbose(`will remove pack ${shortId(id)} as it is unused and not indexed`);
  if (missing.size === 0) return;
  out.warn('Missing but unneeded pack files are referenced in the index, will be repaired');
  for (const id of missing) out.warn(`will forget missing pack file ${id}`);
}

function tellPlan(out: Output, plan: PrunePlan, isDryRun: boolean): void {
  if (isDryRun) out.info('\nWould have made the following changes:');
  const { before, change, after } = statsLines(plan.stats);
  for (const line of before) out.verbose(line);
  for (const line of change) out.info(line);
  for (const line of after) out.verbose(line);
  if (!isDryRun) return;
  out.verbose(
    'Repeated prune dry-runs can report slightly different amounts of data to keep or repack. This is expected behavior.\n',
  );
  if (plan.unindexed.size > 0) {
    out.verbose(`Would have removed the following unreferenced packs:\n${idList(plan.unindexed)}\n`);
  }
  out.verbose(`Would have repacked and removed the following packs:\n${idList(plan.repack)}\n`);
  out.verbose(`Would have removed the following no longer used packs:\n${idList(plan.remove)}\n`);
}

/** "{1a2b3c4d 5e6f7a8b}", sorted. */
export function idList(ids: Iterable<string>): string {
  return `{${[...ids].map(shortId).sort().join(' ')}}`;
}

interface StatsLines {
  /** For the verbose. */
  readonly before: readonly string[];
  readonly change: readonly string[];
  /** For the verbose. */
  readonly after: readonly string[];
}

function statsLines(stats: PruneStats): StatsLines {
  const { blobs, bytes, packs } = stats;
  const totals = totalsOf(stats);
  const only = (condition: boolean, line: string): string[] => (condition ? [line] : []);
  return {
    before: [
      `\n${sized('used:', blobs.used, bytes.used)}`,
      ...only(blobs.duplicate > 0, sized('duplicates:', blobs.duplicate, bytes.duplicate)),
      sized('unused:', blobs.unused, bytes.unused),
      ...only(bytes.unreferenced > 0, unsized('unreferenced:', bytes.unreferenced)),
      sized('total:', totals.blobs, totals.bytes),
      `unused size: ${formatPercent(totals.unusedBytes, totals.bytes)} of total size`,
    ],
    change: [
      `\n${sized('to repack:', blobs.repack, bytes.repack)}`,
      sized('this removes:', blobs.repackRemove, bytes.repackRemove),
      sized('to delete:', blobs.remove, bytes.remove + bytes.unreferenced),
      sized('total prune:', totals.prunedBlobs, totals.prunedBytes),
      ...only(bytes.uncompressed > 0, unsized('not yet compressed:', bytes.uncompressed)),
      sized('remaining:', totals.remainingBlobs, totals.remainingBytes),
      `unused size after prune: ${formatBytesLikeRestic(totals.unusedBytesAfter)} (${formatPercent(totals.unusedBytesAfter, totals.remainingBytes)} of remaining size)`,
      '',
    ],
    after: [
      `totally used packs: ${padded(packs.used)}`,
      `partly used packs:  ${padded(packs.partlyUsed)}`,
      `unused packs:       ${padded(packs.unused)}\n`,
      counted('to keep:', packs.keep, 'packs'),
      counted('to repack:', packs.repack, 'packs'),
      counted('to delete:', packs.remove, 'packs'),
      ...only(packs.unreferenced > 0, `${counted('to delete:', packs.unreferenced, 'unreferenced packs')}\n`),
    ],
  };
}

function sized(label: string, blobs: number, bytes: number): string {
  return counted(label, blobs, `blobs / ${formatBytesLikeRestic(bytes)}`);
}

/** In the column of the sizes. */
function unsized(label: string, bytes: number): string {
  return `${label.padEnd(33)}${formatBytesLikeRestic(bytes)}`;
}

function counted(label: string, count: number, what: string): string {
  return `${label.padEnd(14)}${padded(count)} ${what}`;
}

function padded(count: number): string {
  return String(count).padStart(10);
}
