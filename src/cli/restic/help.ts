/** The help texts, made from the commands' data. */
import type { CommandSpec, Flag } from './command.js';
import { COMMANDS } from './commands.js';
import { GLOBAL_FLAGS } from './global-flags.js';
import { EXITS, PROGRAM, usageLine, valueName } from './spec-text.js';

const GROUPS: readonly (readonly [CommandSpec['group'], string])[] = [
  ['main', 'Available Commands:'],
  ['advanced', 'Advanced Options:'],
  ['other', 'Additional Commands:'],
];

export function programHelp(): string {
  const lines = [
    `${PROGRAM} is a backup program: restic's commands on restic's repositories, without restic.`,
    '',
    'Usage:',
    `  ${PROGRAM} [command]`,
  ];
  for (const [group, title] of GROUPS) lines.push('', title, ...listCommands(topLevel(group)));
  lines.push('', 'Flags:', ...listFlags(GLOBAL_FLAGS));
  lines.push('', `Use "${PROGRAM} [command] --help" for more about a command.`);
  return lines.join('\n');
}

interface Listed {
  readonly name: string;
  readonly summary: string;
}

/** Commands by their first word: those of two words appear once, as a group. */
function topLevel(group: CommandSpec['group']): Listed[] {
  const found = new Map<string, Listed>();
  for (const { name, summary, group: own } of COMMANDS) {
    const [first = name, second] = name.split(' ');
    if (own === group && !found.has(first))
      found.set(first, { name: first, summary: second ? groupSummary(first) : summary });
  }
  if (group === 'other') found.set('help', { name: 'help', summary: 'Show the help of a command' });
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function groupSummary(first: string): string {
  const words = COMMANDS.filter((one) => one.name.startsWith(`${first} `)).map((one) =>
    one.name.slice(first.length + 1),
  );
  return `${words.join(', ')}: see "${PROGRAM} ${first} --help"`;
}

/** Of `key`, `repair`: the commands behind the word. */
export function groupHelp(first: string): string {
  const prefix = `${first} `;
  const inGroup = COMMANDS.filter((one) => one.name.startsWith(prefix));
  const listed = inGroup.map(({ name, summary }) => ({ name: name.slice(prefix.length), summary }));
  return [
    `Usage:\n  ${PROGRAM} ${first} [command]`,
    `\nAvailable Commands:\n${listCommands(listed).join('\n')}`,
    `\nUse "${PROGRAM} ${first} [command] --help" for more about a command.`,
  ].join('\n');
}

export function commandHelp(spec: CommandSpec): string {
  const exits = Object.entries({ ...EXITS, ...spec.exitCodes }).map(([code, text]) => `  ${code.padStart(3)}  ${text}`);
  return [
    spec.description.trim(),
    '',
    'Usage:',
    `  ${usageLine(spec)}`,
    '',
    'Exit codes:',
    ...exits,
    ...(spec.flags.length > 0 ? ['', 'Flags:', ...listFlags(spec.flags)] : []),
    '',
    'Global Flags:',
    ...listFlags(GLOBAL_FLAGS),
  ].join('\n');
}

function listCommands(commands: readonly Listed[]): string[] {
  return commands.map(({ name, summary }) => `  ${name.padEnd(13)} ${summary}`);
}

function listFlags(flags: readonly Flag[]): string[] {
  const shown = flags.filter((flag) => flag.hidden !== true);
  const left = shown.map(flagColumn);
  const width = Math.max(...left.map((text) => text.length));
  return shown.map((flag, i) => `${(left[i] ?? '').padEnd(width)}   ${flag.help}${defaultNote(flag)}`);
}

function flagColumn(flag: Flag): string {
  const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
  const value = valueName(flag);
  return `  ${short}--${flag.name}${value === '' ? '' : ` ${value}`}`;
}

function defaultNote(flag: Flag): string {
  const parts = [flag.env && `$${flag.env}`, flag.default !== '0' && flag.default !== '' && flag.default].filter(
    Boolean,
  );
  return parts.length > 0 ? ` (default: ${parts.join(' or ')})` : '';
}
