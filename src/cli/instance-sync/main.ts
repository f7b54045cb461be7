/**
 * Entry of the hook. Launchers run it for every instance, and most have not opted in: for those nothing is loaded
 * but what this file needs to see that, and the command behind `--` is run as if we were not there.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { splitArgs } from './split-args.js';

/** Whether this is a hook's call on a game folder that exists and has no sync.json. */
function isNotOptedIn(args: readonly string[], isChained: boolean): boolean {
  const [command] = args;
  if (command !== 'pull' && command !== 'push' && !(command === 'wrap' && isChained)) return false;
  if (!args.slice(1).every(isKnown)) return false;
  const folder = packFolderIn(args) ?? (process.env['INST_MC_DIR'] || process.cwd());
  const look = { throwIfNoEntry: false } as const;
  try {
    return (
      statSync(folder, look)?.isDirectory() === true &&
      statSync(join(folder, '.cloud-sync', 'sync.json'), look) === undefined
    );
  } catch {
    // A folder that cannot be looked at: the command itself says what is wrong with it.
    return false;
  }
}

const WITH_VALUE = ['pack-folder', 'token-file', 'token', 'instance-label', 'restic-binary'];
const POLICIES = ['offline', 'log-style', 'on-conflict', 'on-delete'];
const SWITCHES = ['json', 'no-gui', 'no-download', 'allow-live', 'moved', 'copied'];
const KNOWN = RegExp(`^(-g|--(${SWITCHES.join('|')})|--(${[...WITH_VALUE, ...POLICIES].join('|')})(=.*)?)$`, 's');

/** Flags that need no look at the rest. A mistyped one is told in every instance, or nobody would ever learn of it. */
function isKnown(arg: string): boolean {
  return !arg.startsWith('-') || KNOWN.test(arg);
}

function packFolderIn(args: readonly string[]): string | undefined {
  const name = '--pack-folder';
  let found: string | undefined;
  for (const [i, arg] of args.entries()) {
    if (arg === name) found = args[i + 1] ?? '';
    else if (arg.startsWith(`${name}=`)) found = arg.slice(name.length + 1);
  }
  return found;
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const { own, chained } = splitArgs(args);
  if (isNotOptedIn(own, chained !== undefined)) {
    if (chained !== undefined) process.exitCode = await runAlone(chained);
    return;
  }
  // A launcher that stops listening must not end a sync half way.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  // A lookup cannot be cancelled, and holds the process: on Linux a mute name server does so for 10 s and more.
  if (process.platform === 'linux') process.env['RES_OPTIONS'] ??= 'timeout:1 attempts:2';
  const { runProgram } = await import('./program.js');
  process.exitCode = await runProgram(args);
}

async function runAlone(command: readonly string[]): Promise<number> {
  const { runChained } = await import('./chain.js');
  try {
    return await runChained(command);
  } catch (error) {
    const { toAscii } = await import('../../ui/format.js');
    process.stdout.write(`instance-sync: error: ${toAscii(error instanceof Error ? error.message : String(error))}\n`);
    return 1;
  }
}

main().catch((error: unknown) => {
  const reason = error instanceof Error ? error.message : String(error);
  process.stdout.write(`instance-sync: error: this should not happen: ${JSON.stringify(reason)}\n`);
  process.exitCode = 1;
});
