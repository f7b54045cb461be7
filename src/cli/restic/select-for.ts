/** Snapshots by the arguments and filter flags of a command; what cannot be had is told, and the rest goes on. */
import type { NamedSnapshot } from '../../browse/select.js';
import { selectSnapshots } from '../../browse/select.js';
import type { Repository } from '../../repo/repository.js';
import type { Context } from './command.js';
import { filterOf } from './filter-flags.js';
import { messageOf } from './plain-error.js';

/** Those named, in that order; all that the filter lets through if none is, the oldest first. */
export function selectFor(
  context: Context,
  repo: Repository,
  specs: readonly string[],
  signal: AbortSignal,
): Promise<NamedSnapshot[]> {
  const onProblem = (name: string, error: unknown): void => {
    context.out.warn(`Ignoring "${name}": ${messageOf(error)}`);
  };
  return selectSnapshots(repo, specs, { filter: filterOf(context), signal, onProblem });
}
