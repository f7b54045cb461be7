/** `restore`, `undo` and `trash`: the ways back to what was there before. */
import type { BroughtBack, Trash, TrashEntry, Undone } from '../../index.js';
import { bringBack, emptyTrash, readTrash, SyncError, undo } from '../../index.js';
import type { Console } from '../../ui/console.js';
import { formatBytes, formatCount } from '../../ui/format.js';
import { EXIT } from '../exit-code.js';
import { untilInterrupted } from '../interrupt.js';
import { type ConnectionFlags, notSetUp } from './history-commands.js';
import { runCommand } from './local-commands.js';
import { ask } from './read-token.js';
import { describeCounts, describeVersion, formatLocalTime, nameOf } from './version-lines.js';

interface RestoreFlags extends ConnectionFlags {
  readonly snapshot: string;
  readonly world?: string;
  readonly path?: string;
  readonly dryRun?: boolean;
}

export async function runRestore(flags: RestoreFlags): Promise<number> {
  return runCommand(flags.json, (console) =>
    untilInterrupted(async (signal) => {
      const { packFolder, tokenFile, token, snapshot, world, path, dryRun } = flags;
      const options = { packFolder, tokenFile, token, snapshot, world, path, dryRun };
      const result = await bringBack({ ...options, signal, onProgress: console.event });
      if (result.outcome === 'not-configured') return notSetUp(console);
      console.object({ message_type: 'summary', command: 'restore', ...result });
      for (const line of describeRestored(result)) console.line('info', line);
      return EXIT.ok;
    }),
  );
}

interface UndoFlags extends ConnectionFlags {
  readonly dryRun?: boolean;
}

export async function runUndo(flags: UndoFlags): Promise<number> {
  return runCommand(flags.json, (console) =>
    untilInterrupted(async (signal) => {
      const { packFolder, tokenFile, token, dryRun } = flags;
      const result = await undo({ packFolder, tokenFile, token, dryRun, signal, onProgress: console.event });
      if (result.outcome === 'not-configured') return notSetUp(console);
      console.object({ message_type: 'summary', command: 'undo', ...result });
      if (result.outcome === 'nothing-to-undo')
        console.line('info', 'nothing to undo: the trash holds no earlier state');
      else for (const line of describeUndone(result)) console.line('info', line);
      return EXIT.ok;
    }),
  );
}

interface TrashFlags extends ConnectionFlags {
  readonly empty?: boolean;
  readonly yes?: boolean;
}

export async function runTrash(flags: TrashFlags): Promise<number> {
  return runCommand(flags.json, async (console) => {
    const result = await readTrash({ packFolder: flags.packFolder });
    if (result.outcome === 'not-configured') return notSetUp(console);
    if (flags.empty === true) return empty(console, flags, result);
    console.object({ message_type: 'summary', command: 'trash', ...result });
    for (const entry of result.generations) console.line('info', describeTrash(entry));
    const { generations, ageMs, bytes } = result.limits;
    const kept = `${generations} generations or ${ageMs / 86_400_000} days, ${formatBytes(bytes)} in all`;
    console.line('info', `${formatBytes(result.bytes)} in the trash; it keeps ${kept}`);
    return EXIT.ok;
  });
}

async function empty(console: Console, flags: TrashFlags, { generations, bytes }: Trash): Promise<number> {
  const what = `${formatCount(generations.length, 'generation')}, ${formatBytes(bytes)}`;
  if (generations.length > 0 && flags.yes !== true) {
    const { stdin } = process;
    if (!stdin.isTTY) throw new SyncError('usage', `the trash holds ${what}; --yes deletes them for good`);
    const question = `Delete ${what}? What pulls and restores replaced cannot be brought back then. [y/N] `;
    if (!/^y(es)?$/i.test((await ask(stdin, question)).trim())) {
      console.line('info', 'nothing was deleted');
      return EXIT.ok;
    }
  }
  const emptied = await emptyTrash({ packFolder: flags.packFolder });
  if (emptied.outcome === 'not-configured') return notSetUp(console);
  console.object({ message_type: 'summary', command: 'trash', ...emptied });
  console.line('info', `deleted ${formatCount(emptied.generations, 'generation')}, ${formatBytes(emptied.bytes)}`);
  return EXIT.ok;
}

function describeRestored(result: BroughtBack): string[] {
  const what = result.part === undefined ? 'everything' : nameOf(result.part);
  const version = describeVersion(result.snapshot, result.time, result.hostname);
  if (result.outcome === 'same') return [`${what} is as in version ${version} already`];
  const counts = `${describeCounts(result.files)}, ${formatBytes(result.bytesWritten)}`;
  const unsent = `${formatCount(result.unsent, 'file')} of what is replaced was never sent: only the trash has it`;
  const told = result.unsent > 0 ? [unsent] : [];
  if (result.outcome === 'would-restore') return [`would restore ${what} from ${version}: ${counts}`, ...told];
  return [`restored ${what} from ${version}: ${counts}`, ...told, describeNext('takes this back')];
}

function describeUndone(result: Undone): string[] {
  const counts = `${describeCounts(result.files)}, ${formatBytes(result.bytesWritten)}`;
  const what = `the ${result.command} of ${formatLocalTime(result.time)}: ${counts}`;
  const worlds = result.worlds.length === 0 ? [] : [`worlds: ${result.worlds.map(nameOf).join(', ')}`];
  const isDone = result.outcome === 'undone';
  const since = `${formatCount(result.changedSince, 'file')} changed since then`;
  const changed =
    result.changedSince === 0 ? [] : [`${since}; the trash ${isDone ? 'has' : 'would have'} what is replaced`];
  if (!isDone) return [`would undo ${what}`, ...worlds, ...changed];
  return [`undid ${what}`, ...worlds, ...changed, describeNext('takes this undo back')];
}

/** What happens next. */
function describeNext(takesBack: string): string {
  return `the next push sends this as the newest version; "instance-sync undo" ${takesBack}`;
}

function describeTrash({ time, from, files, bytes, worlds, isNext, folder }: TrashEntry): string {
  const when = time === undefined ? 'at an unknown time' : formatLocalTime(time);
  const count = files === undefined ? 'files' : formatCount(files, 'file');
  const which = worlds.length === 0 ? '' : ` (${worlds.map(nameOf).join(', ')})`;
  const next = isNext ? '  <- "undo" goes back to before this' : '';
  return `${when}  ${from ?? 'unknown'}  ${count}, ${formatBytes(bytes)}${which}  ${folder}${next}`;
}
