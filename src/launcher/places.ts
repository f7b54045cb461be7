/**
 * Where launchers of MultiMC's family keep their data, for instances whose folder was moved away from it. All of them
 * have a folder with `<name>.cfg` in it, so that forks are found without knowing their names.
 */
import { readdir } from 'node:fs/promises';
import { join, posix, win32 } from 'node:path';

/** What the search depends on, so that every system can be played. */
export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home folder. */
  readonly home: string;
}

/** Folders that may be a launcher's data folder; some do not exist. */
export async function usualRoots(around: Surroundings): Promise<string[]> {
  const { env } = around;
  const named = Object.keys(env)
    .filter((name) => /^[A-Z]+(LAUNCHER|MC)_DATA_DIR$/.test(name))
    .map((name) => env[name] ?? '')
    .filter((path) => path !== '');
  const parents = await dataFolders(around);
  const below = await Promise.all(parents.map((parent) => foldersIn(parent)));
  return [...new Set([...named, ...below.flat()])];
}

/** Folders in which each program has one of its own. */
async function dataFolders({ platform, env, home }: Surroundings): Promise<string[]> {
  if (platform === 'win32') {
    const roaming = env['APPDATA'] || win32.join(home, 'AppData', 'Roaming');
    const local = env['LOCALAPPDATA'] || win32.join(home, 'AppData', 'Local');
    return [roaming, local, win32.join(local, 'Programs'), win32.join(home, 'scoop', 'persist')];
  }
  if (platform === 'darwin') return [posix.join(home, 'Library', 'Application Support')];
  const data = env['XDG_DATA_HOME'] || posix.join(home, '.local', 'share');
  const flatpaks = await foldersIn(posix.join(home, '.var', 'app'));
  const snaps = await foldersIn(posix.join(home, 'snap'));
  return [data, ...flatpaks.map((app) => posix.join(app, 'data')), ...snaps];
}

async function foldersIn(parent: string): Promise<string[]> {
  try {
    const entries = await readdir(parent, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
      .map(({ name }) => join(parent, name));
  } catch {
    // Missing, or not for this user: no launcher of this user's is in it.
    return [];
  }
}
