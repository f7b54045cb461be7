/** doctor's look at what starts this program: node, the script, and the lines in the launcher's settings. */
import { existsSync } from 'node:fs';
import { basename, isAbsolute } from 'node:path';
import type { Checkup, Launcher, LauncherCommands, Surroundings } from '../../index.js';
import { findHazards, findLauncher, isSyncError, planHooks, readCommands, readOwnLine } from '../../index.js';
import { thisProgram } from './hook-lines.js';

/** Node, and the paths that a launcher's line will name. */
export function checkNode(): Checkup[] {
  const { node, script } = thisProgram();
  const checkups: Checkup[] = [
    { id: 'node', level: 'ok', message: `Node.js ${process.versions.node} at ${node}` },
    { id: 'script', level: 'ok', message: `instance-sync at ${script}` },
  ];
  for (const { path, what, everywhere } of findHazards({ node, script }, process.platform)) {
    const level = everywhere ? 'problem' : 'warning';
    const todo = 'move it to a folder with a plain name, and run "instance-sync setup" again';
    checkups.push({ id: 'script', level, message: `the path ${path} has ${what}`, todo });
  }
  if (isTemporary(script)) {
    const todo = 'install instance-sync in a folder of its own, and run "instance-sync setup" again';
    checkups.push({ id: 'script', level: 'warning', message: `${script} may be cleaned up at any time`, todo });
  }
  return checkups;
}

/** npx unpacks a program for one call. */
export function isTemporary(script: string): boolean {
  return /[\\/]_npx[\\/]/.test(script);
}

/** Whether the launcher around the game folder runs the hook. */
export async function checkLauncher(packFolder: string, around: Surroundings): Promise<Checkup[]> {
  try {
    const launcher = await findLauncher(packFolder, around);
    if (launcher === undefined) {
      const message = 'no Prism Launcher, MultiMC or fork of them around this folder: its hooks cannot be checked';
      return [{ id: 'launcher', level: 'ok', message }];
    }
    return checkHooks(launcher, await readCommands(launcher));
  } catch (error) {
    if (!isSyncError(error)) throw error;
    return [{ id: 'launcher', level: 'problem', message: error.message }];
  }
}

const SET_UP = 'run "instance-sync setup": it shows the lines, with --write-hooks it enters them';

function checkHooks(launcher: Launcher, commands: LauncherCommands): Checkup[] {
  const { file } = commands;
  if (file === undefined) {
    const message = "the launcher's own settings were not found: its hooks cannot be checked";
    return [
      { id: 'launcher', level: 'warning', message, todo: 'compare its custom commands with "instance-sync setup"' },
    ];
  }
  const checkups: Checkup[] = [];
  const own = commands.isInstance ? ", this instance's own custom commands" : '';
  checkups.push({ id: 'launcher', level: 'ok', message: `launcher settings ${file}${own}` });
  if (isHidden(launcher)) {
    const message = `the launcher runs in a ${launcher.sandbox} sandbox, which may hide ${thisProgram().node} from it`;
    const todo = 'give it access to that folder (Flatseal), or put node and instance-sync into its data folder';
    checkups.push({ id: 'sandbox', level: 'warning', message, todo });
  }
  for (const { command, before, kind } of planHooks(commands, thisProgram(), process.platform).changes) {
    const where = command === 'pull' ? 'pre-launch command' : 'post-exit command';
    if (kind === 'wrapped') checkups.push(...checkLine('wrap', 'wrapper command', commands.wrapper));
    else if (kind === 'new' || kind === 'chained') {
      const found = kind === 'new' ? 'is empty' : `is another one (${before})`;
      checkups.push({ id: command, level: 'problem', message: `the ${where} ${found}`, todo: SET_UP });
    } else checkups.push(...checkLine(command, where, before));
  }
  return checkups.filter(({ message }, i) => checkups.findIndex((other) => other.message === message) === i);
}

/** What lies in the sandbox's own folder is seen from inside. */
export function isHidden({ sandbox }: Launcher): boolean {
  const inside = sandbox === 'flatpak' ? /[\\/]\.var[\\/]app[\\/]/ : /[\\/]snap[\\/]/;
  return sandbox !== undefined && !inside.test(thisProgram().node);
}

function checkLine(id: string, where: string, line: string): Checkup[] {
  const { script } = thisProgram();
  const found = readOwnLine(line, script);
  if (found === undefined) return [];
  const named = [found.node, found.script].filter((path) => path !== '');
  const vague = named.filter((path) => !isAbsolute(path));
  if (vague.length > 0) {
    const message = `the ${where} names ${vague.join(' and ')} without a folder, so the launcher may find another`;
    return [{ id, level: 'warning', message, todo: SET_UP }];
  }
  const missing = named.filter((path) => !existsSync(path));
  if (missing.length > 0) {
    return [
      {
        id,
        level: 'problem',
        message: `the ${where} names ${missing.join(' and ')}, which is not there`,
        todo: SET_UP,
      },
    ];
  }
  if (basename(found.script) === basename(script) && existsSync(script) && !isThis(found.script, script)) {
    const message = `the ${where} runs another copy, ${found.script}`;
    return [{ id, level: 'warning', message, todo: SET_UP }];
  }
  return [{ id, level: 'ok', message: `the ${where} runs this program` }];
}

function isThis(path: string, script: string): boolean {
  const form = (text: string): string => {
    const slashes = text.replaceAll('\\', '/');
    return process.platform === 'win32' ? slashes.toLowerCase() : slashes;
  };
  return form(path) === form(script);
}
