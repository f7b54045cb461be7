/** What `backup` tells a person, in restic's words: scripts look for some of them. */
import type { BackupEvent, BackupResult, ItemAction, ItemEvent } from '../../../archive/backup-types.js';
import { formatBytesLikeRestic as bytes, formatDuration, formatPercent } from '../../../ui/bytes.js';
import { quoteName } from '../display-name.js';
import type { Output } from '../output.js';
import { BackupProgress } from './backup-progress.js';
import type { BackupEnd, BackupReport } from './backup-report.js';

const LABELS: Readonly<Record<ItemAction, string>> = {
  new: 'new      ',
  changed: 'modified ',
  unmodified: 'unchanged',
};

export class TextReport implements BackupReport {
  readonly #out: Output;
  readonly #progress = new BackupProgress();

  constructor(out: Output) {
    this.#out = out;
  }

  onEvent(event: BackupEvent): void {
    const progress = this.#progress;
    progress.add(event);
    if (event.type === 'item') {
      if (this.#out.verbosity >= 3) this.#out.debug(itemLine(event));
    } else if (event.type === 'error') {
      // What cannot be counted cannot be read either, and is told then.
      if (event.during === 'archival') this.#out.warn(`error: ${event.error.message}`);
      else if (this.#out.verbosity >= 2) this.#out.warn(`scan: ${event.error.message}`);
    } else if (event.type === 'scan' && event.finished) {
      const { files, bytes: size } = event.totals;
      this.#out.verbose(`scan finished in ${progress.seconds.toFixed(3)}s: ${files} files, ${bytes(size)}`);
    }
    this.#out.status(() => statusLines(progress));
  }

  finish({ summary, seconds }: BackupResult, { dryRun, snapshotId }: BackupEnd): void {
    const out = this.#out;
    out.clearStatus();
    out.info('');
    out.info(countLine('Files:', summary.filesNew, summary.filesChanged, summary.filesUnmodified));
    out.info(countLine('Dirs:', summary.dirsNew, summary.dirsChanged, summary.dirsUnmodified));
    out.verbose(`Data Blobs:  ${pad(summary.dataBlobs)} new`);
    out.verbose(`Tree Blobs:  ${pad(summary.treeBlobs)} new`);
    const [added, stored] = [bytes(summary.dataAdded).padEnd(5), bytes(summary.dataAddedPacked).padEnd(5)];
    out.info(`${dryRun ? 'Would add' : 'Added'} to the repository: ${added} (${stored} stored)`);
    out.info('');
    const size = bytes(summary.totalBytesProcessed);
    out.info(`processed ${summary.totalFilesProcessed} files, ${size} in ${formatDuration(seconds)}`);
    if (dryRun) return;
    out.info(snapshotId === undefined ? 'skipped creating snapshot' : `snapshot ${snapshotId.slice(0, 8)} saved`);
  }

  warnIncomplete(message: string): void {
    this.#out.warn(message);
  }
}

function countLine(label: string, added: number, changed: number, unmodified: number): string {
  return `${label.padEnd(12)} ${pad(added)} new, ${pad(changed)} changed, ${pad(unmodified)} unmodified`;
}

function pad(count: number): string {
  return String(count).padStart(5);
}

function itemLine({ item, kind, action, added, seconds }: ItemEvent): string {
  const line = `${LABELS[action]} ${quoteName(item)}`;
  if (action === 'unmodified') return line;
  const metadata = kind === 'dir' ? `, ${bytes(added.treeSizeInRepo)} metadata` : '';
  const sizes = `${bytes(added.dataSize)} added, ${bytes(added.dataSizeInRepo)} stored${metadata}`;
  return `${line}, saved in ${seconds.toFixed(3)}s (${sizes})`;
}

function statusLines(progress: BackupProgress): string[] {
  const { totals, filesDone, bytesDone, errors } = progress;
  const time = formatDuration(progress.seconds);
  const files = [...progress.current].map(quoteName).sort();
  if (totals === undefined) return [`[${time}] ${filesDone} files, ${bytes(bytesDone)}, ${errors} errors`, ...files];
  const rest = progress.secondsRemaining;
  const isKnown = rest > 0 && bytesDone < totals.bytes;
  const percent = isKnown ? `${formatPercent(bytesDone, totals.bytes)}  ` : '';
  const eta = isKnown ? ` ETA ${formatDuration(rest)}` : '';
  const total = `total ${totals.files} files ${bytes(totals.bytes)}`;
  return [`[${time}] ${percent}${filesDone} files ${bytes(bytesDone)}, ${total}, ${errors} errors${eta}`, ...files];
}
