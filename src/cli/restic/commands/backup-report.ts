/** What the two ways to tell of a backup, as text and as JSON, have in common. */
import type { BackupEvent, BackupResult } from '../../../archive/backup-types.js';

export interface BackupEnd {
  readonly dryRun: boolean;
  /** undefined where there is no new snapshot. A dry run names one, too, if a real one would have made it. */
  readonly snapshotId: string | undefined;
}

export interface BackupReport {
  onEvent(event: BackupEvent): void;
  finish(result: BackupResult, end: BackupEnd): void;
  /** Why the exit code is 3. */
  warnIncomplete(message: string): void;
}
