/**
 * What a command of restic-ts is: its names and flags as data, from which the parser, the help, the completion and the
 * man pages are made, and one function that does it.
 */
import type { LockOptions } from '../../repo/lock.js';
import type { Repository } from '../../repo/repository.js';
import type { FlagValues } from './flag-values.js';
import type { Output } from './output.js';

/**
 * bool: `--x`, `--x=false`. count: `-v`, `-vv`, `--x=2`. text and number (whole): one value, the last one counts.
 * texts: one value each time, all count, taken as they are.
 */
export type FlagKind = 'bool' | 'count' | 'text' | 'number' | 'texts';

export interface Flag {
  /** Without its dashes. */
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  readonly kind: FlagKind;
  /** How the help calls the value; by default that of the kind. */
  readonly value?: string;
  readonly help: string;
  /** Text of the value where the flag is not given, as it would stand on the command line. */
  readonly default?: string;
  /** A variable that stands for the flag where that is not given; empty counts as absent. */
  readonly env?: string;
  /** Not shown in the help. */
  readonly hidden?: boolean;
}

export interface CommandSpec {
  /** As typed: `backup`, `key list`. */
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** What stands behind the name in the usage line, without `[flags]`: `snapshotID [dir...]`. */
  readonly args?: string;
  /** Paragraphs of the help, after the usage line. */
  readonly description: string;
  readonly flags: readonly Flag[];
  readonly group: 'main' | 'advanced' | 'other';
  /** What restic never says in JSON: with --json the text stays as it is, and only a failure is told as an object. */
  readonly textOnly?: boolean;
  /** With --json, what goes to standard error is objects too, and not lines as of other commands. */
  readonly jsonProblems?: boolean;
  /** Exit codes besides 0, 1, 10, 11, 12, with their meaning, for the help. */
  readonly exitCodes?: Readonly<Record<number, string>>;
  run(context: Context): Promise<number>;
}

export type LockMode = 'none' | 'shared' | 'exclusive';

/** What a command is given. */
export interface Context {
  /** What stands on the command line besides flags. */
  readonly args: readonly string[];
  readonly flags: FlagValues;
  readonly out: Output;
  /** Fires on Ctrl-C. */
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** All commands, for `generate`. */
  readonly commands: readonly CommandSpec[];
  /** For `repo.write` and `repo.exclusively`: what --retry-lock says. */
  readonly lock: Omit<LockOptions, 'signal'>;
  /** Opens the repository of the global flags, and asks for its password where nothing gives it. */
  open(options?: OpenSettings): Promise<Repository>;
  /**
   * `open`, then `work` under a lock of `mode`; the signal also fires if the lock is lost. With --no-lock a shared
   * lock is not taken (`--dry-run` passes 'none' where restic does).
   */
  withRepository<T>(mode: LockMode, work: (repo: Repository, signal: AbortSignal) => Promise<T>): Promise<T>;
}

export interface OpenSettings {
  /** `init` and `copy` name a second repository by --from-repo and its kin. */
  readonly from?: boolean;
  /** False: nothing comes from the cache, as with --no-cache. */
  readonly cache?: boolean;
}
