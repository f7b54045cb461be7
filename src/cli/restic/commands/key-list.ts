/** `key list`: the passwords of the repository, by the keys that they open. */
import type { SyncError } from '../../../base/errors.js';
import { shortId } from '../../../base/ids.js';
import type { KeyInfo } from '../../../maintain/keys.js';
import { listKeys } from '../../../maintain/keys.js';
import type { CommandSpec, Context } from '../command.js';
import { localTime } from '../node-text.js';
import { lineError, messageOf } from '../plain-error.js';
import { renderTable } from '../table.js';

export const keyListCommand: CommandSpec = {
  name: 'key list',
  summary: 'List keys (passwords)',
  description: `Lists the keys of the repository: their ids, the user and the machine that made them, and
when. The one by which the repository was opened just now is marked with a star.`,
  flags: [],
  group: 'main',
  run,
};

async function run(context: Context): Promise<number> {
  if (context.args.length > 0) throw noArguments('key list');
  const { out } = context;
  await context.withRepository('shared', async (repo, signal) => {
    const onProblem = (id: string, error: unknown): void => {
      out.warn(`key ${shortId(id)} cannot be read: ${messageOf(error)}`);
    };
    const keys = await listKeys(repo, { signal, onProblem });
    if (out.json) out.object(keys.map(jsonOf));
    else
      for (const line of renderTable({ head: [' ID', 'User', 'Host', 'Created'], rows: keys.map(rowOf) }))
        out.result(line);
  });
  return 0;
}

/** For commands that take flags only. */
export function noArguments(name: string): SyncError {
  const hint = `please see \`restic-ts help ${name}\` for usage and flags`;
  return lineError(`the ${name} command expects no arguments, only options - ${hint}`);
}

function rowOf(key: KeyInfo): string[] {
  return [`${key.isCurrent ? '*' : ' '}${shortId(key.id)}`, key.username, key.hostname, localTime(key.created)];
}

function jsonOf(key: KeyInfo): Readonly<Record<string, unknown>> {
  const { isCurrent: current, id, username: userName, hostname: hostName } = key;
  return { current, id, userName, hostName, created: localTime(key.created) };
}
