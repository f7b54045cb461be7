/** The command line: names, flags, help. What a command does lies in its own file, loaded when it is run. */

import { version } from 'virtual:version';
import { Command, CommanderError, Option } from 'commander';
import { createConsole } from '../../ui/console.js';
import { EXIT } from '../exit-code.js';
import { common, predecessor, type Run, shared } from './flags.js';

/** Runs one command line and returns the exit code. */
export async function runProgram(args: readonly string[]): Promise<number> {
  let code: number = EXIT.ok;
  const program = new Command('instance-sync')
    .description('Synchronises Minecraft instances through a restic REST server.')
    .version(version)
    .exitOverride()
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text) => complain(args, text) })
    .configureHelp({ sortSubcommands: false });
  const run = (work: () => Promise<number>) => async (): Promise<void> => {
    code = await work();
  };
  addHooks(program, run);
  addSetup(program, run);
  addServe(program, run);
  try {
    await program.parseAsync(args.length === 0 ? ['help'] : [...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.ok : EXIT.error;
  }
  return code;
}

/** What is wrong with a command line, as every other error is told: in one line, and where a launcher reads it. */
function complain(args: readonly string[], text: string): void {
  const hook = args[0] === 'pull' || args[0] === 'push';
  const { stdout: out, stderr: err, env } = process;
  const message = text
    .trim()
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ');
  const command = hook ? ` ${args[0]}` : '';
  const console = createConsole({ json: args.includes('--json'), out, err, env, hook });
  console.failure(EXIT.error, 'usage', `${message}; see "instance-sync${command} --help"`);
}

function addHooks(program: Command, run: Run): void {
  for (const [name, text] of [
    ['pull', "before the game: bring the cloud's state into the game folder"],
    ['push', 'after the game: send what changed'],
  ] as const) {
    const command = shared(program.command(name).description(text));
    predecessor(command);
    command.action(run(async () => (await import('./hook.js')).runHook(name, command.opts())));
  }
  const status = shared(program.command('status').description('show how this PC and the cloud stand'));
  status.action(run(async () => (await import('./local-commands.js')).runStatus(status.opts())));
}

function addSetup(program: Command, run: Run): void {
  const init = program
    .command('init')
    .description('opt this game folder in; asks no server')
    .requiredOption('--url <address>', 'address of the server')
    .option('--instance-id <ulid>', 'take part in an instance that another PC pushed')
    .option('--token-file <file>', 'file with one line ID:PASSWORD; "-" reads it from standard input')
    .addOption(new Option('--token <ID:PASSWORD>', 'shows in process lists; use --token-file').hideHelp());
  common(init);
  predecessor(init);
  init.action(run(async () => (await import('./local-commands.js')).runInit(init.opts())));
  const setup = common(program.command('setup').description('opt in by answering questions in a terminal'));
  predecessor(setup);
  setup.action(run(async () => (await import('./setup.js')).runSetup(setup.opts())));
  const disable = common(
    program.command('disable').description('stop synchronising this game folder; nothing is deleted'),
  );
  predecessor(disable);
  disable.action(run(async () => (await import('./local-commands.js')).runDisable(disable.opts())));
}

function addServe(program: Command, run: Run): void {
  const serve = program
    .command('serve')
    .description('run a restic REST server, for this program and for restic')
    .requiredOption('--path <folder>', 'where the repositories lie')
    .option('--listen <address>', 'host:port', '127.0.0.1:8000')
    .option('--append-only', 'allow adding, but no deleting (except locks)')
    .option('--private-repos', "a user sees only the folder of the user's name")
    .option('--htpasswd-file <file>', 'users and password hashes (default: .htpasswd in the path)')
    .option('--no-auth', 'let everybody in')
    .option('--max-size <bytes>', 'limit of all repositories together')
    .option('--tls', 'serve https')
    .option('--tls-cert <file>', 'certificate chain in PEM')
    .option('--tls-key <file>', 'private key in PEM')
    .option('--log <file>', 'write a line a request; "-" is standard output')
    .option('--json', 'one JSON object a line');
  serve.action(run(async () => (await import('./serve.js')).runServe(serve.opts())));
}
