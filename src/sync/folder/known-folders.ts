/**
 * The game folders of this PC that are, or were, synchronised: what a window lists. One small file for each, in the
 * user's data folder, so that two commands that end at the same moment cannot lose each other's entry:
 *   <data folder>/instance-sync/instances/<hash of the folder>.json
 *     {"schema":1, "instance_id", "folder", "label", "last_sync"}
 * Nothing depends on it: what cannot be read counts as missing, and the next sync of that folder writes it anew.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readdir, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join, posix, sep, win32 } from 'node:path';
import { errnoOf, ioError, isSyncError } from '../../base/errors.js';
import { makeFolders } from '../../disk/make-folders.js';
import { nodeFs } from '../swap/fs-ops.js';
import { readInstance } from './instance.js';
import { readJsonFile } from './json-file.js';

/** Whose data folder, on which system; by default this process's. */
export interface UserPlaces {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home folder. */
  readonly home: string;
}

export interface KnownFolder {
  /** ULID of the instance that it took part in. */
  readonly instanceId: string;
  /** The game folder, absolute; it may be gone. */
  readonly folder: string;
  /** What the player calls it. */
  readonly label: string;
  /** ISO 8601, of the last sync that did something; missing before the first. */
  readonly lastSync?: string;
}

/** Names another folder for the list; for tests, and for whoever wants none of it in the user's data. */
const OVERRIDE = 'INSTANCE_SYNC_HOME';
const FOLDER = 'instances';
/** Far more than anybody has. */
const MOST = 2000;

export function thisUser(): UserPlaces {
  return { platform: process.platform, env: process.env, home: homedir() };
}

/** The user's folder for what belongs to no game folder. */
export function dataFolder({ platform, env, home }: UserPlaces): string {
  const given = env[OVERRIDE];
  if (given !== undefined && given !== '') return given;
  if (platform === 'win32') {
    return win32.join(env['LOCALAPPDATA'] || win32.join(home, 'AppData', 'Local'), 'instance-sync');
  }
  if (platform === 'darwin') return posix.join(home, 'Library', 'Application Support', 'instance-sync');
  const data = env['XDG_DATA_HOME'];
  // The specification: a relative path there is no path.
  const isUsable = data !== undefined && posix.isAbsolute(data);
  return posix.join(isUsable ? data : posix.join(home, '.local', 'share'), 'instance-sync');
}

/** In order of their labels. Never throws: a list that cannot be read is empty. */
export async function listKnownFolders(places: UserPlaces = thisUser()): Promise<KnownFolder[]> {
  const folder = join(dataFolder(places), FOLDER);
  const names = await readdir(folder).catch((): string[] => []);
  const own = names.filter((name) => /^[0-9a-f]{32}\.json$/.test(name)).slice(0, MOST);
  const read = await Promise.all(own.map((name) => readEntry(join(folder, name))));
  const known = read.filter((one) => one !== undefined);
  const key = ({ label, folder: place }: KnownFolder): string => `${label.toLowerCase()} ${place}`;
  return known.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/**
 * Enters a game folder, or renews its entry; without `lastSync` the time that stands there stays. One that moved takes
 * the place of its old entry. Throws 'io'. Folders in the system's temporary folder are passed over, unless the list has
 * a place of its own.
 */
export async function rememberFolder(entry: KnownFolder, places: UserPlaces = thisUser()): Promise<void> {
  if (!places.env[OVERRIDE] && (await isTemporary(entry.folder))) return;
  const folder = join(dataFolder(places), FOLDER);
  const path = join(folder, nameOf(entry.folder));
  const before = await readEntry(path);
  if (before?.instanceId !== entry.instanceId) await dropMoved(entry, places);
  const lastSync = entry.lastSync ?? (before?.instanceId === entry.instanceId ? before.lastSync : undefined);
  const object = {
    schema: 1,
    instance_id: entry.instanceId,
    folder: entry.folder,
    label: entry.label,
    ...(lastSync === undefined ? {} : { last_sync: lastSync }),
  };
  const temporary = join(folder, `.${randomBytes(6).toString('hex')}.tmp`);
  try {
    await makeFolders(folder);
    // Not flushed: after a power cut the entry may be missing until the next sync, which harms nobody.
    await writeFile(temporary, `${JSON.stringify(object)}\n`);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw ioError(error, 'cannot write', path);
  }
}

/** Takes a game folder off the list; nothing in it is touched. Throws 'io'. */
export async function forgetFolder(folder: string, places: UserPlaces = thisUser()): Promise<void> {
  const path = join(dataFolder(places), FOLDER, nameOf(folder));
  await rm(path, { force: true }).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOTDIR') throw ioError(error, 'cannot remove', path);
  });
}

function nameOf(folder: string): string {
  return `${createHash('sha256').update(folder).digest('hex').slice(0, 32)}.json`;
}

/** The same instance at a place where it no longer is. */
async function dropMoved(entry: KnownFolder, places: UserPlaces): Promise<void> {
  for (const other of await listKnownFolders(places)) {
    if (other.instanceId !== entry.instanceId || other.folder === entry.folder) continue;
    if (!(await isThere(other))) await forgetFolder(other.folder, places);
  }
}

async function isThere({ folder, instanceId }: KnownFolder): Promise<boolean> {
  try {
    return (await readInstance(folder))?.settings.instanceId === instanceId;
  } catch (error) {
    if (!isSyncError(error)) throw error;
    // 'usage': the folder is gone. Whatever else keeps it from being read may pass.
    return error.code !== 'usage';
  }
}

async function readEntry(path: string): Promise<KnownFolder | undefined> {
  try {
    const object = (await readJsonFile(nodeFs, path, 'it is written anew')) ?? {};
    const { schema, instance_id: instanceId, folder, label, last_sync: lastSync } = object;
    if (schema !== 1 || typeof instanceId !== 'string' || typeof folder !== 'string') return undefined;
    if (typeof label !== 'string' || nameOf(folder) !== path.slice(-nameOf(folder).length)) return undefined;
    return { instanceId, folder, label, ...(typeof lastSync === 'string' ? { lastSync } : {}) };
  } catch (error) {
    if (isSyncError(error)) return undefined;
    throw error;
  }
}

async function isTemporary(folder: string): Promise<boolean> {
  const real = await realpath(tmpdir()).catch(() => tmpdir());
  return [tmpdir(), real].some((place) => folder.startsWith(place + sep));
}
