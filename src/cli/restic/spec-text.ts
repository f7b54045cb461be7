/** Pieces of text that help, completion and man pages share. */
import type { CommandSpec, Flag } from './command.js';

export const PROGRAM = 'restic-ts';

export function usageLine(spec: CommandSpec): string {
  return `${PROGRAM} ${spec.name} [flags]${spec.args === undefined ? '' : ` ${spec.args}`}`;
}

/** What every command may end with. */
export const EXITS: Readonly<Record<number, string>> = {
  0: 'done',
  1: 'an error',
  10: 'the repository does not exist',
  11: 'the repository is locked',
  12: 'the password is wrong',
  130: 'interrupted',
};

/** How the help calls a flag's value; '' for switches. */
export function valueName(flag: Flag): string {
  if (flag.kind === 'bool' || flag.kind === 'count') return '';
  return flag.value ?? (flag.kind === 'number' ? 'n' : 'string');
}
