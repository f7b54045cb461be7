/** The command line: names, flags, help. What a command does lies in its own file, loaded when it is run. */

import { version } from 'virtual:version';
import { Command, CommanderError, Option } from 'commander';
import { createConsole } from '../../ui/console.js';
import { EXIT } from '../exit-code.js';
import { common, hookPolicies, predecessor, type Run, shared } from './flags.js';
import { splitArgs } from './split-args.js';

/** Run by launchers, with a command of somebody else's behind "--". */
const HOOKS: readonly string[] = ['pull', 'push', 'wrap'];

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
  const { own, chained } = splitArgs(args);
  addHooks(program, run, chained);
  addWindow(program, run);
  addHistory(program, run);
  addSetup(program, run);
  addAccount(program, run);
  addServe(program, run);
  try {
    const takesCommand = HOOKS.includes(own[0] ?? '');
    await program.parseAsync(args.length === 0 ? ['help'] : [...(takesCommand ? own : args)], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.ok : EXIT.error;
  }
  return code;
}

/** What is wrong with a command line, as every other error is told: in one line, and where a launcher reads it. */
function complain(args: readonly string[], text: string): void {
  const hook = HOOKS.includes(args[0] ?? '');
  const { stdout: out, stderr: err, env } = process;
  const message = text
    .trim()
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ');
  const command = hook ? ` ${args[0]}` : '';
  const console = createConsole({ json: args.includes('--json'), out, err, env, hook });
  console.failure(EXIT.error, 'usage', `${message}; see "instance-sync${command} --help"`);
}

function addHooks(program: Command, run: Run, chained: readonly string[] | undefined): void {
  for (const [name, text] of [
    ['pull', "before the game: bring the cloud's state into the game folder"],
    ['push', 'after the game: send what changed'],
  ] as const) {
    const command = hookPolicies(shared(program.command(name).description(text)));
    predecessor(command);
    command.usage('[options] [-- command of the launcher...]');
    command.action(run(async () => (await import('./hook.js')).runHook(name, command.opts(), chained)));
  }
  const about = 'pull, run the game, push, also after a crash; for the wrapper command of a launcher';
  const wrap = hookPolicies(shared(program.command('wrap').description(about)));
  wrap.usage('[options] -- command of the game...');
  wrap.action(run(async () => (await import('./wrap.js')).runWrap(wrap.opts(), chained)));
  const status = shared(program.command('status').description('show how this PC and the cloud stand'));
  status.action(run(async () => (await import('./local-commands.js')).runStatus(status.opts())));
  const doctor = shared(program.command('doctor').description('look for what may keep a sync from working'));
  doctor.action(run(async () => (await import('./doctor.js')).runDoctor(doctor.opts())));
}

function addWindow(program: Command, run: Run): void {
  const ui = program
    .command('ui')
    .description('show all instances of this PC in a window: status, history, setup')
    .option('--no-open', 'open no window: print its address, and serve it until interrupted')
    .option(
      '--pack-folder <folder>',
      'the game folder to begin with (default: $INST_MC_DIR, else the working directory)',
    )
    .option('--json', 'one JSON object a line')
    .addOption(new Option('-g, --no-gui').hideHelp());
  ui.action(run(async () => (await import('./ui.js')).runUi(ui.opts())));
}

function addHistory(program: Command, run: Run): void {
  const history = shared(
    program.command('history').description('list the versions in the cloud: who, when, what changed'),
  )
    .option('--limit <n>', 'how many at most (default: 20)')
    .option('--world <name>', 'only those in which this world changed');
  history.action(run(async () => (await import('./history-commands.js')).runHistory(history.opts())));
  const diff = shared(
    program.command('diff').description('show what differs between two versions, or to what lies here'),
  )
    .argument('[snapshot]', 'id, its beginning, or "latest"', 'latest')
    .argument('[other]', 'the version to compare with (default: what lies here)')
    .option('--summary', 'worlds only, not each file');
  diff.action(run(async () => (await import('./history-commands.js')).runDiff(diff.args, diff.opts())));
  const restore = shared(program.command('restore').description('put an earlier version back into the game folder'))
    .requiredOption('--snapshot <id>', 'id, its beginning, or "latest"')
    .addOption(new Option('--world <name>', 'only this world').conflicts('path'))
    .option('--path <path>', 'only this file or folder')
    .option('-n, --dry-run', 'only say what would be done');
  restore.action(run(async () => (await import('./way-back-commands.js')).runRestore(restore.opts())));
  const undo = shared(program.command('undo').description('back to what was there before the last pull or restore'));
  undo.option('-n, --dry-run', 'only say what would be done');
  undo.action(run(async () => (await import('./way-back-commands.js')).runUndo(undo.opts())));
  const trash = common(program.command('trash').description('list what pulls and restores replaced or removed'))
    .option('--empty', 'delete all of it; there is nothing to undo then')
    .option('--yes', 'do not ask');
  trash.action(run(async () => (await import('./way-back-commands.js')).runTrash(trash.opts())));
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
  // Before --no-gui, so that neither is the default.
  const window = program.command('setup').option('--gui', 'in a window (default: without a terminal and other flags)');
  const setup = common(window.description('opt in, and show what the launcher must run'))
    .option('--url <address>', 'address of the server')
    .option('--token-file <file>', 'file with one line ID:PASSWORD; "-" reads it from standard input')
    .option('--instance-id <ulid>', 'take part in an instance that another PC pushed')
    .option('--preset <name>', 'what to synchronise: worlds, personal or everything')
    .option('--write-hooks', "write the lines into the launcher's settings; it must not be running")
    .option('--force', 'write them even if it cannot be told whether the launcher runs');
  predecessor(setup);
  setup.action(run(async () => (await import('./setup.js')).runSetup(setup.opts())));
  const disable = common(
    program.command('disable').description('stop synchronising this game folder; nothing is deleted'),
  );
  predecessor(disable);
  disable.action(run(async () => (await import('./local-commands.js')).runDisable(disable.opts())));
}

function addAccount(program: Command, run: Run): void {
  const passwd = common(program.command('passwd').description('take a new token into use, after or before its change'));
  passwd
    .option('--token-file <file>', 'the new token, one line ID:PASSWORD; "-" reads it from standard input')
    .addOption(new Option('--token <ID:PASSWORD>', 'shows in process lists; use --token-file').hideHelp());
  passwd.action(run(async () => (await import('./account-commands.js')).runPasswd(passwd.opts())));
  const recover = shared(program.command('recover').description('open the worlds by the recovery code from paper'));
  recover.option('--code-file <file>', 'the recovery code; "-" reads it from standard input');
  recover.action(run(async () => (await import('./account-commands.js')).runRecover(recover.opts())));
  const code = shared(program.command('recovery-code').description('show the recovery code, made if there is none'));
  code.action(run(async () => (await import('./account-commands.js')).runRecoveryCode(code.opts())));
  const instances = shared(program.command('instances').description('list your instances, of all your PCs'));
  instances.option('--url <address>', 'address of the server, for a folder that is not set up');
  instances.action(run(async () => (await import('./account-commands.js')).runInstances(instances.opts())));
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
