/** Flags that several commands have. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseConflictFlag } from './conflict-flags.js';

/** Makes the action of a command: its number is the exit code. */
export type Run = (work: () => Promise<number>) => () => Promise<void>;

export function common(command: Command): Command {
  return command
    .option('--pack-folder <folder>', 'the game folder (default: $INST_MC_DIR, else the working directory)')
    .option('--instance-label <name>', 'what to call the instance in messages')
    .option('--json', 'one JSON object a line')
    .option('-g, --no-gui', 'never open a window');
}

export function shared(command: Command): Command {
  return common(command)
    .option('--token-file <file>', 'file with one line ID:PASSWORD (default: .cloud-sync/token)')
    .addOption(new Option('--token <ID:PASSWORD>', 'shows in process lists; use --token-file').hideHelp());
}

/** Flags of the predecessor's lines: accepted, without effect. There is no restic to find or to download. */
export function predecessor(command: Command): void {
  command.addOption(new Option('--no-download').hideHelp());
  command.addOption(new Option('--restic-binary <file>').hideHelp());
}

/** What a hook decides when nobody can be asked. */
export function hookPolicies(command: Command): Command {
  return command
    .addOption(choice('--offline <policy>', 'when the server is away', ['warn', 'require'], 'warn'))
    .addOption(conflicts())
    .addOption(choice('--on-delete <policy>', 'when worlds or most files are gone', ['abort', 'send', 'restore'], ''))
    .option('--allow-live', 'send worlds although a game has them open')
    .addOption(new Option('--moved', 'this folder was moved: it stays the same instance').conflicts('copied'))
    .option('--copied', 'this folder is a copy: it becomes an instance of its own')
    .addOption(choice('--log-style <style>', "lines for Prism's console", ['auto', 'prism', 'plain'], 'auto'));
}

function conflicts(): Option {
  const text = 'when both sides changed: abort, local, cloud, keep-both; saves/World=cloud for one world, repeatable';
  return new Option('--on-conflict <policy>', `${text} (default: ask, else abort)`).argParser(parseConflictFlag);
}

function choice(flag: string, text: string, choices: readonly string[], standard = 'abort'): Option {
  const others = choices.map((name) => (name === standard ? `${name} (default)` : name)).join(', ');
  return new Option(flag, `${text}: ${others}`).argParser((value: string) => {
    if (choices.includes(value)) return value;
    throw new InvalidArgumentError(`Allowed choices are ${choices.join(', ')}.`);
  });
}
