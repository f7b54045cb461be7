/** What `check` prints while it runs and at its end, line by line as restic does. */
import { shortId } from '../../../base/ids.js';
import type {
  CheckProgress,
  CheckResult,
  CheckSummary,
  Finding,
  FindingCode,
  ReadData,
} from '../../../maintain/check.js';
import type { Counter, Output } from '../output.js';

/** These come without "error:" in front; those of trees under a line that names the tree. */
const PACK_CODES: ReadonlySet<FindingCode> = new Set<FindingCode>([
  'pack-missing',
  'pack-size',
  'index-disagrees',
  'index-gaps',
  'pack-damaged',
  'pack-unreadable',
]);
/** Hints that are worth a line of their own. */
const TOLD_HINTS: ReadonlySet<FindingCode> = new Set<FindingCode>(['pack-in-several-indexes', 'mixed-pack']);

export interface ReportOptions {
  readonly readData: ReadData | undefined;
  /** Whether only some snapshots are checked. */
  readonly filtered: boolean;
}

export class CheckReport {
  readonly #out: Output;
  readonly #options: ReportOptions;
  readonly #told = new Map<FindingCode, number>();
  #errors = 0;
  /** Errors that are damage: a snapshot that is asked for and not there is none. */
  #defects = 0;
  #tree: string | undefined;
  #counter: Counter | undefined;
  #counted = 0;

  constructor(out: Output, options: ReportOptions) {
    this.#out = out;
    this.#options = options;
  }

  readonly onProgress = (progress: CheckProgress): void => {
    const { phase, done, total } = progress;
    if (done === 0) this.#begin(progress);
    this.#counter?.add(done - this.#counted);
    this.#counted = done;
    if (done < total || (phase !== 'snapshots' && phase !== 'data')) return;
    this.#counter?.done();
    this.#counter = undefined;
  };

  readonly onFinding = (finding: Finding): void => {
    const { severity, code, message } = finding;
    this.#told.set(code, (this.#told.get(code) ?? 0) + 1);
    if (severity === 'error') this.#error(finding);
    else if (severity === 'warning') this.#out.warn(`warning: ${message}`);
    else if (TOLD_HINTS.has(code)) this.#result(message);
    else this.#out.verbose(message);
  };

  /** The last lines, before the failure where there is one. */
  end({ summary }: CheckResult): void {
    if (this.#defects > 0) this.#out.warn(`\n${advice(summary)}\n`);
    if (this.#out.json) this.#out.object(summaryJson(summary));
    else if (summary.numErrors === 0) this.#out.info('no errors were found');
  }

  #begin({ phase, total, choice }: CheckProgress): void {
    const out = this.#out;
    this.#counted = 0;
    if (phase === 'index') out.info('load indexes');
    else if (phase === 'packs') {
      this.#tellHints();
      out.info('check all packs');
    } else if (phase === 'snapshots') {
      this.#tellUnreferenced();
      out.info('check snapshots, trees and blobs');
      this.#counter = out.counter('snapshots', total);
    } else {
      out.info(this.#readingLine(total, choice ?? { packs: total, bytes: 0 }));
      this.#counter = out.counter('packs', total);
    }
  }

  #readingLine(total: number, choice: { packs: number; bytes: number }): string {
    const { readData = 'all', filtered } = this.#options;
    const which = filtered ? 'filtered ' : '';
    if (readData === 'all') return `read all ${which}data`;
    if ('percent' in readData) return `read ${readData.percent.toFixed(1)}% of ${which}packfiles`;
    if ('bytes' in readData) {
      const bytes = Math.min(readData.bytes, choice.bytes);
      const percent = choice.bytes === 0 ? 100 : (100 * bytes) / choice.bytes;
      return `read ${bytes} bytes (${percent.toFixed(1)}%) of ${which}data packs`;
    }
    const { bucket, total: groups } = readData;
    return `read group #${bucket} of ${total} ${which}data packs (out of total ${choice.packs} packs in ${groups} groups)`;
  }

  #tellHints(): void {
    if (this.#told.has('pack-in-several-indexes')) {
      this.#result('Duplicate packs are non-critical, you can run `restic-ts repair index` to correct this.');
    }
    if (this.#told.has('mixed-pack')) {
      this.#result(
        'Mixed packs with tree and data blobs are non-critical, you can run `restic-ts prune` to correct this.',
      );
    }
  }

  #tellUnreferenced(): void {
    const count = this.#told.get('pack-unreferenced') ?? 0;
    if (count === 0 || this.#errors > 0) return;
    this.#out.info(`${count} additional files were found in the repo, which likely contain duplicate data.`);
    this.#out.info('This is non-critical, you can run `restic-ts prune` to correct this.');
  }

  #error({ code, message, tree }: Finding): void {
    this.#errors += 1;
    if (code !== 'snapshot-not-found') this.#defects += 1;
    if (tree === undefined) {
      this.#out.warn(PACK_CODES.has(code) ? message : `error: ${message}`);
      return;
    }
    if (tree !== this.#tree) this.#out.warn(`error for tree ${shortId(tree)}:`);
    this.#tree = tree;
    this.#out.warn(`  ${message}`);
  }

  #result(line: string): void {
    if (!this.#out.json) this.#out.result(line);
  }
}

/** What to type, in the order in which it helps. */
function advice({ brokenPacks, suggestRepairIndex }: CheckSummary): string {
  const repairs = ['restic-ts repair snapshots --forget'];
  if (brokenPacks.length > 0) repairs.unshift(`restic-ts repair packs ${brokenPacks.join(' ')}`);
  if (brokenPacks.length === 0 || suggestRepairIndex) repairs.unshift('restic-ts repair index');
  const why = brokenPacks.length > 0 ? 'The repository contains damaged pack files' : 'The repository is damaged';
  return `${why}. Keep these messages, copy the repository if you can, then repair it in this order:\n\n${repairs.join('\n')}`;
}

/** With `numErrors` 1 and nothing else for a repository that could not be checked at all. */
export function summaryJson(summary: CheckSummary): object {
  const { numErrors, brokenPacks, suggestRepairIndex, suggestPrune } = summary;
  return {
    message_type: 'summary',
    num_errors: numErrors,
    broken_packs: brokenPacks.length > 0 ? brokenPacks : null,
    suggest_repair_index: suggestRepairIndex,
    suggest_prune: suggestPrune,
  };
}
