/**
 * Folders for the profiles of browsers that show our windows. Two windows at once need two: in one profile the second
 * would be shown by the process of the first, and end with it.
 */
import { lstat, mkdir, readlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isRunning } from '../../base/process.js';

type Env = Readonly<Record<string, string | undefined>>;

/** More windows than that at once open in the browser's usual profile. */
const MAX_PROFILES = 4;

/** In the user's cache: what lies there may be removed at any time. */
export function defaultProfiles(platform: NodeJS.Platform, env: Env): string {
  const name = join('instance-sync', 'window');
  if (platform === 'win32') return join(env['LOCALAPPDATA'] || join(homedir(), 'AppData', 'Local'), name);
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', name);
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), name);
}

/** The first profile below `folder` that no browser uses; undefined if none can be had. */
export async function freeProfile(folder: string): Promise<string | undefined> {
  for (let number = 1; number <= MAX_PROFILES; number++) {
    const profile = join(folder, String(number));
    try {
      await mkdir(profile, { recursive: true, mode: 0o700 });
      if (!(await isInUse(profile))) return profile;
    } catch {
      // A disk that is full or read-only; a browser's usual profile does as well.
      return undefined;
    }
  }
  return undefined;
}

/** By Chromium's own locks: a link "host-pid" on POSIX, on Windows a file that is there as long as it is open. */
async function isInUse(profile: string): Promise<boolean> {
  const link = await readlink(join(profile, 'SingletonLock')).catch(() => undefined);
  if (link !== undefined) return isRunning(Number(/-(\d+)$/.exec(link)?.[1] ?? Number.NaN));
  return lstat(join(profile, 'lockfile')).then(
    () => true,
    () => false,
  );
}
