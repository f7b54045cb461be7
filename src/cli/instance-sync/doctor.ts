/** `doctor`: what a sync depends on, one line each, and what to do where something is wrong. */
import { homedir } from 'node:os';
import type { Checkup } from '../../index.js';
import { doctor } from '../../index.js';
import type { Console } from '../../ui/console.js';
import { EXIT } from '../exit-code.js';
import { untilInterrupted } from '../interrupt.js';
import { checkLauncher, checkNode } from './launcher-checks.js';
import { runCommand } from './local-commands.js';

interface DoctorFlags {
  readonly packFolder?: string;
  readonly tokenFile?: string;
  readonly token?: string;
  readonly json?: boolean;
}

/** 0 if there is no problem, else 1; warnings do not count. */
export async function runDoctor(flags: DoctorFlags): Promise<number> {
  return runCommand(flags.json, (console) =>
    untilInterrupted(async (signal) => {
      const { packFolder, tokenFile, token } = flags;
      for (const checkup of checkNode()) tell(console, checkup);
      const result = await doctor({ packFolder, tokenFile, token, signal });
      for (const checkup of result.checkups) tell(console, checkup);
      const around = { platform: process.platform, env: process.env, home: homedir() };
      const launcher = await checkLauncher(result.packFolder, around);
      for (const checkup of launcher) tell(console, checkup);
      const healthy = result.healthy && launcher.every(({ level }) => level !== 'problem');
      console.object({ message_type: 'summary', command: 'doctor', packFolder: result.packFolder, healthy });
      console.line('info', healthy ? 'no problem found' : 'there are problems, see above');
      return healthy ? EXIT.ok : EXIT.error;
    }),
  );
}

function tell(console: Console, { level, message, todo, id }: Checkup): void {
  console.object({ message_type: 'checkup', id, level, message, ...(todo === undefined ? {} : { todo }) });
  console.line('info', `${level.padEnd(8)} ${message}${todo === undefined ? '' : `; ${todo}`}`);
}
