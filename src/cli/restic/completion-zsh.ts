/** Completion for zsh. */
import type { Flag } from './command.js';
import type { CompletedWord, CompletionData } from './completion.js';
import { functionName, repeats, takesValue } from './completion-flags.js';
import { valueName } from './spec-text.js';

export function zshCompletion({ program, words, commands, globalFlags }: CompletionData): string {
  const name = functionName(program);
  const byName = new Map(commands.map((spec) => [spec.name, spec]));
  const lines = [`#compdef ${program}`, '', `${name}() {`, ...dispatch(name, '', words.get('') ?? []), '}'];
  for (const [group, following] of words) {
    if (group !== '') lines.push('', `${functionOf(name, group)}() {`, ...dispatch(name, `${group} `, following), '}');
  }
  for (const [command, spec] of byName) {
    lines.push('', `${functionOf(name, command)}() {`, `  _arguments -s -S \\`);
    for (const flag of spec.flags) for (const one of specsOf(flag)) lines.push(`    ${one} \\`);
    lines.push(`    "\${${name}_global[@]}" \\`, "    '*:file:_files'", '}');
  }
  lines.push('', `typeset -ga ${name}_global`, `${name}_global=(`);
  for (const flag of globalFlags) for (const one of specsOf(flag)) lines.push(`  ${one}`);
  lines.push(')', '');
  // Called once where zsh loads the file as the function of that name; else (sourced) it only registers.
  lines.push(
    `if [[ $funcstack[1] == _${program} ]]; then`,
    `  ${name} "$@"`,
    'else',
    `  compdef ${name} ${program}`,
    'fi',
    '',
  );
  return lines.join('\n');
}

/** Completes the next word, or hands on to the function of the word that stands there. */
function dispatch(name: string, before: string, following: readonly CompletedWord[]): string[] {
  const handed = following.filter(({ word }) => word !== 'help');
  return [
    '  local context state line',
    '  typeset -A opt_args',
    `  _arguments -C "\${${name}_global[@]}" '1:command:->command' '*::argument:->argument'`,
    '  case $state in',
    '    command)',
    '      local -a found',
    '      found=(',
    ...following.map(({ word, summary }) => `        ${quote(`${word}:${summary}`)}`),
    '      )',
    "      _describe 'command' found",
    '      ;;',
    '    argument)',
    '      case $words[1] in',
    ...handed.map(({ word }) => `        ${word}) ${functionOf(name, before + word)} ;;`),
    '      esac',
    '      ;;',
    '  esac',
  ];
}

function functionOf(name: string, command: string): string {
  return `${name}_${command.replace(/\W/g, '_')}`;
}

/** For _arguments: `'*--exclude=[help]:pattern:_files'`, one for each spelling. */
function specsOf(flag: Flag): string[] {
  const help = `[${flag.help.replace(/[[\]\\:]/g, '\\$&')}]`;
  const value = takesValue(flag) ? `:${valueName(flag).replace(/[\\:]/g, '\\$&')}:_files` : '';
  const star = repeats(flag) ? '*' : '';
  const long = quote(`${star}--${flag.name}${takesValue(flag) ? '=' : ''}${help}${value}`);
  if (flag.short === undefined) return [long];
  return [quote(`${star}-${flag.short}${takesValue(flag) ? '+' : ''}${help}${value}`), long];
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
