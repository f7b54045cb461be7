/** `passwd`, `recover`, `recovery-code` and `instances`: a player's passwords and the list of the player's instances. */
import type { KnownInstance, ListedInstance, RecoveryCodeResult } from '../../index.js';
import { changeToken, listKnownInstances, recoverAccess, recoveryCode, SyncError } from '../../index.js';
import type { Console } from '../../ui/console.js';
import { toAscii } from '../../ui/format.js';
import { untilInterrupted } from '../interrupt.js';
import { runCommand } from './local-commands.js';
import { readCode } from './read-code.js';
import { ask, readToken } from './read-token.js';

interface AccountFlags {
  readonly packFolder?: string;
  readonly instanceLabel?: string;
  readonly tokenFile?: string;
  readonly token?: string;
  readonly json?: boolean;
}

interface Given {
  readonly tokenFile?: string | undefined;
  readonly token?: string | undefined;
}

export async function runPasswd(flags: AccountFlags): Promise<number> {
  return run('passwd', flags, async (console, signal) => {
    const isTyped = flags.tokenFile === undefined && flags.token === undefined;
    if (isTyped && !process.stdin.isTTY) {
      throw new SyncError('usage', 'passwd needs the new token: give its file with --token-file, or "-" for stdin');
    }
    const given: Given = isTyped ? { token: await readToken(process.stdin) } : await givenToken(flags);
    const onUnknownToken = async (): Promise<boolean> => {
      console.line('warning', 'the server does not take this token yet, only the old one');
      if (!isTyped) return true;
      console.line('info', 'Type it once more, so that no typing error becomes a password.');
      return (await readToken(process.stdin)) === given.token;
    };
    const { packFolder } = flags;
    const result = await changeToken({ packFolder, ...given, onUnknownToken, signal, onProgress: console.event });
    if (result.outcome === 'not-configured') throw notSetUp();
    console.object({ message_type: 'summary', command: 'passwd', ...result });
    for (const line of PASSWD_LINES[result.outcome]) console.line('info', line);
    return 0;
  });
}

const PASSWD_LINES = {
  changed: ['the new token is in use; your worlds open by it on every PC'],
  unchanged: ['this token is in use already, nothing was to be done'],
  prepared: [
    'your worlds open by the new password already; the server itself still wants the old one',
    'after the operator has changed it, run "instance-sync passwd" once more; until then all goes on as before',
  ],
} as const;

interface RecoverFlags extends AccountFlags {
  readonly codeFile?: string;
}

export async function runRecover(flags: RecoverFlags): Promise<number> {
  return run('recover', flags, async (console, signal) => {
    if (flags.codeFile === '-' && flags.tokenFile === '-') {
      throw new SyncError('usage', '--code-file and --token-file cannot both be read from standard input');
    }
    const given = await givenToken(flags);
    const code = await readCode(flags.codeFile);
    const { packFolder } = flags;
    const result = await recoverAccess({ packFolder, ...given, code, signal, onProgress: console.event });
    if (result.outcome === 'not-configured') throw notSetUp();
    console.object({ message_type: 'summary', command: 'recover', ...result });
    const isNew = result.keysAdded.length > 0;
    console.line('info', isNew ? 'your worlds open by the token again' : 'your worlds open by the token already');
    return 0;
  });
}

export async function runRecoveryCode(flags: AccountFlags): Promise<number> {
  return run('recovery-code', flags, async (console, signal) => {
    const { packFolder, tokenFile, token, instanceLabel } = flags;
    const onProgress = console.event;
    const result = await recoveryCode({ packFolder, tokenFile, token, instanceLabel, signal, onProgress });
    if (result.outcome === 'not-configured') throw notSetUp();
    console.object({ message_type: 'summary', command: 'recovery-code', ...result });
    for (const line of recoveryCodeLines(result)) console.line('info', line);
    return 0;
  });
}

/** For the player's eyes: the code itself is among them. */
export function recoveryCodeLines({ code, instances }: RecoveryCodeResult): string[] {
  const labels = instances.length === 0 ? '' : ` (now: ${instances.join(', ')})`;
  return [
    'Your recovery code. Write it on paper: it opens your worlds on the day the password is lost.',
    '',
    `    ${code}`,
    '',
    `It is the same for all your instances${labels}.`,
    'Whoever has it and your login at the server can read your worlds. "instance-sync recovery-code" shows it again.',
  ];
}

interface InstancesFlags extends AccountFlags {
  readonly url?: string;
}

export async function runInstances(flags: InstancesFlags): Promise<number> {
  return run('instances', flags, async (console, signal) => {
    const { packFolder, url } = flags;
    const given = await givenToken(flags);
    const result = await listKnownInstances({ packFolder, url, ...given, signal, onProgress: console.event });
    if (result.outcome === 'not-configured') {
      throw new SyncError('usage', 'this game folder is not set up; give --url and --token-file');
    }
    console.object({ message_type: 'summary', command: 'instances', ...result });
    if (result.instances.length === 0) console.line('info', 'no instances yet; the first push, or setup, enters one');
    for (const line of instanceLines(result.instances)) console.line('info', line);
    return 0;
  });
}

/** One line each, in columns. */
export function instanceLines(instances: readonly ListedInstance[]): string[] {
  const width = Math.max(0, ...instances.map(({ label }) => toAscii(label).length));
  return instances.map(
    (one) => `${one.id}  ${toAscii(one.label).padEnd(width)}  ${describe(one)}${one.here ? ' (here)' : ''}`,
  );
}

function describe({ made, host, minecraft }: KnownInstance): string {
  const version = minecraft === undefined ? '' : `Minecraft ${minecraft}, `;
  return `${version}made ${made.slice(0, 10) || 'some day'} on ${host || 'some PC'}`;
}

/** Lets a person choose by number what this game folder takes part in; undefined: a new instance. */
export async function pickInstance(
  console: Console,
  instances: readonly ListedInstance[],
  question: (text: string) => Promise<string> = (text) => ask(process.stdin, text),
): Promise<ListedInstance | undefined> {
  if (instances.length === 0) return undefined;
  console.line('info', 'Your instances:');
  for (const [i, line] of instanceLines(instances).entries())
    console.line('info', `${String(i + 1).padStart(4)}  ${line}`);
  for (;;) {
    const answer = (await question('Number of the one to take part in (empty: a new instance): ')).trim();
    if (answer === '') return undefined;
    const chosen = /^\d{1,6}$/.test(answer) ? instances[Number(answer) - 1] : undefined;
    if (chosen !== undefined) return chosen;
    console.line('warning', `please type a number from 1 to ${instances.length}, or nothing`);
  }
}

async function run(
  command: string,
  flags: AccountFlags,
  work: (console: Console, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  return runCommand(flags.json, (console) => {
    if (flags.token !== undefined) {
      console.line('warning', `${command} --token shows in process lists and shell history; use --token-file`);
    }
    return untilInterrupted((signal) => work(console, signal));
  });
}

async function givenToken({ tokenFile, token }: AccountFlags): Promise<Given> {
  return tokenFile === '-' ? { token: await readToken(process.stdin) } : { tokenFile, token };
}

function notSetUp(): SyncError {
  return new SyncError(
    'usage',
    'this game folder is not set up; run "instance-sync setup" or "init" with your token first',
  );
}
