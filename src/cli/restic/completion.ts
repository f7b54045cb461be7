/**
 * Completion of command lines in shells, made from the commands' data: one script a shell, without dependencies.
 * A command is completed first, then its second word if it has one, then flags; whatever else stands there is a file.
 */
import type { CommandSpec, Flag } from './command.js';
import { bashCompletion } from './completion-bash.js';
import { fishCompletion } from './completion-fish.js';
import { powershellCompletion } from './completion-powershell.js';
import { zshCompletion } from './completion-zsh.js';

export interface CompletionData {
  /** As it is typed. */
  readonly program: string;
  /** '' → the first words of all commands; `key` → what may follow it. Only words that something may follow. */
  readonly words: ReadonlyMap<string, readonly CompletedWord[]>;
  /** Those that can be run, by their whole name. */
  readonly commands: readonly CommandSpec[];
  readonly globalFlags: readonly Flag[];
}

export interface CompletedWord {
  readonly word: string;
  readonly summary: string;
}

export type Shell = 'bash' | 'fish' | 'powershell' | 'zsh';

export const SHELLS: Readonly<Record<Shell, (data: CompletionData) => string>> = {
  bash: bashCompletion,
  fish: fishCompletion,
  powershell: powershellCompletion,
  zsh: zshCompletion,
};

/** The data for SHELLS. Hidden flags are left out. */
export function completionData(
  program: string,
  commands: readonly CommandSpec[],
  globalFlags: readonly Flag[],
): CompletionData {
  const words = new Map<string, CompletedWord[]>([['', []]]);
  const put = (before: string, word: string, summary: string): void => {
    const list = words.get(before) ?? [];
    words.set(before, list);
    if (!list.some((one) => one.word === word)) list.push({ word, summary });
  };
  for (const { name, summary } of commands) {
    const [first = name, second] = name.split(' ');
    put('', first, second === undefined ? summary : `Commands on: ${first}`);
    if (second !== undefined) put(first, second, summary);
  }
  put('', 'help', 'Show the help of a command');
  for (const list of words.values()) list.sort((a, b) => (a.word < b.word ? -1 : 1));
  const shown = (flags: readonly Flag[]): Flag[] => flags.filter((flag) => flag.hidden !== true);
  const visible = commands.map((spec) => ({ ...spec, flags: shown(spec.flags) }));
  return { program, words, commands: visible, globalFlags: shown(globalFlags) };
}
