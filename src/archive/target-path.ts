/** Paths as restic takes them apart, on POSIX and on Windows. Purely of text; names are raw strings. */
import { posix, win32 } from 'node:path';

/** Go's filepath.Clean. */
export function cleanPath(path: string, platform: NodeJS.Platform): string {
  const paths = pathsOf(platform);
  const clean = paths.normalize(path);
  const { root } = paths.parse(clean);
  const end = clean.replace(platform === 'win32' ? /[\\/]+$/ : /\/+$/, '');
  return clean.length > root.length ? end : clean;
}

export function joinPath(folder: string, name: string, platform: NodeJS.Platform): string {
  return cleanPath(pathsOf(platform).join(folder, name), platform);
}

/** `path` as an absolute one; `cwd` is absolute. */
export function absolutePath(cwd: string, path: string, platform: NodeJS.Platform): string {
  return cleanPath(pathsOf(platform).resolve(cwd, path), platform);
}

function isAbsolutePath(path: string, platform: NodeJS.Platform): boolean {
  return pathsOf(platform).isAbsolute(path);
}

/** "C:" of "C:\x", "\\server\share" of a network path, '' on POSIX. */
export function volumeOf(path: string, platform: NodeJS.Platform): string {
  if (platform !== 'win32') return '';
  return win32.parse(path).root.replace(/[\\/]+$/, '');
}

/**
 * The names under which a path lies in a snapshot: 'C:\x\y' is C, x, y; '../../x' is x; '.' and '/' are none.
 * `isVirtual` says that the first one is a volume, which is no folder.
 */
export function pathSteps(
  path: string,
  platform: NodeJS.Platform,
): { readonly steps: string[]; readonly isVirtual: boolean } {
  const volume = volumeOf(path, platform);
  const { sep } = pathsOf(platform);
  // Below an invented root: steps upwards end there.
  const clean = pathsOf(platform).normalize(sep + path.slice(volume.length));
  const steps = clean.split(platform === 'win32' ? /[\\/]/ : '/').filter((step) => step !== '');
  if (volume === '') return { steps, isVirtual: false };
  return { steps: [volume.replace(/^(.):$/, '$1'), ...steps], isVirtual: true };
}

/** The folder in which the first step of a path lies: '/', '.', '../..', 'C:\'. */
export function rootOf(path: string, platform: NodeJS.Platform): string {
  const { sep } = pathsOf(platform);
  if (isAbsolutePath(path, platform)) return volumeOf(path, platform) + sep;
  const steps = cleanPath(path, platform).split(sep);
  const up = steps.filter((step) => step === '..');
  return up.length === 0 ? '.' : up.join(sep);
}

function pathsOf(platform: NodeJS.Platform): typeof posix {
  return platform === 'win32' ? win32 : posix;
}
