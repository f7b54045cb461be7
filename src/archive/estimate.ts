/** How much a backup has to do: a walk of its own that looks at everything and reads nothing. */
import type { BigIntStats } from 'node:fs';
import { throwIfAborted } from '../base/errors.js';
import type { BackupReport } from './backup-report.js';
import type { BackupFilter, BackupOptions, ScanTotals } from './backup-types.js';
import { listNames, lookAt, pathIn } from './look.js';
import type { TargetTree } from './target-tree.js';
import type { Targets } from './targets.js';

export interface EstimateOptions {
  readonly targets: TargetTree;
  /** `path` of a target as an absolute one. */
  readonly absolute: (path: string) => string;
  readonly filter?: BackupFilter | undefined;
  readonly platform: NodeJS.Platform;
  /** Told after each folder, and in the end. */
  readonly onTotals: (totals: ScanTotals, finished: boolean) => void;
  /** Of what cannot be looked at: it is not counted. */
  readonly onError: (path: string, error: Error) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface RunningEstimate {
  stop(): Promise<void>;
}

/** Counts beside the backup and tells of it, unless the caller does not want that. */
export function startEstimate(targets: Targets, options: BackupOptions, report: BackupReport): RunningEstimate {
  if (options.noScan || options.onEvent === undefined || options.stdin !== undefined)
    return { stop: async () => undefined };
  const stopping = new AbortController();
  const work = estimate({
    targets: targets.tree,
    absolute: targets.absolute,
    filter: options.filter,
    platform: process.platform,
    onTotals: (totals, finished) => report.tell({ type: 'scan', totals, finished }),
    onError: (item, error) => report.tell({ type: 'error', item, during: 'scan', error }),
    signal: stopping.signal,
  }).then(
    () => undefined,
    () => {
      // Stopped, or at odds with itself: it is only an estimate.
    },
  );
  return {
    stop: () => {
      stopping.abort();
      return work;
    },
  };
}

/** Looks under way at once. */
const PARALLEL = 64;

/** Throws 'aborted'. */
export async function estimate(options: EstimateOptions): Promise<ScanTotals> {
  const counter = new Counter(options);
  await counter.countTargets(options.targets);
  options.onTotals(counter.totals, true);
  return counter.totals;
}

class Counter {
  readonly #options: EstimateOptions;
  #files = 0;
  #dirs = 0;
  #others = 0;
  #bytes = 0;

  constructor(options: EstimateOptions) {
    this.#options = options;
  }

  get totals(): ScanTotals {
    return { files: this.#files, dirs: this.#dirs, others: this.#others, bytes: this.#bytes };
  }

  async countTargets(tree: TargetTree): Promise<void> {
    const { absolute, filter } = this.#options;
    for (const [, node] of tree.children) {
      if (node.kind === 'folder') await this.countTargets(node);
      else await this.#countAll([absolute(node.path)], node.isExplicit ? undefined : filter);
    }
  }

  async #countAll(paths: readonly string[], filter: BackupFilter | undefined): Promise<void> {
    for (let i = 0; i < paths.length; i += PARALLEL) {
      throwIfAborted(this.#options.signal);
      const batch = paths.slice(i, i + PARALLEL);
      const found = await Promise.all(batch.map((path) => this.#look(path, filter)));
      for (const [j, path] of batch.entries()) await this.#count(path, found[j]);
    }
  }

  async #look(path: string, filter: BackupFilter | undefined): Promise<BigIntStats | undefined> {
    try {
      return await lookAt(path, filter);
    } catch (error) {
      this.#tell(path, error);
      return undefined;
    }
  }

  async #count(path: string, stats: BigIntStats | undefined): Promise<void> {
    if (stats?.isFile()) {
      this.#files += 1;
      this.#bytes += Number(stats.size);
    } else if (stats?.isDirectory()) {
      await this.#countFolder(path);
    } else if (stats !== undefined) this.#others += 1;
  }

  async #countFolder(folder: string): Promise<void> {
    const { filter, platform, onTotals } = this.#options;
    let names: string[];
    try {
      names = await listNames(folder);
    } catch (error) {
      this.#tell(folder, error);
      return;
    }
    const paths = names.map((name) => pathIn(folder, name, platform));
    await this.#countAll(paths, filter);
    this.#dirs += 1;
    onTotals(this.totals, false);
  }

  #tell(path: string, error: unknown): void {
    throwIfAborted(this.#options.signal);
    this.#options.onError(path, error instanceof Error ? error : new Error(String(error)));
  }
}
