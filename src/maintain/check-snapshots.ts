/** Which snapshots a check looks into, and what is wrong with the files or the names of some. */
import { isSyncError } from '../base/errors.js';
import type { SnapshotId } from '../base/ids.js';
import { isId } from '../base/ids.js';
import type { NamedSnapshot, SnapshotFilter } from '../browse/select.js';
import { selectSnapshots } from '../browse/select.js';
import type { Repository } from '../repo/repository.js';
import type { Findings } from './check-findings.js';
import { defectOf } from './check-findings.js';

export interface ChosenSnapshots {
  readonly snapshots: readonly NamedSnapshot[];
  /** Adds what was wrong with the others to the findings: later, when the check comes to them. */
  tell(findings: Findings): void;
}

export async function chooseSnapshots(
  repo: Repository,
  names: readonly string[],
  filter: SnapshotFilter | undefined,
  signal: AbortSignal | undefined,
): Promise<ChosenSnapshots> {
  const problems: ((findings: Findings) => void)[] = [];
  const onProblem = (name: string, error: unknown): void => {
    // That a filter has no say beside names of snapshots is no flaw of the repository.
    if (name !== 'filters') problems.push(problemOf(error));
  };
  const snapshots = await selectSnapshots(repo, names, { filter, signal, onProblem });
  return {
    snapshots,
    tell: (findings) => {
      for (const problem of problems) problem(findings);
    },
  };
}

/** Throws what says nothing of the snapshot. */
function problemOf(error: unknown): (findings: Findings) => void {
  const id = isSyncError(error) ? error.details['id'] : undefined;
  if (typeof id === 'string' && isId(id)) {
    const message = defectOf(error);
    return (findings) => findings.error('snapshot-unreadable', message, { snapshot: id as SnapshotId });
  }
  const message = isSyncError(error, 'usage') ? error.message : defectOf(error);
  return (findings) => findings.error('snapshot-not-found', message);
}
