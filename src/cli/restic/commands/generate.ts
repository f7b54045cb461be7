/** `generate`: files for shells and for `man`, made from the commands' own data. */
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { version } from 'virtual:version';
import { utf8 } from '../../../base/bytes.js';
import { ioError, SyncError } from '../../../base/errors.js';
import type { CommandSpec, Context } from '../command.js';
import type { Shell } from '../completion.js';
import { completionData, SHELLS } from '../completion.js';
import { GLOBAL_FLAGS } from '../global-flags.js';
import { manPages } from '../man-page.js';
import { PROGRAM } from '../spec-text.js';

const ORDER: readonly Shell[] = ['bash', 'fish', 'zsh', 'powershell'];

export const generateCommand: CommandSpec = {
  name: 'generate',
  summary: 'Generate manual pages and auto-completion files (bash, fish, zsh, powershell)',
  description: `Writes manual pages, and files by which shells complete the command line. "-" stands for
standard output, for one of the shells at a time.`,
  flags: [
    ...(['bash', 'fish'] as const).map(shellFlag),
    { name: 'man', kind: 'text', value: 'directory', help: 'write the manual pages into this folder' },
    ...(['powershell', 'zsh'] as const).map(shellFlag),
  ],
  group: 'other',
  run,
};

function shellFlag(shell: Shell): CommandSpec['flags'][number] {
  return { name: `${shell}-completion`, kind: 'text', value: 'file', help: `write the completion for ${shell}` };
}

async function run(context: Context): Promise<number> {
  const { args, flags, cwd, out, commands } = context;
  if (args.length > 0) {
    const hint = 'please see `restic-ts help generate` for usage and flags';
    throw new SyncError('usage', `the generate command expects no arguments, only options - ${hint}`);
  }
  const wanted = ORDER.map((shell) => [shell, flags.text(`${shell}-completion`) ?? ''] as const);
  const shells = wanted.filter(([, file]) => file !== '');
  if (shells.filter(([, file]) => file === '-').length > 1) {
    const message = 'the generate command can generate shell completions to stdout for single shell only';
    throw new SyncError('usage', message);
  }
  const man = flags.text('man');
  if (!man && shells.length === 0) {
    throw new SyncError('usage', 'nothing to do, please specify at least one output file/dir');
  }
  if (man) {
    out.info(`writing man pages to directory ${man}`);
    for (const { fileName, text } of manPages(commands, GLOBAL_FLAGS, version)) {
      await save(resolve(cwd, man, fileName), join(man, fileName), text);
    }
  }
  const data = completionData(PROGRAM, commands, GLOBAL_FLAGS);
  for (const [shell, file] of shells) {
    const text = SHELLS[shell](data);
    if (file === '-') {
      await out.write(utf8(text));
    } else {
      out.infoOnTerminal(`writing ${shell} completion file to ${file}`);
      await save(resolve(cwd, file), file, text);
    }
  }
  return 0;
}

async function save(path: string, shown: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    throw ioError(error, 'writing', shown);
  }
}
