/** restic-ts in the test's own process: a command line, and what it wrote. */
import { Writable } from 'node:stream';
import { runProgram } from '../../../src/cli/restic/program.js';
import { tempFolder } from '../../helpers/temp.js';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What was written to standard output, where that is no text. */
  readonly bytes: Buffer;
}

export interface CommandOptions {
  /** A folder or a `rest:` address. */
  readonly repo?: string;
  readonly password?: string;
  readonly cwd?: string;
  /** Instead of the few variables that a command needs. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
}

/** Runs it with a cache of its own and none of the caller's variables. */
export async function resticTs(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const out = new Collector();
  const err = new Collector();
  const env = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    RESTIC_CACHE_DIR: tempFolder(),
    RESTIC_REPOSITORY: options.repo,
    RESTIC_PASSWORD: options.password ?? 'secret',
    ...options.env,
  };
  const signal = options.signal ?? AbortSignal.timeout(50_000);
  const code = await runProgram({ args, env, cwd: options.cwd ?? process.cwd(), out, err, signal });
  return { code, stdout: out.text(), stderr: err.text(), bytes: out.bytes() };
}

class Collector extends Writable {
  readonly #parts: Buffer[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#parts.push(Buffer.from(chunk));
    done();
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  text(): string {
    return this.bytes().toString('utf8');
  }
}
