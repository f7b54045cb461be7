/** `unlock`: removes locks that were left behind. */
import { removeLocks } from '../../../maintain/remove-locks.js';
import type { CommandSpec, Context } from '../command.js';

export const unlockCommand: CommandSpec = {
  name: 'unlock',
  summary: 'Remove locks that were left behind',
  description: `Removes stale locks: those that were not refreshed for half an hour, and those of this
machine whose process has ended. It works on append-only servers too.`,
  flags: [{ name: 'remove-all', kind: 'bool', help: 'remove all locks, also those that are in use' }],
  group: 'main',
  run,
};

async function run({ flags, out, signal, open }: Context): Promise<number> {
  const count = await removeLocks(await open(), { all: flags.bool('remove-all'), signal });
  if (count > 0) out.info(`successfully removed ${count} locks`);
  return 0;
}
