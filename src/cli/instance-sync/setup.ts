/** `setup`: init by questions, for a person at a terminal. */
import { init, SyncError } from '../../index.js';
import { hookLines } from './hook-lines.js';
import { runCommand } from './local-commands.js';
import { ask, readToken } from './read-token.js';

interface SetupFlags {
  readonly packFolder?: string;
  readonly json?: boolean;
}

export async function runSetup(flags: SetupFlags): Promise<number> {
  return runCommand(flags.json, async (console) => {
    if (!process.stdin.isTTY) {
      throw new SyncError('usage', 'setup asks questions and needs a terminal; use "instance-sync init" elsewhere');
    }
    const url = (await ask(process.stdin, 'Address of the server: ')).trim();
    const token = await readToken(process.stdin);
    const id = (await ask(process.stdin, 'Instance id from another PC (empty: a new instance): ')).trim();
    const result = await init({ packFolder: flags.packFolder, url, token, instanceId: id === '' ? undefined : id });
    console.object({ message_type: 'initialized', ...result });
    console.line('info', `${result.packFolder} is set up`);
    console.line('info', `instance id: ${result.instanceId}`);
    console.line('info', 'In the launcher, under custom commands:');
    for (const line of hookLines()) console.line('info', line);
    return 0;
  });
}
