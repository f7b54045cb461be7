/**
 * Windows in the tests: the real node.exe under wine (`npm run wine`). Pipes to it fail, so its input is the null device
 * and its output goes into a file. A start takes about a second.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';
import { windowsNode, wineEnv, winePath } from '../../scripts/wine.mjs';
import { describeMissing } from './peers.js';
import { tempFolder } from './temp.js';

export interface WindowsOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A folder of this system; node.exe sees it as `Z:\…`. */
  readonly cwd?: string;
  /** Milliseconds; 60,000 unless given. */
  readonly timeout?: number;
}

export interface WindowsResult {
  /** -1 if the time limit ended it. */
  readonly code: number;
  /** Both streams. */
  readonly output: string;
}

export function wineAvailable(): boolean {
  return winePath() !== undefined && existsSync(windowsNode) && existsSync(wineEnv['WINEPREFIX'] ?? '');
}

/** `/tmp/a` as node.exe names it: `Z:\tmp\a`. */
export function windowsPath(path: string): string {
  return `Z:${path.replaceAll('/', '\\')}`;
}

export interface RunningWindowsNode {
  /** What it has written so far. */
  output(): string;
  /** Ends it at once, as a launcher or a power cut does. */
  kill(): void;
  readonly ended: Promise<WindowsResult>;
}

/** Starts node.exe. Paths in `args` and `env` are Windows paths. */
export function startWindowsNode(args: readonly string[], options: WindowsOptions = {}): RunningWindowsNode {
  const wine = winePath();
  if (wine === undefined) throw new Error('wine is not there: wrap the test in describeWindows');
  const file = join(tempFolder(), 'output');
  const output = openSync(file, 'w');
  const child = spawn(wine, [windowsNode, ...args], {
    cwd: options.cwd,
    env: { ...process.env, ...wineEnv, ...options.env },
    stdio: ['ignore', output, output],
    timeout: options.timeout ?? 60_000,
    killSignal: 'SIGKILL',
  });
  closeSync(output);
  const read = (): string => readFileSync(file, 'utf8');
  const ended = once(child, 'close').then(([code]: (number | null)[]) => ({ code: code ?? -1, output: read() }));
  return { output: read, kill: () => child.kill('SIGKILL'), ended };
}

/** wine's own fault, before node.exe began: all that there is of output. */
const NOT_STARTED = /^wine client error:[^\n]*\n?$/;

/** Runs node.exe to its end. */
export async function runWindowsNode(args: readonly string[], options: WindowsOptions = {}): Promise<WindowsResult> {
  const result = await startWindowsNode(args, options).ended;
  return NOT_STARTED.test(result.output) ? startWindowsNode(args, options).ended : result;
}

/** A `describe` for tests that need the Windows node; skipped with the reason where it is missing, failed with CI=true. */
export function describeWindows(title: string, body: () => void): void {
  if (wineAvailable()) describe(title, body);
  else describeMissing(title, 'no Windows node under wine: run `npm run wine`, as root with `-- --install`');
}
