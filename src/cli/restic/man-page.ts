/** Manual pages, made from the commands' data: one for each command, each group of commands, and the program. */
import type { CommandSpec, Flag } from './command.js';
import { EXITS, PROGRAM, usageLine, valueName } from './spec-text.js';

export interface ManPage {
  /** `restic-ts-key-add.1` */
  readonly fileName: string;
  readonly text: string;
}

interface PageData {
  /** As typed, with the program: `restic-ts key add`. */
  readonly name: string;
  readonly summary: string;
  readonly usage: string;
  readonly description: string;
  readonly flags: readonly Flag[];
  /** Code → meaning; none for pages that run nothing. */
  readonly exits?: Readonly<Record<string, string>>;
  /** Names of other pages. */
  readonly related: readonly string[];
}

export function manPages(commands: readonly CommandSpec[], globalFlags: readonly Flag[], version: string): ManPage[] {
  const groups = new Map<string, CommandSpec[]>();
  for (const spec of commands) {
    const [first = '', second] = spec.name.split(' ');
    if (second !== undefined) groups.set(first, [...(groups.get(first) ?? []), spec]);
  }
  const pages = [
    programPage(commands, globalFlags),
    ...[...groups].map(([first, specs]) => groupPage(first, specs)),
    ...commands.map(commandPage),
  ];
  return pages.map((page) => ({ fileName: `${pageName(page.name)}.1`, text: render(page, version) }));
}

function programPage(commands: readonly CommandSpec[], flags: readonly Flag[]): PageData {
  const related = new Set(commands.map(({ name }) => `${PROGRAM} ${name.split(' ')[0]}`));
  return {
    name: PROGRAM,
    summary: 'backups in repositories of restic, without restic',
    usage: `${PROGRAM} [command]`,
    description: `Has restic's commands, and works on restic's repositories: what the one has written, the other
reads. The flags below may be given with every command.`,
    flags,
    related: [...related],
  };
}

function groupPage(first: string, specs: readonly CommandSpec[]): PageData {
  return {
    name: `${PROGRAM} ${first}`,
    summary: `commands on: ${first}`,
    usage: `${PROGRAM} ${first} [command]`,
    description: specs.map(({ name, summary }) => `${name}: ${summary}.`).join('\n\n'),
    flags: [],
    related: [PROGRAM, ...specs.map(({ name }) => `${PROGRAM} ${name}`)],
  };
}

function commandPage(spec: CommandSpec): PageData {
  return {
    name: `${PROGRAM} ${spec.name}`,
    summary: spec.summary,
    usage: usageLine(spec),
    description: spec.description,
    flags: spec.flags,
    exits: { ...EXITS, ...spec.exitCodes },
    related: [PROGRAM],
  };
}

function render(page: PageData, version: string): string {
  const lines = [
    `.TH "${roff(pageName(page.name).toUpperCase())}" "1" "" "${roff(`${PROGRAM} ${version}`)}" ""`,
    '.SH NAME',
    `${roff(pageName(page.name))} \\- ${roff(page.summary)}`,
    '.SH SYNOPSIS',
    `\\fB${roff(page.usage)}\\fP`,
    '.SH DESCRIPTION',
    ...paragraphs(page.description),
  ];
  const flags = page.flags.filter((flag) => flag.hidden !== true);
  if (flags.length > 0) lines.push('.SH OPTIONS', ...flags.flatMap(flagLines));
  if (page.name !== PROGRAM) lines.push('.PP', roff(`The options in ${PROGRAM}(1) may be given too.`));
  const exits = Object.entries(page.exits ?? {});
  if (exits.length > 0) lines.push('.SH EXIT STATUS', ...exits.flatMap(([code, text]) => term(code, text)));
  const variables = flags.filter((flag) => flag.env !== undefined);
  if (variables.length > 0) {
    lines.push('.SH ENVIRONMENT');
    lines.push(...variables.flatMap(({ env = '', name }) => term(`\\fB${roff(env)}\\fP`, `stands for --${name}`)));
  }
  const links = page.related.map((name) => `\\fB${roff(pageName(name))}\\fP(1)`);
  lines.push('.SH SEE ALSO', links.join(', '), '');
  return lines.join('\n');
}

function flagLines(flag: Flag): string[] {
  const short = flag.short === undefined ? '' : `\\fB\\-${flag.short}\\fP, `;
  const value = valueName(flag);
  const shown = value === '' ? '' : ` \\fI${roff(value)}\\fP`;
  const standard = flag.default ? ` (default: ${flag.default})` : '';
  return term(`${short}\\fB\\-\\-${roff(flag.name)}\\fP${shown}`, flag.help + standard);
}

/** A tagged paragraph; the tag is roff already. */
function term(tag: string, text: string): string[] {
  return ['.TP', tag, ...textLines(text)];
}

function paragraphs(text: string): string[] {
  const blocks = text.trim().split(/\n\s*\n/);
  return blocks.flatMap((block, i) => (i === 0 ? textLines(block) : ['.PP', ...textLines(block)]));
}

function textLines(text: string): string[] {
  return text.split('\n').map((line) => roff(line.trim()));
}

/** Text as roff takes it for text: no escapes, no hyphens where minus is meant, no request at a line's start. */
function roff(text: string): string {
  const safe = text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('"', '\\(dq');
  return /^[.']/.test(safe) ? `\\&${safe}` : safe;
}

/** `restic-ts key add` → `restic-ts-key-add` */
function pageName(name: string): string {
  return name.replaceAll(' ', '-');
}
