/** What the long-running scripts have in common: an end at Ctrl-C that clears up, and numbers on the command line. */

/**
 * Runs `main` with a signal that Ctrl-C aborts, and tells its error in one line with exit code 1. `main` has to end soon
 * after the signal; what it clears up, it clears up in `finally`.
 */
export async function runMain(main) {
  const interrupted = new AbortController();
  // npm passes a Ctrl-C on that the terminal has sent already: the second must not end what clears up.
  for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => interrupted.abort(new Error('interrupted')));
  try {
    await main(interrupted.signal);
  } catch (error) {
    const reason = interrupted.signal.aborted ? interrupted.signal.reason : error;
    console.error(reason instanceof Error ? reason.message : reason);
    process.exitCode = 1;
  }
}

/** The value of an option. Throws, naming the option, for anything but a whole number from `least` on. */
export function wholeNumber(option, text, least = 1) {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  throw new Error(`${option}: "${text}" is no whole number from ${least} on`);
}
