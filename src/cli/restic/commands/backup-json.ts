/** What `backup --json` tells: one object on a line, with restic's names (its manual: "scripting"). */
import type { BackupEvent, BackupResult, ItemAction, ItemEvent } from '../../../archive/backup-types.js';
import { jsonName } from '../display-name.js';
import type { Output } from '../output.js';
import { BackupProgress } from './backup-progress.js';
import type { BackupEnd, BackupReport } from './backup-report.js';

const ACTIONS: Readonly<Record<ItemAction, string>> = { new: 'new', changed: 'modified', unmodified: 'unchanged' };

export class JsonReport implements BackupReport {
  readonly #out: Output;
  readonly #progress = new BackupProgress();

  constructor(out: Output) {
    this.#out = out;
  }

  onEvent(event: BackupEvent): void {
    this.#progress.add(event);
    if (event.type === 'error') {
      const error = { message: jsonName(event.error.message) };
      const { during } = event;
      this.#out.warn(JSON.stringify({ message_type: 'error', error, during, item: jsonName(event.item) }));
    } else if (this.#out.verbosity >= 2) {
      if (event.type === 'item') this.#out.object(itemObject(event));
      else if (event.type === 'scan' && event.finished) this.#out.object(scanObject(event, this.#progress.seconds));
    }
    this.#out.statusObject(() => statusObject(this.#progress));
  }

  finish({ summary, seconds }: BackupResult, { dryRun, snapshotId }: BackupEnd): void {
    this.#out.object({
      message_type: 'summary',
      files_new: summary.filesNew,
      files_changed: summary.filesChanged,
      files_unmodified: summary.filesUnmodified,
      dirs_new: summary.dirsNew,
      dirs_changed: summary.dirsChanged,
      dirs_unmodified: summary.dirsUnmodified,
      data_blobs: summary.dataBlobs,
      tree_blobs: summary.treeBlobs,
      data_added: summary.dataAdded,
      data_added_packed: summary.dataAddedPacked,
      total_files_processed: summary.totalFilesProcessed,
      total_bytes_processed: summary.totalBytesProcessed,
      total_duration: seconds,
      backup_start: summary.backupStart,
      backup_end: summary.backupEnd,
      ...(snapshotId === undefined ? {} : { snapshot_id: snapshotId }),
      ...(dryRun ? { dry_run: true } : {}),
    });
  }

  warnIncomplete(message: string): void {
    this.#out.warn(JSON.stringify({ message_type: 'exit_error', code: 3, message }));
  }
}

function itemObject({ item, action, added, seconds }: ItemEvent): object {
  const isKnown = action === 'unmodified';
  return verboseStatus({
    action: ACTIONS[action],
    item: jsonName(item),
    duration: isKnown ? 0 : seconds,
    data_size: isKnown ? 0 : added.dataSize,
    data_size_in_repo: isKnown ? 0 : added.dataSizeInRepo,
    metadata_size: isKnown ? 0 : added.treeSize,
    metadata_size_in_repo: isKnown ? 0 : added.treeSizeInRepo,
  });
}

function scanObject({ totals }: Extract<BackupEvent, { type: 'scan' }>, seconds: number): object {
  const { bytes, files } = totals;
  return verboseStatus({ action: 'scan_finished', duration: seconds, data_size: bytes, total_files: files });
}

function verboseStatus(members: object): object {
  return {
    message_type: 'verbose_status',
    action: '',
    item: '',
    duration: 0,
    data_size: 0,
    data_size_in_repo: 0,
    metadata_size: 0,
    metadata_size_in_repo: 0,
    total_files: 0,
    ...members,
  };
}

/** As in restic, what is zero is left out, except the share that is done. */
function statusObject(progress: BackupProgress): object {
  const { totals, bytesDone, filesDone, errors, current } = progress;
  const total = totals?.bytes ?? 0;
  const files = [...current].map(jsonName).sort();
  const members: readonly (readonly [string, unknown])[] = [
    ['seconds_elapsed', Math.floor(progress.seconds)],
    ['seconds_remaining', progress.secondsRemaining],
    ['percent_done', total > 0 ? bytesDone / total : 0],
    ['total_files', totals?.files],
    ['files_done', filesDone],
    ['total_bytes', total],
    ['bytes_done', bytesDone],
    ['error_count', errors],
    ['current_files', files.length > 0 ? files : undefined],
  ];
  const shown = members.filter(([name, value]) => name === 'percent_done' || Boolean(value));
  return { message_type: 'status', ...Object.fromEntries(shown) };
}
