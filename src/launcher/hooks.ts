/**
 * The commands in a launcher's settings: what is there, what a setup would make of it, and writing that. Commands of
 * others are chained behind ours, never dropped. PreLaunchCommand, WrapperCommand and PostExitCommand are overridden
 * together by an instance's OverrideCommands; the file that counts is the one that is changed.
 */
import { SyncError } from '../base/errors.js';
import { type HookProgram, hookLine, isSameProgram, readOwnLine } from './command-line.js';
import { type Launcher, readIniFile } from './find-launcher.js';
import type { IniFile } from './ini-file.js';
import { replaceFile } from './replace-file.js';

export interface LauncherCommands {
  /** The file that counts for this instance; undefined if the launcher's was not found. */
  readonly file: string | undefined;
  /** Whether it is the instance's own, by OverrideCommands. */
  readonly isInstance: boolean;
  /** As the launcher reads them; '' for none. */
  readonly preLaunch: string;
  readonly postExit: string;
  readonly wrapper: string;
}

/** Throws 'io' for a file that cannot be read. */
export async function readCommands(launcher: Launcher): Promise<LauncherCommands> {
  return commandsOf(await readSettings(launcher));
}

interface Settings {
  readonly file: string | undefined;
  readonly isInstance: boolean;
  readonly ini: IniFile | undefined;
}

async function readSettings({ instanceConfig, config, dialect }: Launcher): Promise<Settings> {
  const instance = await readIniFile(instanceConfig, dialect);
  if (/^(?!false$|0$).+/i.test(instance?.get('OverrideCommands') ?? '')) {
    return { file: instanceConfig, isInstance: true, ini: instance };
  }
  const ini = config === undefined ? undefined : await readIniFile(config, dialect);
  return { file: ini && config, isInstance: false, ini };
}

/** Each with the name that old versions wrote. */
const KEYS = {
  preLaunch: ['PreLaunchCommand', 'PreLaunchCmd'],
  postExit: ['PostExitCommand', 'PostExitCmd'],
  wrapper: ['WrapperCommand'],
} as const;

function commandsOf({ file, isInstance, ini }: Settings): LauncherCommands {
  const get = (keys: readonly string[]): string => {
    const key = keys.find((name) => ini?.get(name) !== undefined);
    return (key === undefined ? '' : (ini?.get(key) ?? '')).trim();
  };
  return {
    file,
    isInstance,
    preLaunch: get(KEYS.preLaunch),
    postExit: get(KEYS.postExit),
    wrapper: get(KEYS.wrapper),
  };
}

export interface HookChange {
  readonly command: 'pull' | 'push';
  readonly before: string;
  /** The line that should stand there. */
  readonly after: string;
  /**
   * 'present': nothing to do; 'new': there was none; 'chained': behind ours; 'updated': ours, of another place;
   * 'wrapped': the wrapper command does it already.
   */
  readonly kind: 'present' | 'new' | 'chained' | 'updated' | 'wrapped';
}

export interface HookPlan extends LauncherCommands {
  readonly changes: readonly HookChange[];
}

/** What there would be with `program` as the hook. */
export function planHooks(commands: LauncherCommands, program: HookProgram, platform: NodeJS.Platform): HookPlan {
  const wrapped = readOwnLine(commands.wrapper, program.script)?.command === 'wrap';
  const plan = (command: 'pull' | 'push', before: string): HookChange => {
    if (wrapped) return { command, before, after: before, kind: 'wrapped' };
    return planChange(command, before, program, platform);
  };
  return { ...commands, changes: [plan('pull', commands.preLaunch), plan('push', commands.postExit)] };
}

function planChange(
  command: 'pull' | 'push',
  before: string,
  program: HookProgram,
  platform: NodeJS.Platform,
): HookChange {
  const line = (chained?: string): string => hookLine(program, command, platform, chained);
  if (before === '') return { command, before, after: line(), kind: 'new' };
  const own = readOwnLine(before, program.script);
  if (own?.command !== command) return { command, before, after: line(before), kind: 'chained' };
  if (!own.whole || isSameProgram(own, program, platform)) return { command, before, after: before, kind: 'present' };
  return { command, before, after: `${line()} ${own.rest}`.trimEnd(), kind: 'updated' };
}

export interface WrittenHooks {
  readonly file: string;
  /** Where the file as it was lies; undefined if nothing had to be changed. */
  readonly backup: string | undefined;
}

/**
 * Writes what the plan says, unless it is there. The launcher must not be running (running.ts). Throws 'usage' if the
 * launcher's settings were not found, 'in-use' if they changed since the plan, 'unsupported' for a line that the
 * launcher would not read back.
 */
export async function writeHooks(launcher: Launcher, plan: HookPlan): Promise<WrittenHooks> {
  const { file, ini } = await readSettings(launcher);
  if (file === undefined || ini === undefined || file !== plan.file) {
    throw new SyncError('usage', "the launcher's settings were not found; enter the lines in the launcher by hand");
  }
  let changed = ini;
  for (const { command, before, after } of plan.changes) {
    const { preLaunch, postExit } = commandsOf({ file, isInstance: plan.isInstance, ini });
    if ((command === 'pull' ? preLaunch : postExit) !== before) {
      throw new SyncError('in-use', `${file} was changed by another program meanwhile; close the launcher, try again`);
    }
    if (after === before) continue;
    if (launcher.dialect === undefined) checkReadsBack(after, file, ini);
    changed = changed.set((command === 'pull' ? KEYS.preLaunch : KEYS.postExit)[0], after);
  }
  if (changed === ini) return { file, backup: undefined };
  return { file, backup: await replaceFile(file, ini.bytes, changed.bytes) };
}

/** When Prism takes over a file of an old form, it strips the outer quotes of such a value. */
function checkReadsBack(line: string, file: string, ini: IniFile): void {
  const old = ini.dialect === 'plain' || ini.get('ConfigVersion') === '1.1';
  if (!old || !/[;=,]/.test(line) || !line.endsWith('"')) return;
  const todo = 'start the launcher once so that it renews the file, or enter the lines in it by hand';
  throw new SyncError('unsupported', `${file} is of an old form that cannot hold this line; ${todo}`);
}
