/** Entry of restic-ts. */
import { untilInterrupted } from '../interrupt.js';
import { runProgram } from './program.js';

async function main(): Promise<void> {
  const { stdout: out, stderr: err, env } = process;
  // Whoever reads the output may stop early (`| head`): that is the end of the program, and no error of it. A terminal
  // that went away (EIO) is not: the work goes on without it.
  out.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code !== 'EIO') process.exit(code === 'EPIPE' ? 0 : 1);
  });
  err.on('error', () => undefined);
  process.exitCode = await untilInterrupted((signal) =>
    runProgram({ args: process.argv.slice(2), env, cwd: process.cwd(), out, err, signal }),
  );
}

main().catch((error: unknown) => {
  process.stderr.write(`Fatal: this should not happen: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
