/** The part of a version that a player wants back: a world, a path, or all of it. */
import type { Manifest } from '../../archive/manifest.js';
import { SyncError } from '../../base/errors.js';
import { findWorld } from '../folder/world-name.js';
import { worldsOf } from '../merge/units.js';
import { foldersAbove } from '../swap/game-path.js';

export interface Chosen {
  /** Missing for everything. */
  readonly part?: string;
  includes(path: string): boolean;
  /** Whether something of the part lies at, below or above a path. */
  touches(path: string): boolean;
}

export interface ChosenNames {
  readonly world?: string | undefined;
  readonly path?: string | undefined;
}

/** Undefined if the version has no such world or path. Throws 'usage' for a path that leads out of the game folder. */
export function choosePart(
  version: Manifest,
  { world, path }: ChosenNames,
  platform: NodeJS.Platform,
): Chosen | undefined {
  if (world !== undefined) {
    const folder = findWorld(worldsOf(version), world);
    return folder === undefined ? undefined : below(folder);
  }
  if (path === undefined) return { includes: () => true, touches: () => true };
  const part = cleanPath(path, platform);
  if (part === '') return { includes: () => true, touches: () => true };
  const chosen = below(part);
  return [...version.keys()].some((one) => chosen.includes(one)) ? chosen : undefined;
}

function below(part: string): Chosen {
  const includes = (path: string): boolean => path === part || path.startsWith(`${part}/`);
  const above = new Set(foldersAbove(part));
  return { part, includes, touches: (path) => includes(path) || above.has(path) };
}

/** As the paths of a version are written. Throws 'usage' for one that leads out of the game folder. */
export function cleanPath(path: string, platform: NodeJS.Platform): string {
  const plain = platform === 'win32' ? path.replaceAll('\\', '/') : path;
  const names = plain.split('/').filter((name) => name !== '' && name !== '.');
  const isAbsolute = plain.startsWith('/') || (platform === 'win32' && /^[A-Za-z]:/.test(plain));
  if (isAbsolute || names.includes('..')) {
    const message = `${JSON.stringify(path)} is not in the game folder; give a path relative to it, such as config`;
    throw new SyncError('usage', message);
  }
  return names.join('/');
}
