/** `check`: whether the repository is whole. It asks the repository itself, never the cache. */
import type { SnapshotFilter } from '../browse/select.js';
import type { CheckProgress, Finding, ReadData, CheckResult as Result } from '../maintain/check.js';
import { check as runCheck } from '../maintain/check.js';
import { createExecutor } from '../open.js';
import { openedOf } from './opened.js';
import type { Repository } from './repository.js';

export interface CheckOptions {
  /** Which packs are fetched whole and verified; none by default. */
  readonly readData?: ReadData | undefined;
  /** Look only into what these need: "latest", ids, beginnings of ids. */
  readonly snapshots?: readonly string[] | undefined;
  /** Look only into what these need. */
  readonly filter?: SnapshotFilter | undefined;
  readonly onEvent?: ((event: CheckEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type CheckEvent =
  | ({ readonly type: 'progress' } & CheckProgress)
  | { readonly type: 'finding'; readonly finding: Finding };

export interface CheckResult extends Result {
  /** Nothing is damaged. There may be warnings and hints. */
  readonly isSound: boolean;
}

/** Damage is no error: it is in the result. Throws 'locked', 'aborted', 'unreachable', … Locks all others out. */
export async function check(repository: Repository, options: CheckOptions = {}): Promise<CheckResult> {
  const opened = openedOf(repository);
  const { readData, snapshots, filter, onEvent } = options;
  return opened.exclusive(options.signal, (signal) =>
    opened.withoutCache(signal, async (engine) => {
      const work = (): Promise<Result> =>
        runCheck(engine, {
          readData,
          snapshots,
          filter,
          createExecutor: (bytes) => createExecutor(engine, bytes),
          onProgress: (progress) => onEvent?.({ type: 'progress', ...progress }),
          onFinding: (finding) => onEvent?.({ type: 'finding', finding }),
          signal,
        });
      try {
        // Nothing is written: one who may only read can check too, if without a lock.
        const result = await engine.read({ signal, lock: { ...opened.lock, exclusive: true } }, work);
        return { ...result, isSound: result.complete && result.summary.numErrors === 0 };
      } finally {
        // What the check has read of the index may be damaged, or cut off.
        engine.forgetIndex();
      }
    }),
  );
}
