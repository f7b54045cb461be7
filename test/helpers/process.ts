/** Real programs in tests: run to their end under a time limit, or kept running until the test file ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll } from 'vitest';

export interface Finished {
  /** -1 if a signal ended it, which is also what the time limit does. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Added to this process's environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Text for its standard input, which otherwise is empty. */
  readonly input?: string;
  /** Milliseconds; 60,000 unless given. */
  readonly timeout?: number;
}

const running = new Set<ChildProcess>();

afterAll(async () => {
  await Promise.all([...running].map((child) => end(child)));
});

/** Runs a program to its end. Throws only if it cannot be started. */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Finished> {
  const child = start(program, args, options, options.timeout ?? 60_000);
  const output = collect(child);
  child.stdin?.end(options.input ?? '');
  const [code]: (number | null)[] = await once(child, 'close');
  return { code: code ?? -1, ...output() };
}

export interface Running {
  /** What it has written so far, both streams. */
  log(): string;
  /** Waits until `pattern` appears in the log; throws with the log if the program ends first or 10 s pass. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>;
  stop(): Promise<void>;
}

/** Starts a server. It is ended with the test file, should nobody stop it before. */
export function startProgram(program: string, args: readonly string[], options: RunOptions = {}): Running {
  const child = start(program, args, options, undefined);
  child.stdin?.end();
  const output = collect(child);
  const log = (): string => output().stdout + output().stderr;
  return {
    log,
    stop: () => end(child),
    waitFor: (pattern) =>
      new Promise((resolve, reject) => {
        const fail = (why: string): void =>
          reject(new Error(`${program} ${why} before ${pattern} appeared:\n${log()}`));
        const timer = setTimeout(() => fail('waited 10 s'), 10_000);
        const look = (): void => {
          const match = pattern.exec(log());
          if (match === null) return;
          clearTimeout(timer);
          resolve(match);
        };
        child.stdout?.on('data', look);
        child.stderr?.on('data', look);
        child.once('close', () => fail('ended'));
        look();
      }),
  };
}

function start(
  program: string,
  args: readonly string[],
  options: RunOptions,
  timeout: number | undefined,
): ChildProcess {
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    timeout,
    stdio: 'pipe',
  });
  running.add(child);
  child.once('close', () => running.delete(child));
  // A program that does not read its input is no error of the test.
  child.stdin?.on('error', () => undefined);
  return child;
}

function collect(child: ChildProcess): () => { stdout: string; stderr: string } {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  return () => ({ stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() });
}

async function end(child: ChildProcess): Promise<void> {
  if (!running.has(child)) return;
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await closed;
  clearTimeout(timer);
}
