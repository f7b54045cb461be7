/** What `restore` tells, as text in restic's words and as restic's JSON. */
import type { ItemEvent, RestoreEvent, RestoreResult, RestoreTotals } from '../../../restore/restore-types.js';
import { formatBytesLikeRestic as bytes, formatDuration, formatPercent } from '../../../ui/bytes.js';
import { jsonName, quoteName } from '../display-name.js';
import type { Output } from '../output.js';

export interface RestoreReport {
  onEvent(event: RestoreEvent): void;
  finish(result: RestoreResult): void;
}

export class TextReport implements RestoreReport {
  readonly #out: Output;
  /** As typed. */
  readonly #target: string;
  readonly #started = performance.now();
  #verifyingSince: number | undefined;

  constructor(out: Output, target: string) {
    this.#out = out;
    this.#target = target;
  }

  onEvent(event: RestoreEvent): void {
    if (event.type === 'item') {
      if (this.#out.verbosity >= 3) this.#out.debug(itemLine(event));
    } else if (event.type === 'error') {
      this.#out.warn(`ignoring error for ${quoteName(event.path)}: ${event.error.message}`);
    } else if (event.type === 'progress') {
      this.#out.status(() => [statusLine(event.totals, (performance.now() - this.#started) / 1000)]);
    } else {
      this.#summary(event.totals, event.seconds);
      this.#out.info(`verifying files in ${this.#target}`);
      this.#verifyingSince = performance.now();
    }
  }

  finish(result: RestoreResult): void {
    if (this.#verifyingSince === undefined) this.#summary(result, result.seconds);
    tellLeftOut(this.#out, result);
    if (result.errors.length > 0 || this.#verifyingSince === undefined) return;
    const took = formatTook(performance.now() - this.#verifyingSince);
    this.#out.info(`finished verifying ${result.filesVerified ?? 0} files in ${this.#target} (took ${took})`);
  }

  #summary(totals: RestoreTotals, seconds: number): void {
    this.#out.clearStatus();
    this.#out.result(summaryLine(totals, seconds));
  }
}

export class JsonReport implements RestoreReport {
  readonly #out: Output;
  readonly #started = performance.now();

  constructor(out: Output) {
    this.#out = out;
  }

  onEvent(event: RestoreEvent): void {
    if (event.type === 'item') {
      if (this.#out.verbosity < 3) return;
      const { action, path, size } = event;
      this.#out.object({ message_type: 'verbose_status', action, item: jsonName(path), size });
    } else if (event.type === 'error') {
      const error = { message: jsonName(event.error.message) };
      this.#out.warn(JSON.stringify({ message_type: 'error', error, during: 'restore', item: jsonName(event.path) }));
    } else if (event.type === 'progress') {
      this.#out.statusObject(() => statusObject(event.totals, (performance.now() - this.#started) / 1000));
    } else {
      this.#out.object(totalsObject('summary', event.totals, event.seconds));
    }
  }

  finish(result: RestoreResult): void {
    if (result.filesVerified === undefined) this.#out.object(totalsObject('summary', result, result.seconds));
    tellLeftOut(this.#out, result);
  }
}

function tellLeftOut(out: Output, { leftOut }: RestoreResult): void {
  for (const { what, reason, count, first } of leftOut) {
    const items = count === 1 ? `of ${quoteName(first)}` : `of ${count} items, the first being ${quoteName(first)}`;
    out.warn(`${what} were left out: ${reason} (${items})`);
  }
}

function itemLine({ action, kind, path, size }: ItemEvent): string {
  const line = `${action.padEnd(9)} ${quoteName(path)}`;
  return kind === 'file' ? `${line} with size ${bytes(size)}` : line;
}

function statusLine(totals: RestoreTotals, seconds: number): string {
  const { filesRestored, filesTotal, bytesRestored, bytesTotal } = totals;
  const percent = formatPercent(bytesRestored, bytesTotal);
  const done = `${filesRestored} files/dirs ${bytes(bytesRestored)}`;
  const all = `total ${filesTotal} files/dirs ${bytes(bytesTotal)}`;
  return `[${formatDuration(seconds)}] ${percent}  ${done}, ${all}${rest(totals)}`;
}

function summaryLine(totals: RestoreTotals, seconds: number): string {
  const { filesRestored, filesTotal, bytesRestored, bytesTotal } = totals;
  const isWhole = filesRestored === filesTotal && bytesRestored === bytesTotal;
  const files = isWhole ? `${filesTotal}` : `${filesRestored} / ${filesTotal}`;
  const size = isWhole ? bytes(bytesTotal) : `${bytes(bytesRestored)} / ${bytes(bytesTotal)}`;
  return `Summary: Restored ${files} files/dirs (${size}) in ${formatDuration(seconds)}${rest(totals)}`;
}

function rest({ filesSkipped, bytesSkipped, filesDeleted }: RestoreTotals): string {
  const skipped = filesSkipped > 0 ? `, skipped ${filesSkipped} files/dirs ${bytes(bytesSkipped)}` : '';
  return filesDeleted > 0 ? `${skipped}, deleted ${filesDeleted} files/dirs` : skipped;
}

function statusObject(totals: RestoreTotals, seconds: number): object {
  const { bytesRestored, bytesTotal } = totals;
  return totalsObject('status', totals, seconds, { percent_done: bytesTotal > 0 ? bytesRestored / bytesTotal : 0 });
}

/** As in restic, what is zero is left out. */
function totalsObject(messageType: string, totals: RestoreTotals, seconds: number, more: object = {}): object {
  const elapsed = Math.floor(seconds);
  const numbers = {
    total_files: totals.filesTotal,
    files_restored: totals.filesRestored,
    files_skipped: totals.filesSkipped,
    files_deleted: totals.filesDeleted,
    total_bytes: totals.bytesTotal,
    bytes_restored: totals.bytesRestored,
    bytes_skipped: totals.bytesSkipped,
  };
  const shown = Object.entries(numbers).filter(([, value]) => value > 0);
  return {
    message_type: messageType,
    ...(elapsed > 0 ? { seconds_elapsed: elapsed } : {}),
    ...more,
    ...Object.fromEntries(shown),
  };
}

/** "12ms", "1.2s", "1m2.5s": as Go prints a duration of whole milliseconds. */
function formatTook(ms: number): string {
  const whole = Math.round(ms);
  if (whole < 1000) return `${whole}ms`;
  const seconds = (whole % 60_000) / 1000;
  const minutes = Math.floor(whole / 60_000) % 60;
  const hours = Math.floor(whole / 3_600_000);
  return `${hours > 0 ? `${hours}h` : ''}${minutes > 0 || hours > 0 ? `${minutes}m` : ''}${seconds}s`;
}
