/**
 * `pull` and `push` as a launcher runs them: say little, do not hold the game up, and read standard input in a terminal
 * only, where there is something to ask. A command behind `--` is run afterwards: behind a pull only if that went well,
 * for it starts the game; behind a push in any case, for it has nothing to do with us.
 */

import { isSyncError } from '../../base/errors.js';
import type { Merged, PullResult, PushResult, Sent, SyncOptions } from '../../index.js';
import { pull, push } from '../../open.js';
import type { Console, LogStyle } from '../../ui/console.js';
import { createConsole } from '../../ui/console.js';
import { formatBytes, formatCount, formatDuration } from '../../ui/format.js';
import type { EndView } from '../../ui/protocol.js';
import { EXIT, exitCodeOf, isOffline } from '../exit-code.js';
import { untilInterrupted } from '../interrupt.js';
import type { ConflictFlag } from './conflict-flags.js';
import { HookDialog } from './dialog.js';
import { endOfFailure, endOfResult, tellDecision } from './hook-end.js';

export interface HookFlags {
  readonly packFolder?: string;
  readonly tokenFile?: string;
  readonly token?: string;
  readonly instanceLabel?: string;
  readonly json?: boolean;
  readonly gui?: boolean;
  /** Whether a game may start when the server is away. */
  readonly offline?: 'warn' | 'require';
  readonly logStyle?: LogStyle;
  readonly onConflict?: ConflictFlag;
  readonly onDelete?: 'abort' | 'send' | 'restore';
  readonly allowLive?: boolean;
  readonly moved?: boolean;
  readonly copied?: boolean;
}

export async function runHook(
  command: 'pull' | 'push',
  flags: HookFlags,
  chained: readonly string[] | undefined,
): Promise<number> {
  const console = hookConsole(flags);
  const code = await sync(console, command, flags);
  if (chained === undefined || (command === 'pull' && code !== EXIT.ok)) return code;
  const { runChained } = await import('./chain.js');
  try {
    const theirs = await runChained(chained);
    return code === EXIT.ok ? theirs : code;
  } catch (error) {
    return tellFailure(console, error);
  }
}

export function hookConsole(flags: Pick<HookFlags, 'json' | 'logStyle'>): Console {
  const { stdout: out, stderr: err, env } = process;
  return createConsole({ json: flags.json === true, out, err, env, hook: true, logStyle: flags.logStyle ?? 'auto' });
}

/** One pull or push with all that is told of it; its exit code. */
export async function sync(
  console: Console,
  command: 'pull' | 'push',
  flags: HookFlags,
  more: Pick<SyncOptions, 'unclean'> = {},
): Promise<number> {
  if (flags.token !== undefined) {
    console.line('warning', '--token shows in process lists and shell history; use --token-file');
  }
  const started = performance.now();
  return untilInterrupted(async (signal) => {
    const dialog = new HookDialog({ console, task: command, flags, signal });
    const options: SyncOptions = { ...optionsOf(flags), ...more, ...dialog.callbacks() };
    let view: EndView = { view: 'end', outcome: 'gone', warnings: [] };
    try {
      const result = command === 'pull' ? await pull(options) : await push(options);
      view = endOfResult(command, result);
      return report(console, command, flags.instanceLabel, result, performance.now() - started);
    } catch (error) {
      const decided = tellDecision(console, command, dialog, error);
      const code = decided?.code ?? fail(console, command, flags, error);
      view = decided?.view ?? endOfFailure(command, error, code);
      return code;
    } finally {
      await dialog.end(view);
    }
  });
}

function optionsOf(flags: HookFlags): SyncOptions {
  const { packFolder, tokenFile, token, instanceLabel, allowLive } = flags;
  return { packFolder, tokenFile, token, instanceLabel, headless: flags.gui === false, allowLive };
}

function report(
  console: Console,
  command: string,
  label: string | undefined,
  result: PullResult | PushResult,
  ms: number,
): number {
  console.object({ message_type: 'summary', command, ...result, duration_ms: Math.round(ms) });
  const lines = describe(result);
  for (const [i, text] of lines.entries()) {
    const time = i === lines.length - 1 ? ` (${formatDuration(ms)})` : '';
    console.line('info', `${label === undefined ? '' : `${label}: `}${text}${time}`);
  }
  return 'unreadable' in result && result.unreadable.length > 0 ? EXIT.partial : EXIT.ok;
}

/** The last line is what was done; what else a player should know comes before it. */
function describe(result: PullResult | PushResult): string[] {
  switch (result.outcome) {
    case 'not-configured':
      return [];
    case 'nothing-to-send':
      return ['nothing changed, nothing to send'];
    case 'up-to-date':
      return [...describeRecovered(result.recovered), 'up to date'];
    case 'nothing-in-cloud':
      return ['the cloud is empty so far; the first push fills it'];
    case 'sent':
      return [...describeMerged(result.merged), describeSent(result)];
    case 'updated': {
      const replaced = result.files.changed + result.files.removed > 0 && result.trash !== undefined;
      const trash = replaced ? '; what was replaced lies in .cloud-sync/trash' : '';
      const received = `received ${counts(result.files)}, ${formatBytes(result.bytesWritten)}${trash}`;
      return [...describeRecovered(result.recovered), ...describeMerged(result.merged), received];
    }
  }
}

function describeSent(sent: Sent): string {
  return `sent ${counts(sent.files)}, ${formatBytes(sent.bytesSent)} uploaded`;
}

function describeRecovered(sent: Sent | undefined): string[] {
  return sent === undefined ? [] : [`the last session had not been sent; ${describeSent(sent)}`];
}

const NAMES_SHOWN = 5;

function describeMerged(merged: Merged | undefined): string[] {
  if (merged === undefined) return [];
  const { fromHere, fromCloud, secondNames } = merged;
  const sides = [
    ...(fromHere.length > 0 ? [`from this PC ${listNames(fromHere)}`] : []),
    ...(fromCloud.length > 0 ? [`from the cloud ${listNames(fromCloud)}`] : []),
  ];
  const twice = Object.entries(secondNames).map(([name, second]) => `${name} is there twice, the cloud's as ${second}`);
  const both = 'this PC and the cloud had both changed';
  return [sides.length === 0 ? both : `${both}; merged: ${sides.join(', ')}`, ...twice];
}

function listNames(names: readonly string[]): string {
  const more = names.length - NAMES_SHOWN;
  return names.slice(0, NAMES_SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '');
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

function fail(console: Console, command: string, flags: HookFlags, error: unknown): number {
  if (!isOffline(error)) return tellFailure(console, error);
  const message = error instanceof Error ? error.message : String(error);
  if (flags.offline === 'require') {
    console.failure(EXIT.offline, 'offline', `${message}; --offline=require asks for a sync`);
    return EXIT.offline;
  }
  const play = command === 'pull' ? 'playing with what is here' : 'the next sync sends it';
  console.object({ message_type: 'summary', command, outcome: 'offline', reason: message });
  console.line('warning', `${message}; ${play}`);
  return EXIT.ok;
}

/** The last line of a command that failed; its exit code. */
export function tellFailure(console: Console, error: unknown): number {
  const message = error instanceof Error ? error.message : String(error);
  const code = isSyncError(error) ? error.code : 'internal';
  const exitCode = exitCodeOf(error);
  console.failure(exitCode, code, code === 'damaged' ? `${message}; ${DAMAGED}` : message);
  return exitCode;
}
