/** Completion for fish. */
import type { Flag } from './command.js';
import type { CompletionData } from './completion.js';
import { takesValue } from './completion-flags.js';

export function fishCompletion({ program, words, commands, globalFlags }: CompletionData): string {
  const lines = [`# fish completion for ${program}`, ''];
  for (const flag of globalFlags) lines.push(flagLine(program, undefined, flag));
  for (const [before, following] of words) {
    lines.push('');
    const list = following.map((one) => one.word).join(' ');
    const seen = `__fish_seen_subcommand_from ${before}; and not __fish_seen_subcommand_from ${list}`;
    const when = before === '' ? '__fish_use_subcommand' : seen;
    for (const { word, summary } of following) {
      lines.push(`complete -c ${program} -n ${quote(when)} -f -a ${word} -d ${quote(summary)}`);
    }
  }
  for (const { name, flags } of commands) {
    if (flags.length > 0) lines.push('');
    const when = name
      .split(' ')
      .map((word) => `__fish_seen_subcommand_from ${word}`)
      .join('; and ');
    for (const flag of flags) lines.push(flagLine(program, when, flag));
  }
  return `${lines.join('\n')}\n`;
}

function flagLine(program: string, when: string | undefined, flag: Flag): string {
  const condition = when === undefined ? '' : ` -n ${quote(when)}`;
  const short = flag.short === undefined ? '' : ` -s ${flag.short}`;
  const value = takesValue(flag) ? ' -r' : '';
  return `complete -c ${program}${condition} -l ${flag.name}${short}${value} -d ${quote(flag.help)}`;
}

function quote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
