/** All commands of restic-ts, in the order of the help: by name. */
import type { CommandSpec } from './command.js';
import { initCommand } from './commands/init.js';
import { versionCommand } from './commands/version.js';

export const COMMANDS: readonly CommandSpec[] = [initCommand, versionCommand];
