/** The two lines that a player puts into the launcher, for this very program. */
import { hookLine } from '../../index.js';

/** Node and the script that are running, as a launcher must name them. */
export interface ThisProgram {
  readonly node: string;
  readonly script: string;
}

export function thisProgram(): ThisProgram {
  return { node: process.execPath, script: process.argv[1] ?? '' };
}

export function hookLines(program: ThisProgram = thisProgram()): string[] {
  const line = (command: 'pull' | 'push'): string => hookLine(program, command, process.platform);
  return [`  pre-launch   ${line('pull')}`, `  post-exit    ${line('push')}`];
}
