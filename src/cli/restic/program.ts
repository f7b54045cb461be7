/** One command line of restic-ts, from its words to its exit code. */
import type { Writable } from 'node:stream';
import { isSyncError, SyncError } from '../../base/errors.js';
import { EXIT, exitCodeOf } from '../exit-code.js';
import type { CommandSpec } from './command.js';
import { COMMANDS } from './commands.js';
import { createContext } from './context.js';
import { GLOBAL_FLAGS } from './global-flags.js';
import { commandHelp, groupHelp, programHelp } from './help.js';
import type { Output } from './output.js';
import { parseFlags } from './parse-flags.js';
import { lineError } from './plain-error.js';
import { failureText, hasNoKeys } from './restic-words.js';
import { PROGRAM } from './spec-text.js';
import { createOutput } from './terminal.js';
import { UNSUPPORTED_COMMANDS, unsupported } from './unsupported.js';

export interface ProgramOptions {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly out: Writable & { readonly isTTY?: boolean };
  readonly err: Writable;
  readonly signal: AbortSignal;
}

/** Returns the exit code; every failure has been told. */
export async function runProgram(options: ProgramOptions): Promise<number> {
  try {
    return await run(options);
  } catch (error) {
    return fail(options, error);
  }
}

async function run(options: ProgramOptions): Promise<number> {
  const { out, env } = options;
  const { spec, help, rest } = findCommand(options.args);
  const line = parseFlags(rest, [...(spec?.flags ?? []), ...GLOBAL_FLAGS], env);
  if (help !== undefined || spec === undefined) {
    out.write(`${help ?? programHelp()}\n`);
    return EXIT.ok;
  }
  if (line.flags.bool('help')) {
    out.write(`${commandHelp(spec)}\n`);
    return EXIT.ok;
  }
  const json = line.flags.bool('json') && spec.textOnly !== true;
  const output = createOutput({
    ...options,
    json,
    jsonProblems: spec.jsonProblems === true,
    verbosity: verbosityOf(line.flags),
  });
  const context = createContext({ ...options, ...line, out: output, commands: COMMANDS });
  try {
    return await spec.run(context);
  } finally {
    output.clearStatus();
    await context.close();
  }
}

interface FoundCommand {
  readonly spec?: CommandSpec;
  /** To be printed instead of running anything. */
  readonly help?: string;
  /** The line without the words of the command's name. */
  readonly rest: readonly string[];
}

/** Names that restic gave up and still takes. */
const FORMER_NAMES: ReadonlyMap<string, string> = new Map([['rebuild-index', 'repair index']]);

/** Global flags may stand before the command's name, so its words are looked for among all. */
function findCommand(line: readonly string[]): FoundCommand {
  const words = wordsOf(line);
  const [first, second] = words;
  if (first === undefined) return { help: programHelp(), rest: line };
  if (first.text === 'help') return { help: helpOn(words.slice(1).map((word) => word.text)), rest: [] };
  const why = UNSUPPORTED_COMMANDS.get(first.text);
  if (why !== undefined) throw unsupported(`the command "${first.text}"`, why);
  const long = COMMANDS.find((one) => second !== undefined && one.name === `${first.text} ${second.text}`);
  const name = FORMER_NAMES.get(first.text) ?? first.text;
  const spec = long ?? COMMANDS.find((one) => one.name === name);
  if (spec !== undefined) {
    const used = long === undefined ? [first.at] : [first.at, second?.at];
    return { spec, rest: line.filter((_, i) => !used.includes(i)) };
  }
  if (COMMANDS.some((one) => one.name.startsWith(`${first.text} `))) return { help: groupHelp(first.text), rest: [] };
  throw lineError(`unknown command "${first.text}" for "${PROGRAM}"`);
}

/** The first two words that are neither flags nor the values of global flags. */
function wordsOf(line: readonly string[]): { readonly text: string; readonly at: number }[] {
  const taking = new Set(
    GLOBAL_FLAGS.filter((flag) => flag.kind !== 'bool' && flag.kind !== 'count').flatMap((flag) =>
      flag.short === undefined ? [`--${flag.name}`] : [`--${flag.name}`, `-${flag.short}`],
    ),
  );
  const words: { text: string; at: number }[] = [];
  for (let at = 0; at < line.length && words.length < 2; at++) {
    const text = line[at] ?? '';
    if (text === '--') break;
    if (taking.has(text)) at += 1;
    else if (!text.startsWith('-')) words.push({ text, at });
  }
  return words;
}

function helpOn(words: readonly string[]): string {
  const name = words.join(' ');
  if (name === '') return programHelp();
  const spec = COMMANDS.find((one) => one.name === name);
  if (spec !== undefined) return commandHelp(spec);
  return COMMANDS.some((one) => one.name.startsWith(`${name} `)) ? groupHelp(name) : programHelp();
}

function verbosityOf(flags: { bool(name: string): boolean; count(name: string): number }): Output['verbosity'] {
  if (flags.bool('quiet') && flags.count('verbose') > 0) {
    throw new SyncError('usage', '--quiet and --verbose cannot be specified at the same time');
  }
  if (flags.bool('quiet')) return 0;
  const level = flags.count('verbose');
  return level >= 2 ? 3 : level === 1 ? 2 : 1;
}

/** Errors of the command line come as they are; those of the work as "Fatal: …", which scripts look for. */
function fail({ args, err }: ProgramOptions, error: unknown): number {
  const code = isSyncError(error) && hasNoKeys(error) ? EXIT.wrongPassword : exitCodeOf(error);
  const message = messageOf(error);
  if (args.includes('--json')) {
    err.write(`${JSON.stringify({ message_type: 'exit_error', code, message })}\n`);
  } else {
    err.write(`${message}\n`);
  }
  return code;
}

function messageOf(error: unknown): string {
  if (isSyncError(error)) return failureText(error);
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `Fatal: this should not happen: ${text}`;
}
