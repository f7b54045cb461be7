/** generate, features and options: what they print follows from the commands' data. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CommandSpec } from '../../../src/cli/restic/command.js';
import { COMMANDS } from '../../../src/cli/restic/commands.js';
import { completionData, SHELLS } from '../../../src/cli/restic/completion.js';
import { GLOBAL_FLAGS } from '../../../src/cli/restic/global-flags.js';
import { manPages } from '../../../src/cli/restic/man-page.js';
import { UNSUPPORTED_BACKENDS, UNSUPPORTED_COMMANDS } from '../../../src/cli/restic/unsupported.js';
import { itIf } from '../../helpers/only-where.js';
import { tempFolder } from '../../helpers/temp.js';
import { resticTs } from './run-command.js';

function has(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args.length > 0 ? args : ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    // Not installed here.
    return false;
  }
}

const ODD: CommandSpec = {
  name: 'odd',
  summary: `it's [odd]: "quoted" \\ and so`,
  description: `.begins with a dot\n\n'and a quote; a \\ backslash`,
  flags: [
    { name: 'strange', short: 's', kind: 'texts', help: `it's [odd]: 'x' \\ $HOME \`id\` "y"` },
    { name: 'secret', kind: 'bool', help: 'not shown', hidden: true },
  ],
  group: 'main',
  run: async () => 0,
};
const data = completionData('restic-ts', [...COMMANDS, ODD], GLOBAL_FLAGS);

describe('completion', () => {
  it.each(Object.keys(SHELLS))('for %s knows every command and flag, and hides what is hidden', async (shell) => {
    const { code, stdout, stderr } = await resticTs(['generate', `--${shell}-completion`, '-']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const { name, flags } of COMMANDS) {
      for (const word of name.split(' ')) expect(stdout).toContain(word);
      for (const flag of flags.filter((one) => one.hidden !== true)) expect(stdout).toContain(flag.name);
    }
    const odd = SHELLS[shell as keyof typeof SHELLS](data);
    expect(odd).toContain('strange');
    expect(odd).not.toContain('secret');
  });

  const bash = has('bash');
  itIf(bash, 'bash is not here')('in bash', () => {
    const file = join(tempFolder(), 'completion');
    writeFileSync(file, SHELLS.bash(data));
    const complete = (...words: string[]): string[] => {
      const script = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _restic_ts; echo "\${COMPREPLY[@]}"`;
      const out = execFileSync('bash', ['-c', script, 'bash', file, 'restic-ts', ...words], { encoding: 'utf8' });
      return out.trim().split(' ').filter(Boolean);
    };
    const first = new Set([...COMMANDS, ODD].map(({ name }) => name.split(' ')[0]));
    expect(complete('')).toEqual([...first, 'help'].sort());
    expect(complete('cop')).toEqual(['copy']);
    expect(complete('key', '')).toEqual(['add', 'list', 'passwd', 'remove']);
    expect(complete('-r', 'x', '--json', 'key', 'p')).toEqual(['passwd']);
    expect(complete('--repo', '=', 'x', 'dum')).toEqual(['dump']);
    expect(complete('dump', '--ar')).toEqual(['--archive']);
    expect(complete('key', 'add', '--new')).toEqual(['--new-insecure-no-password', '--new-password-file']);
    expect(complete('odd', '--pass')).toEqual(['--password-command', '--password-file']);
    // Files, which bash itself completes: the value of a flag, and what is no flag.
    for (const words of [
      ['copy', '--from-repo', ''],
      ['-r', ''],
      ['dump', 'latest', 'x'],
      ['nonsense', ''],
    ]) {
      expect(complete(...words)).toEqual([]);
    }
  });

  const parsers: readonly (readonly [keyof typeof SHELLS, string, string[]])[] = [
    ['bash', 'bash', ['-n']],
    ['zsh', 'zsh', ['-n']],
    ['fish', 'fish', ['--no-execute']],
  ];
  for (const [shell, program, flags] of parsers) {
    itIf(has(program), `${program} is not here`)(`${shell} can read it`, () => {
      const file = join(tempFolder(), 'completion');
      writeFileSync(file, SHELLS[shell](data));
      execFileSync(program, [...flags, file]);
    });
  }

  it('has texts in the quotes of each shell', () => {
    const help = ODD.flags[0]?.help ?? '';
    expect(SHELLS.fish(data)).toContain(`-l strange -s s -r -d '${help.replace(/[\\']/g, '\\$&')}'`);
    expect(SHELLS.powershell(data)).toContain(`'--strange' = '${help.replaceAll("'", "''")}'`);
    const spec = help.replace(/[[\]\\:]/g, '\\$&').replaceAll("'", `'\\''`);
    expect(SHELLS.zsh(data)).toContain(`'*--strange=[${spec}]:string:_files'`);
    expect(SHELLS.bash(data)).not.toContain('$HOME');
  });
});

describe('manual pages', () => {
  it('one for each command, each group and the program', async () => {
    const folder = join(tempFolder(), 'man');
    mkdirSync(folder);
    const { code, stdout } = await resticTs(['generate', '--man', folder]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `writing man pages to directory ${folder}\n` });
    const groups = COMMANDS.filter(({ name }) => name.includes(' ')).map(({ name }) => name.split(' ')[0]);
    const names = new Set([
      'restic-ts',
      ...[...groups, ...COMMANDS.map(({ name }) => name)].map((n) => `restic-ts ${n}`),
    ]);
    expect(readdirSync(folder).sort()).toEqual([...names].map((name) => `${name.replaceAll(' ', '-')}.1`).sort());
    for (const file of readdirSync(folder)) {
      const text = readFileSync(join(folder, file), 'utf8');
      expect(text).toMatch(/^\.TH "RESTIC\\-TS/);
      for (const section of ['NAME', 'SYNOPSIS', 'DESCRIPTION', 'SEE ALSO'])
        expect(text).toContain(`\n.SH ${section}\n`);
    }
    expect(readFileSync(join(folder, 'restic-ts-dump.1'), 'utf8')).toContain(
      '\\fB\\-a\\fP, \\fB\\-\\-archive\\fP \\fIformat\\fP',
    );
  });

  it('text cannot become a request or an escape', () => {
    const page = manPages([ODD], GLOBAL_FLAGS, '1.2.3').find(({ fileName }) => fileName === 'restic-ts-odd.1');
    const lines = page?.text.split('\n') ?? [];
    expect(lines).toContain('\\&.begins with a dot');
    expect(lines).toContain("\\&'and a quote; a \\e backslash");
    expect(page?.text).not.toContain('secret');
    const requests = lines.filter((line) => /^[.']/.test(line)).map((line) => line.split(' ')[0]);
    expect(new Set(requests)).toEqual(new Set(['.TH', '.SH', '.PP', '.TP']));
  });

  itIf(has('groff'), 'groff is not here')('groff sets them without a warning', () => {
    const file = join(tempFolder(), 'page.1');
    for (const { text } of manPages([...COMMANDS, ODD], GLOBAL_FLAGS, '1.2.3')) {
      writeFileSync(file, text);
      const out = execFileSync('sh', ['-c', 'groff -man -Tascii -ww "$1" 2>&1 >/dev/null', 'sh', file]);
      expect(out.toString()).toBe('');
    }
  });
});

describe('generate', () => {
  it.each([
    [[], 'nothing to do'],
    [['x'], 'expects no arguments'],
    [['--bash-completion', '-', '--zsh-completion', '-'], 'single shell only'],
    [['--man', '/nowhere/at/all'], 'it is not there'],
  ])('%j fails in one line', async (args, message) => {
    const { code, stderr } = await resticTs(['generate', ...args]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Fatal: [^\n]+\n$/);
    expect(stderr).toContain(message);
  });

  it('writes files, relative to where it is called', async () => {
    const cwd = tempFolder();
    const flags = ['--bash-completion', 'a', '--zsh-completion', 'b', '--fish-completion', '-'];
    const { stdout } = await resticTs(['generate', ...flags], { cwd });
    expect(stdout).toMatch(/^# fish completion for restic-ts\n/);
    expect(readFileSync(join(cwd, 'a'), 'utf8')).toMatch(/^# bash completion/);
    expect(readFileSync(join(cwd, 'b'), 'utf8')).toMatch(/^#compdef restic-ts\n/);
  });
});

describe('features and options', () => {
  it('features tells what is not there, each with its reason', async () => {
    const { code, stdout } = await resticTs(['features']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^All Feature Flags:\nName +Type +Default +Description\n-+\n/);
    for (const [name, why] of UNSUPPORTED_COMMANDS) expect(stdout).toMatch(line(`command ${name}`, why));
    for (const [name, why] of UNSUPPORTED_BACKENDS) expect(stdout).toMatch(line(`repository ${name}:`, why));
    expect((await resticTs(['features', 'x'])).code).toBe(1);
  });

  it('options are those that -o takes', async () => {
    const { stdout } = await resticTs(['options']);
    const names = [...stdout.matchAll(/^ {2}(\S+) /gm)].map(([, name]) => name);
    expect(names).toEqual(['local.connections', 'rest.connections']);
    const repo = join(tempFolder(), 'repo');
    for (const name of names)
      expect((await resticTs(['init', '-o', `${name}=3`], { repo: `${repo}-${name}` })).code).toBe(0);
  });
});

function line(name: string, why: string): RegExp {
  const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^  ${literal(name)} +${literal(why)}$`, 'm');
}
