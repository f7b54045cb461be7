/** A command line of ours, and the command of somebody else's behind the first `--`. */

export interface SplitArgs {
  readonly own: readonly string[];
  /** Undefined if there is none. */
  readonly chained: readonly string[] | undefined;
}

export function splitArgs(args: readonly string[]): SplitArgs {
  const at = args.indexOf('--');
  if (at < 0) return { own: args, chained: undefined };
  return { own: args.slice(0, at), chained: at + 1 < args.length ? args.slice(at + 1) : undefined };
}
