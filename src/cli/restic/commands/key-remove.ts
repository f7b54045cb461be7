/** `key remove`: takes a password from the repository. */
import { isSyncError } from '../../../base/errors.js';
import { removeKey } from '../../../maintain/keys.js';
import type { CommandSpec, Context } from '../command.js';
import { lineError, plainly } from '../plain-error.js';
import { tellKey } from './key-add.js';

export const keyRemoveCommand: CommandSpec = {
  name: 'key remove',
  summary: 'Remove key ID (password) from the repository',
  args: '[ID]',
  description: `Removes the key whose id is given, or its beginning: its password opens the repository no
longer. The key by which the repository was opened just now cannot be removed.`,
  flags: [],
  group: 'main',
  run,
};

async function run(context: Context): Promise<number> {
  const [prefix] = context.args;
  if (prefix === undefined || context.args.length > 1) {
    throw lineError('key remove expects one argument as the key id');
  }
  await context.withRepository('exclusive', async (repo, signal) => {
    const id = await removeKey(repo, prefix, signal).catch((error: unknown) => {
      throw isSyncError(error, 'not-found') ? plainly(error) : error;
    });
    tellKey(context, `removed key ${id}`);
  });
  return 0;
}
