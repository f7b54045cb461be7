/** `options`: what -o can set. */
import { SyncError } from '../../../base/errors.js';
import type { CommandSpec, Context } from '../command.js';

const OPTIONS: readonly (readonly [string, string])[] = [
  ['local.connections', 'taken without effect: a folder on a disk needs no limit'],
  ['rest.connections', 'set a limit for the number of concurrent connections (default: 5)'],
];

export const optionsCommand: CommandSpec = {
  name: 'options',
  summary: 'Print list of extended options',
  description: 'Lists what "-o key=value" can set.',
  flags: [],
  group: 'advanced',
  run,
};

async function run({ args, out }: Context): Promise<number> {
  if (args.length > 0) throw new SyncError('usage', 'the options command expects no arguments');
  out.result('All Extended Options:');
  const width = Math.max(...OPTIONS.map(([name]) => name.length));
  for (const [name, help] of OPTIONS) out.result(`  ${name.padEnd(width)}  ${help}`);
  return 0;
}
