/** `init`, `status` and `disable`. */
import type { StatusResult } from '../../index.js';
import { disable, init, isSyncError, status } from '../../index.js';
import type { Console } from '../../ui/console.js';
import { createConsole } from '../../ui/console.js';
import { formatBytes, formatCount } from '../../ui/format.js';
import { exitCodeOf } from '../exit-code.js';
import { untilInterrupted } from '../interrupt.js';
import { readToken } from './read-token.js';

interface CommonFlags {
  readonly packFolder?: string;
  readonly instanceLabel?: string;
  readonly json?: boolean;
}

/** Runs a command, and turns its error into a line and an exit code. */
export async function runCommand(
  json: boolean | undefined,
  work: (console: Console) => Promise<number>,
): Promise<number> {
  const { stdout: out, stderr: err, env } = process;
  const console = createConsole({ json: json === true, out, err, env, hook: false });
  try {
    return await work(console);
  } catch (error) {
    const exitCode = exitCodeOf(error);
    const message = error instanceof Error ? error.message : String(error);
    console.failure(exitCode, isSyncError(error) ? error.code : 'internal', message);
    return exitCode;
  }
}

interface InitFlags extends CommonFlags {
  readonly url: string;
  readonly instanceId?: string;
  readonly tokenFile?: string;
  readonly token?: string;
}

export async function runInit(flags: InitFlags): Promise<number> {
  return runCommand(flags.json, async (console) => {
    if (flags.token !== undefined) {
      console.line('warning', '--token shows in process lists and shell history; use --token-file');
    }
    const fromStdin = flags.tokenFile === '-';
    const result = await init({
      packFolder: flags.packFolder,
      url: flags.url,
      instanceId: flags.instanceId,
      token: fromStdin ? await readToken(process.stdin) : flags.token,
      tokenFile: fromStdin ? undefined : flags.tokenFile,
    });
    console.object({ message_type: 'initialized', ...result });
    console.line('info', `${result.packFolder} is set up`);
    console.line('info', `instance id: ${result.instanceId}`);
    if (!result.known) console.line('info', 'on the next PC: instance-sync init --url ... --instance-id with this id');
    return 0;
  });
}

export async function runDisable(flags: CommonFlags): Promise<number> {
  return runCommand(flags.json, async (console) => {
    const result = await disable({ packFolder: flags.packFolder });
    console.object({ message_type: 'summary', command: 'disable', ...result });
    const text = result.disabled
      ? 'is no longer synchronised; your files and the cloud stay as they are'
      : 'was not set up';
    console.line('info', `${result.packFolder} ${text}`);
    return 0;
  });
}

interface StatusFlags extends CommonFlags {
  readonly tokenFile?: string;
  readonly token?: string;
}

export async function runStatus(flags: StatusFlags): Promise<number> {
  return runCommand(flags.json, (console) =>
    untilInterrupted(async (signal) => {
      const { packFolder, tokenFile, token } = flags;
      const result = await status({ packFolder, tokenFile, token, signal });
      console.object({ message_type: 'summary', command: 'status', ...result });
      if (result.outcome === 'not-configured')
        console.line('info', 'this game folder is not set up; see "instance-sync help init"');
      else for (const line of describeStatus(result)) console.line('info', line);
      return 0;
    }),
  );
}

const GONE = 'empty, though this PC has synchronised with it: ask the operator of the server';

const QUESTIONS = {
  conflict: 'both sides changed the same: pull asks, or takes --on-conflict',
  deletion: 'worlds or many files are gone from this PC: pull and push ask, or take --on-delete',
} as const;

function describeStatus(result: StatusResult): string[] {
  const { added, changed, removed } = result.unsent;
  const unsent = added + changed + removed;
  const cloud = {
    'not-asked': () => 'not asked',
    unreachable: () => `not reachable (${result.cloud.state === 'unreachable' ? result.cloud.reason : ''})`,
    empty: () => (result.lastSync === undefined ? 'empty so far' : GONE),
    same: () => 'nothing new',
    new: () => 'has something new: pull brings it',
  }[result.cloud.state]();
  return [
    `game folder   ${result.packFolder}`,
    `server        ${result.url}`,
    `instance id   ${result.instanceId}`,
    `in scope      ${formatCount(result.files, 'file')}, ${formatBytes(result.bytes)} (preset ${result.preset})`,
    `last sync     ${result.lastSync?.slice(0, 8) ?? 'never'}`,
    `this PC       ${unsent === 0 ? 'nothing to send' : `${formatCount(unsent, 'file')} to send`}`,
    `cloud         ${cloud}`,
    ...(result.question === undefined ? [] : [`to decide     ${QUESTIONS[result.question]}`]),
  ];
}
