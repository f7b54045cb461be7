/**
 * Where restic-ts writes what. restic's levels: --quiet 0, normal 1, -v 2, -vv 3. Results always go to standard output;
 * what is told beside them goes there only without --json; problems go to standard error.
 */
import type { Bytes } from '../../base/bytes.js';

export interface Output {
  readonly json: boolean;
  /** Whether results are shown to a person, and not kept or piped. */
  readonly isTerminal: boolean;
  /** 0 --quiet, 1 normal, 2 -v, 3 -vv. */
  readonly verbosity: 0 | 1 | 2 | 3;
  /** A line of the result, printed at every level (restic: Printer.S). */
  result(line: string): void;
  /** One JSON value and a line feed, for results of --json. */
  object(value: unknown): void;
  /** A line at level 1 and above, not with --json (restic: Printer.P). */
  info(line: string): void;
  /** As info, and only if standard output is a terminal (restic: Printer.PT). */
  infoOnTerminal(line: string): void;
  /** Level 2 and above (restic: Printer.V). */
  verbose(line: string): void;
  /** Level 3 (restic: Printer.VV). */
  debug(line: string): void;
  /** A problem that did not stop the work: a line on standard error at every level (restic: Printer.E). */
  warn(line: string): void;
  /** Bytes of a result (dump, cat blob); resolves when there is room for more. */
  write(bytes: Bytes): Promise<void>;
  /** A progress line; undefined where none is wanted. See `Counter`. */
  counter(label: string, total?: number): Counter;
  /**
   * For commands that draw their own status (backup, restore): lines that replace each other on a terminal, at most
   * RESTIC_PROGRESS_FPS times a second. `lines` is asked only when something is to be drawn.
   */
  status(lines: () => readonly string[]): void;
  /** With --json: as `status`, for the object of a status line. */
  statusObject(value: () => unknown): void;
  /** Takes away what `status` drew. */
  clearStatus(): void;
}

/** "[0:03] 50.00%  1 / 2 snapshots": drawn over itself on a terminal, one final line elsewhere; nothing with --json. */
export interface Counter {
  add(n: number): void;
  setTotal(total: number): void;
  /** Draws the final line. */
  done(): void;
}
