/** What `rewrite` and `repair snapshots` tell of each snapshot, in restic's words. */
import { shortId } from '../../../base/ids.js';
import { describeSnapshot } from '../../../browse/select.js';
import type { ReplaceOptions, ReplaceResult, SnapshotOutcome } from '../../../maintain/rewrite-snapshot.js';
import { printGoTime } from '../../../repo/go-time.js';
import type { Output } from '../output.js';
import { messageOf } from './repair-index-text.js';

interface NewMembers {
  readonly dryRun: boolean;
  readonly time?: string | undefined;
  readonly hostname?: string | undefined;
}

type Tellers = Required<Pick<ReplaceOptions, 'onProblem' | 'onSnapshot' | 'onSaved' | 'onOutcome'>>;

export function snapshotTellers(out: Output, { dryRun, time, hostname }: NewMembers): Tellers {
  return {
    onProblem: (name, error) => out.warn(`Ignoring "${name}": ${messageOf(error)}`),
    onSnapshot: (one) => out.info(`\n${describeSnapshot(one)}`),
    onSaved: (_old, newId) => {
      if (time !== undefined) out.info(`setting time to ${printGoTime(time)}`);
      if (hostname !== undefined) out.info(`setting host to ${hostname}`);
      out.info(`saved new snapshot ${shortId(newId)}`);
    },
    onOutcome: (outcome) => {
      for (const line of dryRun ? wouldDo(outcome, { time, hostname }) : hasDone(outcome)) out.info(line);
    },
  };
}

function hasDone({ kind, removed, old }: SnapshotOutcome): string[] {
  if (kind === 'empty') return [`removed empty snapshot ${shortId(old.id)}`];
  return removed ? [`removed old snapshot ${shortId(old.id)}`] : [];
}

function wouldDo({ kind, removed }: SnapshotOutcome, { time, hostname }: Omit<NewMembers, 'dryRun'>): string[] {
  if (kind === 'unchanged') return [];
  if (kind === 'empty') return ['would delete empty snapshot'];
  const lines = ['would save new snapshot'];
  if (removed) lines.push('would remove old snapshot');
  if (time !== undefined) lines.push(`would set time to ${printGoTime(time)}`);
  if (hostname !== undefined) lines.push(`would set hostname to ${hostname}`);
  return lines;
}

export function tellModified(out: Output, { modified }: ReplaceResult, dryRun: boolean): void {
  out.info('');
  if (modified === 0) out.info(dryRun ? 'no snapshots would be modified' : 'no snapshots were modified');
  else out.info(`${dryRun ? 'would modify' : 'modified'} ${modified} snapshots`);
}
