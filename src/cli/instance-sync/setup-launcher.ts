/** The launcher's half of `setup`: shows the lines that belong into it, and writes them if that was asked for. */
import { homedir } from 'node:os';
import type { HookPlan, Launcher, PathHazard, Surroundings } from '../../index.js';
import { findHazards, findLauncher, launcherRun, planHooks, readCommands, SyncError, writeHooks } from '../../index.js';
import type { Console } from '../../ui/console.js';
import { hookLines, thisProgram } from './hook-lines.js';
import { isHidden, isTemporary } from './launcher-checks.js';

interface LauncherFlags {
  readonly writeHooks?: boolean;
  readonly force?: boolean;
}

/** False if something was asked for that could not be done; the reason has been told then. */
export async function setUpLauncher(console: Console, packFolder: string, flags: LauncherFlags): Promise<boolean> {
  const program = thisProgram();
  const hazards = findHazards(program, process.platform);
  tellHazards(console, hazards, program.script);
  const around: Surroundings = { platform: process.platform, env: process.env, home: homedir() };
  const launcher = await findLauncher(packFolder, around);
  const plan = launcher && planHooks(await readCommands(launcher), program, process.platform);
  tellPlan(console, launcher, plan);
  if (flags.writeHooks !== true) return true;
  if (hazards.some(({ everywhere }) => everywhere)) return false;
  if (launcher === undefined || plan?.file === undefined) {
    throw new SyncError('usage', "the launcher's settings were not found; enter the lines in the launcher by hand");
  }
  await checkStopped(launcher, plan, around, flags.force === true);
  const { file, backup } = await writeHooks(launcher, plan);
  console.object({ message_type: 'hooks', written: backup !== undefined, file, backup: backup ?? null });
  const text = backup === undefined ? `nothing to change in ${file}` : `written to ${file}; as it was: ${backup}`;
  console.line('info', text);
  return true;
}

/** A launcher that runs writes its settings when it ends, and with them goes what was written meanwhile. */
async function checkStopped(launcher: Launcher, plan: HookPlan, around: Surroundings, force: boolean): Promise<void> {
  if (force || plan.changes.every(({ before, after }) => before === after)) return;
  const name = launcher.name ?? 'the launcher';
  if (launcher.name === undefined) {
    const todo = 'close it, and give --force';
    throw new SyncError('in-use', `which launcher this instance belongs to was not found, so it may run; ${todo}`);
  }
  const run = await launcherRun(launcher.name, around);
  if (run.state === 'stopped') return;
  if (run.state === 'running') {
    throw new SyncError('in-use', `${name} is running and would take the change back; close it and run setup again`);
  }
  const todo = 'close the launcher, and give --force';
  throw new SyncError('in-use', `whether ${name} is running cannot be told (${run.why}); ${todo}`);
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
  if (plan?.changes.every(({ kind }) => kind === 'present' || kind === 'wrapped') === true) {
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
