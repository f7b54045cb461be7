/** Where restic keeps its cache, so that both programs share one. */
import { homedir } from 'node:os';
import { join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** undefined where the system names no place. */
export function cacheFolder(env: Environment, platform: NodeJS.Platform = process.platform): string | undefined {
  const given = env['RESTIC_CACHE_DIR'];
  if (given) return given;
  if (platform === 'win32') return env['LOCALAPPDATA'] ? join(env['LOCALAPPDATA'], 'restic') : undefined;
  const home = env['HOME'] || homedir();
  if (platform === 'darwin') return home ? join(home, 'Library', 'Caches', 'restic') : undefined;
  if (env['XDG_CACHE_HOME']) return join(env['XDG_CACHE_HOME'], 'restic');
  return home ? join(home, '.cache', 'restic') : undefined;
}
