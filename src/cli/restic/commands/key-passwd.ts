/** `key passwd`: another password in place of the one in use. */
import { changePassword, listKeys } from '../../../maintain/keys.js';
import { printGoTime } from '../../../repo/go-time.js';
import type { CommandSpec, Context } from '../command.js';
import { tellKey } from './key-add.js';
import { noArguments } from './key-list.js';
import { NEW_KEY_FLAGS, newKeyOptions, newPassword } from './new-key-flags.js';

export const keyPasswdCommand: CommandSpec = {
  name: 'key passwd',
  summary: 'Change key (password); creates a new key ID and removes the old key ID, returns new key ID',
  description: `Adds a new password, makes sure that it opens the repository, and removes the one that was
given to open it. On a server that is append-only nothing is changed: "key add" works there.`,
  flags: NEW_KEY_FLAGS,
  group: 'main',
  run,
};

async function run(context: Context): Promise<number> {
  if (context.args.length > 0) throw noArguments('key passwd');
  await context.withRepository('exclusive', async (repo, signal) => {
    const id = await changePassword(repo, await newPassword(context), newKeyOptions(context, signal));
    const key = (await listKeys(repo, { signal, onProblem: () => {} })).find((one) => one.id === id);
    const { username = '', hostname = '', created } = key ?? {};
    const when = created === undefined ? '' : `, created on ${printGoTime(created)}`;
    tellKey(context, `saved new key as <Key of ${username}@${hostname}${when}>`);
  });
  return 0;
}
