/** Flags that several commands have. */
import { type Command, Option } from 'commander';

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
