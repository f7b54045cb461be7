/**
 * The lines of the hook in a launcher's settings, and the telling of them from others. No two launchers take a line
 * apart in the same way: QProcess::splitCommand, a splitter of their own, /bin/sh, Runtime.exec, shlex. The one form
 * that all agree on is absolute paths in double quotes with forward slashes; what not even that can carry is told.
 */
import { posix } from 'node:path';

export type HookCommand = 'pull' | 'push' | 'wrap';

/** The two files that a line names, absolute. */
export interface HookProgram {
  readonly node: string;
  readonly script: string;
}

/** What a launcher makes of a path before it starts anything. */
export interface PathHazard {
  readonly path: string;
  /** Ends the sentence "the path has ". */
  readonly what: string;
  /** Whether every launcher stumbles over it, or only those that are named in `what`. */
  readonly everywhere: boolean;
}

/** `"/usr/bin/node" "/opt/instance-sync.mjs" pull`, followed by ` -- ` and the command that was there before. */
export function hookLine(program: HookProgram, command: HookCommand, platform: NodeJS.Platform, chained = ''): string {
  const parts = [program.node, program.script].map((path) => `"${inLine(path, platform)}"`);
  const line = `${parts.join(' ')} ${command}`;
  if (command === 'wrap') return chained === '' ? `${line} --` : `${line} -- ${chained}`;
  return chained === '' ? line : `${line} -- ${chained}`;
}

function inLine(path: string, platform: NodeJS.Platform): string {
  return platform === 'win32' ? path.replaceAll('\\', '/') : path;
}

interface Rule {
  readonly found: RegExp;
  readonly what: string;
  readonly everywhere: boolean;
  readonly only?: 'win32' | 'posix';
}

const RULES: readonly Rule[] = [
  { found: /"/, what: 'a double quote', everywhere: true },
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
  { found: /[\u0000-\u001f\u007f]/, what: 'a control character', everywhere: true },
  { found: /\$[\p{L}\p{N}_{]/u, what: 'a "$" that launchers take for the start of a variable', everywhere: true },
  { found: /\$[([$?!#*@-]/, what: 'a "$" that ATLauncher takes for the start of a variable', everywhere: false },
  { found: /`/, what: 'a backtick, which ATLauncher and HMCL do not leave as it is', everywhere: false },
  { found: /\\/, what: 'a backslash', everywhere: true, only: 'posix' },
  { found: /^\\\\[?.]\\/, what: 'the prefix of a device path', everywhere: true, only: 'win32' },
  { found: / {2}/, what: 'two spaces in a row, which ATLauncher takes for one', everywhere: false, only: 'win32' },
];

/** Empty for nearly all paths. */
export function findHazards(program: HookProgram, platform: NodeJS.Platform): PathHazard[] {
  const system = platform === 'win32' ? 'win32' : 'posix';
  const rules = RULES.filter(({ only }) => only === undefined || only === system);
  return [program.node, program.script].flatMap((path) =>
    rules.filter(({ found }) => found.test(path)).map(({ what, everywhere }) => ({ path, what, everywhere })),
  );
}

/** A line that runs this program, taken apart. */
export interface OwnLine extends HookProgram {
  readonly command: HookCommand;
  /** What follows the command, as it is written: flags, and a chained command. */
  readonly rest: string;
  /** Whether node is the first word: the line can be replaced by a new one with the same rest. */
  readonly whole: boolean;
}

/** Undefined if the line runs something else. `script`: a name under which this program is known besides its usual one. */
export function readOwnLine(line: string, script?: string): OwnLine | undefined {
  const words = splitWords(line);
  for (const [i, word] of words.entries()) {
    const name = baseName(word.text);
    if (!OWN_NAME.test(name) && (script === undefined || name !== baseName(script))) continue;
    const command = words[i + 1];
    if (!isHookCommand(command?.text)) continue;
    const node = words[i - 1]?.text ?? '';
    const rest = line.slice(command?.end ?? line.length).trim();
    return { node, script: word.text, command: command.text, rest, whole: i === 1 };
  }
  return undefined;
}

const OWN_NAME = /^instance-sync(\.mjs)?$/i;

function isHookCommand(text: string | undefined): text is HookCommand {
  return text === 'pull' || text === 'push' || text === 'wrap';
}

/** Whether both name the same file, however the slashes and, on Windows, the letters are written. */
export function isSameProgram(a: HookProgram, b: HookProgram, platform: NodeJS.Platform): boolean {
  const form = (path: string): string => {
    const line = inLine(path, platform);
    return platform === 'win32' ? line.toLowerCase() : line;
  };
  return form(a.node) === form(b.node) && form(a.script) === form(b.script);
}

function baseName(path: string): string {
  return posix.basename(path.replaceAll('\\', '/'));
}

interface Word {
  readonly text: string;
  /** Where it ends in the line, quotes included. */
  readonly end: number;
}

/** For finding our own lines only, whose paths have neither quotes nor escapes. */
function splitWords(line: string): Word[] {
  return [...line.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map((match) => ({
    text: match[0].replace(/"([^"]*)"|'([^']*)'/g, (_, double?: string, single?: string) => double ?? single ?? ''),
    end: match.index + match[0].length,
  }));
}
