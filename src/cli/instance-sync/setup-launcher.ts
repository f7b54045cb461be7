/** The launcher's half of `setup`: shows the lines that belong into it, and writes them if that was asked for. */
import { homedir } from 'node:os';
import type { HookPlan, Launcher, PathHazard, Surroundings } from '../../index.js';
import type { Console } from '../../ui/console.js';
import { areLinesThere, planLauncherSetup, writeLauncherSetup } from '../../ui/desk/launcher-setup.js';
import { hookLines, thisProgram } from './hook-lines.js';
import { isHidden, isTemporary } from './launcher-checks.js';

interface LauncherFlags {
  readonly writeHooks?: boolean;
  readonly force?: boolean;
}

/** False if something was asked for that could not be done; the reason has been told then. */
export async function setUpLauncher(console: Console, packFolder: string, flags: LauncherFlags): Promise<boolean> {
  const program = thisProgram();
  const around: Surroundings = { platform: process.platform, env: process.env, home: homedir() };
  const setup = await planLauncherSetup(packFolder, program, around);
  const { hazards, launcher, plan } = setup;
  tellHazards(console, hazards, program.script);
  tellPlan(console, launcher, plan);
  if (flags.writeHooks !== true) return true;
  if (hazards.some(({ everywhere }) => everywhere)) return false;
  const { file, backup } = await writeLauncherSetup(setup, around, flags.force === true);
  console.object({ message_type: 'hooks', written: backup !== undefined, file, backup: backup ?? null });
  const text = backup === undefined ? `nothing to change in ${file}` : `written to ${file}; as it was: ${backup}`;
  console.line('info', text);
  return true;
}

function tellHazards(console: Console, hazards: readonly PathHazard[], script: string): void {
  for (const { path, what, everywhere } of hazards) {
    const level = everywhere ? 'error' : 'warning';
    const todo = 'move it to a folder with a plain name and run setup from there';
    console.line(level, `the path ${path} has ${what}; ${todo}`);
  }
  if (isTemporary(script)) {
    console.line('warning', `${script} may be cleaned up at any time; install instance-sync in a folder of its own`);
  }
}

function tellPlan(console: Console, launcher: Launcher | undefined, plan: HookPlan | undefined): void {
  console.object({
    message_type: 'launcher',
    name: launcher?.name ?? null,
    file: plan?.file ?? null,
    overridden: plan?.isInstance === true,
    changes: plan?.changes ?? [],
  });
  if (plan !== undefined && areLinesThere(plan)) {
    console.line('info', 'the launcher runs the hook already');
  } else if (plan !== undefined && (plan.isInstance || plan.changes.some(({ kind }) => kind === 'chained'))) {
    tellChanges(console, plan);
  } else {
    console.line('info', 'In the launcher, under Settings, Custom Commands, for all instances:');
    for (const line of hookLines()) console.line('info', line);
    console.line('info', 'Instances that are not set up are left alone.');
  }
  if (launcher !== undefined && isHidden(launcher)) {
    const where = `a ${launcher.sandbox} sandbox, which may hide ${thisProgram().node} from it`;
    console.line('warning', `the launcher runs in ${where}; give it access to that folder`);
  }
}

/** Commands of others are there: each line as it is, and as it should be. */
function tellChanges(console: Console, plan: HookPlan): void {
  if (plan.isInstance) {
    console.line(
      'info',
      'This instance has custom commands of its own, so the ones for all instances do not count here.',
    );
    console.line('info', "In the launcher, under the instance's Settings, Custom Commands:");
  } else console.line('info', 'In the launcher, under Settings, Custom Commands, with the commands that are there:');
  for (const { command, before, after, kind } of plan.changes) {
    const name = command === 'pull' ? '  pre-launch' : '  post-exit ';
    if (kind === 'chained') console.line('info', `${name} now  ${before}`);
    console.line('info', `${name}      ${after}`);
  }
}
