/** Shows a window's address to the player: tries what there is until something runs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { throwIfAborted } from '../../base/errors.js';
import { type Candidate, findBrowsers, isProgram } from './find-browsers.js';
import { defaultProfiles, freeProfile } from './profile.js';
import type { OpenedBrowser } from './window-types.js';

export interface OpenOptions {
  readonly signal: AbortSignal;
  /** Of this process unless given. */
  readonly platform?: NodeJS.Platform | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** For folders with the browser's own files (some 20 MB each); default: one in the user's cache. */
  readonly profileFolder?: string | undefined;
  /** A program that has run for so long is taken for one that works. */
  readonly settleMs?: number | undefined;
}

const SETTLE_MS = 1_500;

/** Undefined if there is no display, or nothing that could be started. Throws 'aborted'. */
export async function openBrowser(address: string, options: OpenOptions): Promise<OpenedBrowser | undefined> {
  const { signal, platform = process.platform, env = process.env, settleMs = SETTLE_MS } = options;
  throwIfAborted(signal);
  if (!canOpenBrowser(options)) return undefined;
  const profileFolder = await freeProfile(options.profileFolder ?? defaultProfiles(platform, env));
  for (const candidate of findBrowsers(address, { platform, env, profileFolder, exists: isProgram })) {
    const opened = await launch(candidate, env, settleMs, signal);
    throwIfAborted(signal);
    if (opened !== undefined) return opened;
  }
  return undefined;
}

/** Whether there is anything to try: somebody may sit at a screen, and a browser is installed. Starts nothing. */
export function canOpenBrowser({ platform = process.platform, env = process.env }: Partial<OpenOptions> = {}): boolean {
  return findBrowsers('', { platform, env, profileFolder: undefined, exists: isProgram }).length > 0;
}

/**
 * Never through a shell, with none of our streams, and outlived by nothing of ours: a launcher waits for its hook's
 * streams to close. Its working directory is not the game folder, which Windows would hold as long as it runs.
 */
async function launch(
  { kind, program, args, isOurs }: Candidate,
  env: Readonly<Record<string, string | undefined>>,
  settleMs: number,
  signal: AbortSignal,
): Promise<OpenedBrowser | undefined> {
  const child = spawn(program, args, { cwd: tmpdir(), env: { ...env }, detached: true, stdio: 'ignore' });
  child.unref();
  const end = await settled(child, settleMs, signal);
  if (signal.aborted) {
    if (isOurs) endGroup(child);
    return undefined;
  }
  // 0: it has passed the address on to a process that was there before, which is not ours to end.
  if (end !== 'runs' && end !== 0) return undefined;
  return { kind, close: () => (isOurs ? endGroup(child) : undefined) };
}

/** Its exit code, or -1 if it could not be started or was ended, within the time that it takes to fail. */
function settled(child: ChildProcess, settleMs: number, signal: AbortSignal): Promise<number | 'runs'> {
  return new Promise((resolve) => {
    const onAbort = (): void => done(-1);
    const done = (end: number | 'runs'): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      resolve(end);
    };
    const timer = setTimeout(() => done('runs'), settleMs);
    child.once('error', () => done(-1));
    child.once('exit', (code) => done(code ?? -1));
    signal.addEventListener('abort', onAbort);
  });
}

/** A browser is many processes. On Windows the others end with the first. */
function endGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    if (process.platform === 'win32') child.kill();
    else process.kill(-child.pid, 'SIGTERM');
  } catch {
    // It has ended meanwhile: that is what was wanted.
  }
}
