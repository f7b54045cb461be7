/**
 * The launcher around a game folder: `<instances>/<id>/(minecraft|.minecraft)` with `<instances>/<id>/instance.cfg`,
 * and the folder of the launcher's own data, which is the one above `instances`, or one whose settings name the
 * instances' folder. Prism Launcher, MultiMC, PolyMC and their forks all lie so. Looks only.
 */
import { readdir, readFile, realpath } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { errnoOf, ioError } from '../base/errors.js';
import { type IniFile, readIni } from './ini-file.js';
import type { Dialect } from './ini-value.js';
import { type Surroundings, usualRoots } from './places.js';

export interface Launcher {
  /** The launcher's data folder; undefined if only the instance was found. */
  readonly root: string | undefined;
  /** Its settings, `<root>/prismlauncher.cfg`. */
  readonly config: string | undefined;
  /** "prismlauncher", from the name of the settings. */
  readonly name: string | undefined;
  /** `<instances>/<id>/instance.cfg` */
  readonly instanceConfig: string;
  /** Of both files; undefined: each says itself. */
  readonly dialect: Dialect | undefined;
  /** A sandbox cannot see programs outside of it. */
  readonly sandbox: 'flatpak' | 'snap' | undefined;
}

/** In the order in which Prism itself looks, for a folder that went through several hands. */
const KNOWN = ['prismlauncher', 'fjordlauncher', 'freesmlauncher', 'polymc', 'pollymc', 'ultimmc', 'multimc'];
/** Keys that only a launcher's own settings have: playtime.cfg and the like lie beside them. */
const SIGNS = ['InstanceDir', 'PreLaunchCommand', 'SelectedInstance', 'LastHostname', 'MainWindowGeometry', 'IconsDir'];
const LARGEST = 16 * 1024 * 1024;

/** Undefined if the game folder is none of such a launcher's. Throws 'io' for a file that is there and unreadable. */
export async function findLauncher(gameFolder: string, around: Surroundings): Promise<Launcher | undefined> {
  const game = await realOf(resolve(gameFolder));
  const instance = dirname(game);
  const instanceConfig = join(instance, 'instance.cfg');
  if (!/^\.?minecraft$/i.test(basename(game)) || (await readSmallFile(instanceConfig)) === undefined) return undefined;
  const instances = dirname(instance);
  const near = dirname(instances);
  const config = await findConfig(near);
  if (config !== undefined && (await holds(config, instances))) return describe(config, instanceConfig);
  for (const root of await usualRoots(around)) {
    const other = await findConfig(root);
    if (other !== undefined && (await holds(other, instances))) return describe(other, instanceConfig);
  }
  const none = { root: undefined, config: undefined, name: undefined, dialect: undefined };
  return { ...none, instanceConfig, sandbox: sandboxOf(instanceConfig) };
}

function describe(config: string, instanceConfig: string): Launcher {
  const name = basename(config, extname(config)).toLowerCase();
  // MultiMC knows nothing of the mark by which the others tell their files.
  const dialect = name === 'multimc' || name === 'ultimmc' ? 'plain' : undefined;
  return { root: dirname(config), config, name, instanceConfig, dialect, sandbox: sandboxOf(config) };
}

function sandboxOf(path: string): Launcher['sandbox'] {
  if (/[\\/]\.var[\\/]app[\\/]/.test(path)) return 'flatpak';
  return /[\\/]snap[\\/][^\\/]+[\\/](common|current|\d+)[\\/]/.test(path) ? 'snap' : undefined;
}

/** The settings in a launcher's data folder; undefined if it is none. */
export async function findConfig(root: string): Promise<string | undefined> {
  const names = await namesIn(root);
  const configs = names.filter((name) => /\.cfg$/i.test(name) && name !== 'instance.cfg');
  const rank = (name: string): number => (KNOWN.indexOf(stem(name)) + KNOWN.length + 1) % (KNOWN.length + 1);
  for (const name of configs.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))) {
    const path = join(root, name);
    if (KNOWN.includes(stem(name))) return path;
    const ini = await readIniFile(path).catch(() => {
      // Somebody else's file in a folder that may be nobody's launcher.
      return undefined;
    });
    if (ini !== undefined && SIGNS.some((key) => ini.get(key) !== undefined)) return path;
  }
  return undefined;
}

/** Whether the launcher of these settings looks for instances in that folder. */
async function holds(config: string, instances: string): Promise<boolean> {
  for (const path of await instanceFolders(config)) if ((await realOf(path)) === instances) return true;
  return false;
}

/** Where the launcher of these settings looks for instances. Throws 'io'. */
export async function instanceFolders(config: string): Promise<string[]> {
  const ini = await readIniFile(config);
  const named = [ini?.get('InstanceDir') || 'instances', ...(ini?.getList('AdditionalInstanceDirs') ?? [])];
  return named.map((path) => resolve(dirname(config), path));
}

/** Undefined if the file is missing. Throws 'io'. */
export async function readIniFile(path: string, dialect?: Dialect): Promise<IniFile | undefined> {
  const bytes = await readSmallFile(path);
  return bytes === undefined ? undefined : readIni(bytes, dialect);
}

async function readSmallFile(path: string): Promise<Buffer | undefined> {
  try {
    const bytes = await readFile(path);
    if (bytes.length > LARGEST) throw new Error(`it is ${bytes.length} bytes long`);
    return bytes;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(errnoOf(error) ?? '')) return undefined;
    throw ioError(error, "cannot read the launcher's settings", path);
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    // Not there or not readable: no settings that could be used.
    return [];
  }
}

async function realOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    // It leads to nothing; as it is written, it is compared all the same.
    return path;
  }
}

function stem(name: string): string {
  return basename(name, extname(name)).toLowerCase();
}
