/** `key add`: a further password for the repository. */
import { addKey } from '../../../maintain/keys.js';
import type { CommandSpec, Context } from '../command.js';
import { noArguments } from './key-list.js';
import { NEW_KEY_FLAGS, newKeyOptions, newPassword } from './new-key-flags.js';

export const keyAddCommand: CommandSpec = {
  name: 'key add',
  summary: 'Add a new key (password) to the repository; returns the new key ID',
  description: 'Adds a further password, makes sure that it opens the repository, and prints the id of its key.',
  flags: NEW_KEY_FLAGS,
  group: 'main',
  run,
};

async function run(context: Context): Promise<number> {
  if (context.args.length > 0) throw noArguments('key add');
  await context.withRepository('shared', async (repo, signal) => {
    const id = await addKey(repo, await newPassword(context), newKeyOptions(context, signal));
    tellKey(context, `saved new key with ID ${id}`);
  });
  return 0;
}

/** With --json too, as there is no other form of it. */
export function tellKey({ out }: Context, line: string): void {
  if (out.verbosity > 0) out.result(line);
}
