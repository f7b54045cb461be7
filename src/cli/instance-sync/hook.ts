/** `pull` and `push` as a launcher runs them: never read stdin, say little, and do not hold the game up. */
import type { PullResult, PushResult, SyncOptions } from '../../index.js';
import { isSyncError, pull, push } from '../../index.js';
import type { Console } from '../../ui/console.js';
import { createConsole } from '../../ui/console.js';
import { formatBytes, formatCount, formatDuration } from '../../ui/format.js';
import { EXIT, exitCodeOf, isOffline } from '../exit-code.js';
import { untilInterrupted } from '../interrupt.js';

export interface HookFlags {
  readonly packFolder?: string;
  readonly tokenFile?: string;
  readonly token?: string;
  readonly instanceLabel?: string;
  readonly json?: boolean;
  readonly gui?: boolean;
}

export async function runHook(command: 'pull' | 'push', flags: HookFlags): Promise<number> {
  const console = createConsole({
    json: flags.json === true,
    out: process.stdout,
    err: process.stderr,
    env: process.env,
    hook: true,
  });
  const { packFolder, tokenFile, token, instanceLabel } = flags;
  if (token !== undefined) {
    console.line('warning', '--token shows in process lists and shell history; use --token-file');
  }
  const started = Date.now();
  return untilInterrupted(async (signal) => {
    const headless = flags.gui === false;
    const options: SyncOptions = {
      packFolder,
      tokenFile,
      token,
      instanceLabel,
      headless,
      signal,
      onProgress: console.event,
    };
    try {
      const result = command === 'pull' ? await pull(options) : await push(options);
      return report(console, command, flags.instanceLabel, result, Date.now() - started);
    } catch (error) {
      return fail(console, command, error);
    }
  });
}

function report(
  console: Console,
  command: string,
  label: string | undefined,
  result: PullResult | PushResult,
  ms: number,
): number {
  console.object({ message_type: 'summary', command, ...result, duration_ms: ms });
  const text = describe(result);
  if (text !== undefined)
    console.line('info', `${label === undefined ? '' : `${label}: `}${text} (${formatDuration(ms)})`);
  return 'unreadable' in result && result.unreadable.length > 0 ? EXIT.partial : EXIT.ok;
}

function describe(result: PullResult | PushResult): string | undefined {
  switch (result.outcome) {
    case 'not-configured':
      return undefined;
    case 'nothing-to-send':
      return 'nothing changed, nothing to send';
    case 'up-to-date':
      return 'up to date';
    case 'nothing-in-cloud':
      return 'the cloud is empty so far; the first push fills it';
    case 'sent':
      return `sent ${counts(result.files)}, ${formatBytes(result.bytesSent)} uploaded`;
    case 'updated': {
      const replaced = result.files.changed + result.files.removed > 0 && result.trash !== undefined;
      const trash = replaced ? '; what was replaced lies in .cloud-sync/trash' : '';
      return `received ${counts(result.files)}, ${formatBytes(result.bytesWritten)}${trash}`;
    }
  }
}

function counts(files: { readonly added: number; readonly changed: number; readonly removed: number }): string {
  const parts = [
    [files.added, 'new file'],
    [files.changed, 'changed file'],
    [files.removed, 'removed file'],
  ] as const;
  const told = parts.filter(([count]) => count > 0).map(([count, noun]) => formatCount(count, noun));
  return told.length === 0 ? 'no files' : told.join(', ');
}

const DAMAGED = 'the repository is damaged, ask the operator of the server ("restic check" shows more)';

function fail(console: Console, command: string, error: unknown): number {
  const message = error instanceof Error ? error.message : String(error);
  const code = isSyncError(error) ? error.code : 'internal';
  if (isOffline(error)) {
    const play = command === 'pull' ? 'playing with what is here' : 'the next sync sends it';
    console.object({ message_type: 'summary', command, outcome: 'offline', reason: message });
    console.line('warning', `${message}; ${play}`);
    return EXIT.ok;
  }
  const exitCode = exitCodeOf(error);
  console.failure(exitCode, code, code === 'damaged' ? `${message}; ${DAMAGED}` : message);
  return exitCode;
}
