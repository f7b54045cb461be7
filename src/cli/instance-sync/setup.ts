/**
 * `setup`: a game folder opted in, and the launcher told of it. Whoever sits at a terminal is asked for what no flag
 * says; elsewhere the flags must say it all. The launcher's files are only read, unless --write-hooks is given.
 */
import type { InitResult, OptIn } from '../../index.js';
import { init, presetNames, readOptIn, SyncError, setPreset } from '../../index.js';
import type { Console } from '../../ui/console.js';
import { EXIT } from '../exit-code.js';
import { runCommand } from './local-commands.js';
import { ask, readToken } from './read-token.js';
import type { Login } from './setup-account.js';
import { enterAccount, pickInstanceId } from './setup-account.js';
import { setUpLauncher } from './setup-launcher.js';

export interface SetupFlags {
  readonly packFolder?: string;
  readonly instanceLabel?: string;
  readonly json?: boolean;
  readonly url?: string;
  readonly tokenFile?: string;
  readonly instanceId?: string;
  readonly preset?: string;
  readonly writeHooks?: boolean;
  readonly force?: boolean;
  /** Of --gui and --no-gui. */
  readonly gui?: boolean;
}

/** Undefined where nobody can be asked. */
export type Ask = ((question: string) => Promise<string>) | undefined;

export async function runSetup(flags: SetupFlags): Promise<number> {
  if (flags.gui ?? (await belongsInWindow(flags))) {
    const { runDeskWindow } = await import('./ui.js');
    return runDeskWindow('setup', flags);
  }
  return runCommand(flags.json, async (console) => {
    const { stdin } = process;
    const asking: Ask = stdin.isTTY ? async (question) => (await ask(stdin, question)).trim() : undefined;
    const before = await readOptIn({ packFolder: flags.packFolder });
    const result = await optIn(console, flags, before, asking);
    const preset = await choosePreset(flags, before, asking);
    console.object({ message_type: 'initialized', ...result, ...(preset === undefined ? {} : { preset }) });
    tellOptIn(console, result, preset);
    // The recovery code is for the eyes of a person: shown where one sits.
    if (asking !== undefined) await enterAccount(console, flags);
    return (await setUpLauncher(console, result.packFolder, flags)) ? EXIT.ok : EXIT.error;
  });
}

/** Started by a click: no terminal to ask in, and nothing said of what is to be done. */
async function belongsInWindow(flags: SetupFlags): Promise<boolean> {
  const { url, tokenFile, instanceId, preset, writeHooks, force, json } = flags;
  const said = [url, tokenFile, instanceId, preset, writeHooks, force, json];
  if (process.stdin.isTTY || said.some((flag) => flag !== undefined)) return false;
  const { canOpenBrowser } = await import('../../ui/server/open-browser.js');
  return canOpenBrowser();
}

async function optIn(console: Console, flags: SetupFlags, before: OptIn | undefined, asking: Ask): Promise<InitResult> {
  const url = flags.url ?? (await chooseUrl(before, asking));
  const isKept = flags.tokenFile === undefined && before?.hasToken === true;
  const isTyped = flags.tokenFile === '-' || (flags.tokenFile === undefined && !isKept);
  if (isTyped && flags.tokenFile === undefined && asking === undefined) throw needsTerminal();
  const token = isTyped ? await readToken(process.stdin) : undefined;
  const login = { packFolder: flags.packFolder, url, token, tokenFile: isTyped ? undefined : flags.tokenFile };
  const instanceId = flags.instanceId ?? (await chooseInstance(console, login, before, asking));
  return init({ ...login, instanceId });
}

function needsTerminal(): SyncError {
  const todo = 'elsewhere give --url and --token-file';
  return new SyncError('usage', `setup asks questions and needs a terminal; ${todo}`);
}

async function chooseUrl(before: OptIn | undefined, asking: Ask): Promise<string> {
  if (asking === undefined) {
    if (before !== undefined) return before.url;
    throw needsTerminal();
  }
  const kept = before === undefined ? '' : ` (empty: ${before.url})`;
  return (await asking(`Address of the server${kept}: `)) || (before?.url ?? '');
}

/** The id of the instance to take part in; undefined: the one that the folder has, else a new one. */
async function chooseInstance(
  console: Console,
  login: Login,
  before: OptIn | undefined,
  asking: Ask,
): Promise<string | undefined> {
  if (before !== undefined || asking === undefined) return undefined;
  return pickInstanceId(console, login, asking);
}

async function choosePreset(flags: SetupFlags, before: OptIn | undefined, asking: Ask): Promise<string | undefined> {
  const names = presetNames().join(', ');
  const isNew = before?.hasScope !== true && flags.preset === undefined;
  const answer = isNew && asking !== undefined ? await asking(`What to synchronise: ${names} (empty: personal): `) : '';
  const preset = flags.preset ?? (answer === '' ? undefined : answer);
  return preset === undefined ? undefined : setPreset(preset, { packFolder: flags.packFolder });
}

function tellOptIn(console: Console, result: InitResult, preset: string | undefined): void {
  console.line('info', `${result.packFolder} is set up${preset === undefined ? '' : ` (preset ${preset})`}`);
  console.line('info', `instance id: ${result.instanceId}`);
  if (!result.known) console.line('info', 'on the next PC: instance-sync setup, with this id');
}
