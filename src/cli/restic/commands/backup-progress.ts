/** How far a backup is, from its events. */
import type { BackupEvent, ScanTotals } from '../../../archive/backup-types.js';

export class BackupProgress {
  filesDone = 0;
  bytesDone = 0;
  errors = 0;
  /** What the scan has counted so far. */
  totals: ScanTotals | undefined;
  /** Files that are being read. */
  readonly current: Set<string> = new Set();
  readonly #started = performance.now();
  #isCounted = false;

  /** Since its start, which is about that of the backup. */
  get seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  /** Whole seconds by the mean speed so far; 0 as long as nobody knows. */
  get secondsRemaining(): number {
    if (!this.#isCounted || this.totals === undefined || this.bytesDone === 0) return 0;
    return Math.floor(((this.totals.bytes - this.bytesDone) * this.seconds) / this.bytesDone);
  }

  add(event: BackupEvent): void {
    switch (event.type) {
      case 'item':
        if (event.kind === 'file') this.filesDone += 1;
        break;
      case 'bytes':
        this.bytesDone += event.bytes;
        break;
      case 'file-start':
        this.current.add(event.item);
        break;
      case 'file-end':
        this.current.delete(event.item);
        break;
      case 'error':
        if (event.during === 'archival') this.errors += 1;
        break;
      case 'scan':
        this.totals = event.totals;
        this.#isCounted = event.finished;
        break;
      default:
        break;
    }
  }
}
