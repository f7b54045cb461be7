/** The launcher's half of a setup, for windows and terminals alike: what belongs into its settings, and writing that. */
import type { HookPlan, HookProgram, Launcher, PathHazard, Surroundings, WrittenHooks } from '../../index.js';
import { findHazards, findLauncher, launcherRun, planHooks, readCommands, SyncError, writeHooks } from '../../index.js';

export interface LauncherSetup {
  /** Paths that a launcher's line cannot hold, or only some launchers'. */
  readonly hazards: readonly PathHazard[];
  /** Undefined if none of a known kind is around the game folder. */
  readonly launcher: Launcher | undefined;
  readonly plan: HookPlan | undefined;
}

/** Looks only. Throws 'io' for settings that cannot be read. */
export async function planLauncherSetup(
  packFolder: string,
  program: HookProgram,
  around: Surroundings,
): Promise<LauncherSetup> {
  const hazards = findHazards(program, around.platform);
  const launcher = await findLauncher(packFolder, around);
  const plan = launcher && planHooks(await readCommands(launcher), program, around.platform);
  return { hazards, launcher, plan };
}

export function areLinesThere(plan: HookPlan): boolean {
  return plan.changes.every(({ kind }) => kind === 'present' || kind === 'wrapped');
}

/**
 * Writes the lines. Throws 'usage' if there is nowhere to write them or a path cannot be in them, 'in-use' if the
 * launcher runs or may run (unless `force`), and what writeHooks throws.
 */
export async function writeLauncherSetup(
  { hazards, launcher, plan }: LauncherSetup,
  around: Surroundings,
  force: boolean,
): Promise<WrittenHooks> {
  const bad = hazards.find(({ everywhere }) => everywhere);
  if (bad !== undefined) {
    const todo = 'move it to a folder with a plain name and set up from there';
    throw new SyncError('usage', `the path ${bad.path} has ${bad.what}, which no launcher's line can hold; ${todo}`);
  }
  if (launcher === undefined || plan?.file === undefined) {
    throw new SyncError('usage', "the launcher's settings were not found; enter the lines in the launcher by hand");
  }
  await checkStopped(launcher, plan, around, force);
  return writeHooks(launcher, plan);
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
