/** `history` and `diff`: looking at the versions that the cloud holds. */
import type { DiffSide, FileChange } from '../../index.js';
import { diffVersions, history, SyncError } from '../../index.js';
import type { Console } from '../../ui/console.js';
import { formatBytes, formatCount } from '../../ui/format.js';
import { EXIT } from '../exit-code.js';
import { untilInterrupted } from '../interrupt.js';
import { runCommand } from './local-commands.js';
import { describeChanges, describeEntry, describeVersion } from './version-lines.js';

export interface ConnectionFlags {
  readonly packFolder?: string;
  readonly tokenFile?: string;
  readonly token?: string;
  readonly json?: boolean;
}

interface HistoryFlags extends ConnectionFlags {
  readonly limit?: string;
  readonly world?: string;
}

export async function runHistory(flags: HistoryFlags): Promise<number> {
  return runCommand(flags.json, (console) =>
    untilInterrupted(async (signal) => {
      const { packFolder, tokenFile, token, world } = flags;
      const limit = parseLimit(flags.limit);
      const result = await history({ packFolder, tokenFile, token, world, limit, signal, onProgress: console.event });
      if (result.outcome === 'not-configured') return notSetUp(console);
      console.object({ message_type: 'summary', command: 'history', ...result });
      if (result.entries.length === 0) console.line('info', emptyHistory(result.versions, world));
      for (const entry of result.entries) for (const line of describeEntry(entry)) console.line('info', line);
      if (result.hasMore) console.line('info', `older ones are left out (${result.versions} in all); see --limit`);
      return EXIT.ok;
    }),
  );
}

interface DiffFlags extends ConnectionFlags {
  readonly summary?: boolean;
}

export async function runDiff(names: readonly string[], flags: DiffFlags): Promise<number> {
  return runCommand(flags.json, (console) =>
    untilInterrupted(async (signal) => {
      const { packFolder, tokenFile, token } = flags;
      const [from, to] = names;
      const result = await diffVersions({ packFolder, tokenFile, token, from, to, signal, onProgress: console.event });
      if (result.outcome === 'not-configured') return notSetUp(console);
      const { files, ...rest } = result;
      const told = flags.summary === true ? rest : result;
      console.object({ message_type: 'summary', command: 'diff', ...told });
      console.line('info', `from ${describeSide(result.from)} to ${describeSide(result.to)}:`);
      for (const line of describeChanges(result.changes)) console.line('info', `  ${line}`);
      if (flags.summary !== true) for (const file of files) console.line('info', describeFile(file));
      if (result.notForHere > 0) {
        console.line('info', `${formatCount(result.notForHere, 'file')} of it not for this PC: not compared`);
      }
      return EXIT.ok;
    }),
  );
}

/** Ends a command that was asked of a folder that takes no part. */
export function notSetUp(console: Console): number {
  console.failure(EXIT.error, 'usage', 'this game folder is not set up; see "instance-sync help init"');
  return EXIT.error;
}

function parseLimit(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw new SyncError('usage', `--limit is ${JSON.stringify(text)}; give a whole number of versions, 1 or more`);
  }
  return Number(text);
}

function emptyHistory(versions: number, world: string | undefined): string {
  if (versions === 0) return 'the cloud is empty so far; the first push fills it';
  return `no version changed the world ${world ?? ''}`;
}

function describeSide({ snapshot, time, hostname }: DiffSide): string {
  return snapshot === undefined ? 'what lies here' : describeVersion(snapshot, time, hostname);
}

const SIGNS = { added: '+', changed: 'M', removed: '-' } as const;

function describeFile({ path, change, size }: FileChange): string {
  return `${SIGNS[change]} ${path} (${formatBytes(size)})`;
}
