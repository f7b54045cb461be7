/** Data for `backup` that comes from standard input or from a command. */
import { spawn } from 'node:child_process';
import { posix } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough, pipeline, type Readable } from 'node:stream';
import type { StdinSource } from '../../../archive/backup-types.js';
import type { Bytes } from '../../../base/bytes.js';
import { SyncError } from '../../../base/errors.js';
import type { Context } from '../command.js';
import { standardInput } from '../standard-input.js';

export interface Input {
  readonly source: StdinSource;
  /** Fires with the reason if the command fails or cannot be started: then there must be no snapshot. */
  readonly failed: AbortSignal;
  /** Ends the command if it still runs; returns when it has ended. */
  close(): Promise<void>;
}

/** A command that is told to end has so long to do it. */
const PATIENCE_MS = 5_000;

/** Undefined for a backup of files. Throws 'usage' where a name or the command is missing. */
export function openInput(context: Context): Input | undefined {
  const { flags, signal } = context;
  const fromCommand = flags.bool('stdin-from-command');
  if (!fromCommand && !flags.bool('stdin')) return undefined;
  const name = inputPath(flags.text('stdin-filename') ?? '');
  if (fromCommand) return fromProgram(context, name);
  return {
    source: { name, stream: notEmpty(standardInput(signal), posix.basename(name)) },
    failed: new AbortController().signal,
    close: async () => undefined,
  };
}

/** Where the file lies in the snapshot: "/stdin". */
function inputPath(name: string): string {
  const path = posix.join('/', name);
  if (path.endsWith('/')) {
    throw new SyncError('usage', 'failed to backup from stdin: invalid filename specified', {
      details: { plain: true },
    });
  }
  return path;
}

/** Nothing at all is hardly what was meant: it counts as a file of that name that cannot be read. */
async function* notEmpty(stream: AsyncIterable<Bytes>, name: string): AsyncGenerator<Bytes> {
  let isEmpty = true;
  for await (const part of stream) {
    isEmpty &&= part.length === 0;
    yield part;
  }
  if (isEmpty) throw new SyncError('io', `read ${name}: no data read`);
}

/** Started when its output is first asked for: under the lock, not while that is waited for. */
function fromProgram({ args, cwd, out, signal }: Context, name: string): Input {
  const [program, ...rest] = args;
  if (program === undefined) throw new SyncError('usage', 'no command was specified as argument');
  const failure = new AbortController();
  const onLine = (line: string): void => out.warn(`subprocess ${program}: ${line}`);
  let started: Started | undefined;
  // The output is whole only if the command says so by its exit code.
  const output = async function* (): AsyncGenerator<Bytes> {
    try {
      started = await start(program, rest, cwd, signal, onLine);
      yield* started.output;
      const how = await started.ended;
      if (how !== undefined) throw new SyncError('io', `command failed: ${how}`);
    } catch (error) {
      failure.abort(error);
      throw error;
    }
  };
  return {
    source: { name, stream: notEmpty(output(), posix.basename(name)) },
    failed: failure.signal,
    close: async () => started?.stop(),
  };
}

interface Started {
  readonly output: Readable;
  /** What was wrong with its end, if anything. */
  readonly ended: Promise<string | undefined>;
  stop(): Promise<void>;
}

async function start(
  program: string,
  args: readonly string[],
  cwd: string,
  signal: AbortSignal,
  onLine: (line: string) => void,
): Promise<Started> {
  const child = spawn(program, args, { cwd, stdio: ['inherit', 'pipe', 'pipe'], signal });
  const ended = new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, by) => resolve(code === 0 ? undefined : describeEnd(code, by)));
  });
  // Node throws away what a child has written and nobody has begun to read when it ends; this begins at once.
  const output = pipeline(child.stdout, new PassThrough(), () => undefined);
  createInterface({ input: child.stderr }).on('line', onLine);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => {
      const options = { cause: error, details: { plain: true } };
      reject(new SyncError('io', `failed to start command: ${error.message}`, options));
    });
  });
  const stop = async (): Promise<void> => {
    output.destroy();
    child.stderr.destroy();
    child.kill();
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    await ended;
    clearTimeout(timer);
  };
  return { output, ended, stop };
}

function describeEnd(code: number | null, by: NodeJS.Signals | null): string {
  return code === null ? `signal: ${by ?? 'unknown'}` : `exit status ${code}`;
}
