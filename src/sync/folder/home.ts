/**
 * Where a game folder was at its last sync, in `.cloud-sync/home.json`:
 *   {"schema":1, "instance_id", "host", "folder", "device", "inode"}
 * so that a copy of an instance, which would take part in the same instance unasked, is noticed. Device and inode are
 * those of `.cloud-sync`, as decimal text: they go with a folder that is moved, and not with one that is copied.
 */
import { realpath, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { ioError, isSyncError } from '../../base/errors.js';
import { toFsPath } from '../../base/raw-string.js';
import type { Relocation } from '../merge/decisions.js';
import { writeFileAtomic } from '../swap/atomic-write.js';
import { nodeFs } from '../swap/fs-ops.js';
import { CLOUD_FOLDER, type Instance, readInstance } from './instance.js';
import { checkSchema, readJsonFile } from './json-file.js';

const HOME_FILE = 'home.json';
const REBUILT = 'it is built anew, nothing is lost';

interface Place {
  /** The game folder's real path. */
  readonly folder: string;
  readonly device: string;
  readonly inode: string;
}

interface Home extends Place {
  readonly instanceId: string;
  readonly host: string;
}

/**
 * 'same': the folder that it was, be it under another name of the same disk. 'new': nothing is recorded, or it was
 * recorded on another PC or for another instance.
 */
export async function findRelocation(instance: Instance): Promise<'same' | 'new' | Relocation> {
  const home = await readHome(instance);
  if (home?.instanceId !== instance.settings.instanceId || home.host !== hostname()) return 'new';
  const here = await placeOf(instance.packFolder);
  if (isSamePlace(home, here)) return 'same';
  const there = await instanceAt(home.folder, instance.settings.instanceId);
  if (there !== undefined && isSamePlace(there, here)) return 'same';
  return { from: home.folder, to: here.folder, stillThere: there !== undefined };
}

/** Records this place; writes only if that is news. The instance lock must be held. */
export async function writeHome(instance: Instance): Promise<void> {
  const { folder, device, inode } = await placeOf(instance.packFolder);
  const home: Home = { instanceId: instance.settings.instanceId, host: hostname(), folder, device, inode };
  const old = await readHome(instance);
  if (old !== undefined && textOf(old) === textOf(home)) return;
  await writeFileAtomic(nodeFs, join(instance.cloudFolder, HOME_FILE), textOf(home));
}

function textOf({ instanceId, host, folder, device, inode }: Home): string {
  return `${JSON.stringify({ schema: 1, instance_id: instanceId, host, folder, device, inode })}\n`;
}

async function placeOf(packFolder: string): Promise<Place> {
  try {
    const { dev, ino } = await stat(toFsPath(join(packFolder, CLOUD_FOLDER)), { bigint: true });
    return { folder: await realpath(packFolder), device: String(dev), inode: String(ino) };
  } catch (error) {
    throw ioError(error, 'cannot look at', packFolder);
  }
}

/** What is at the old place, if it is the same instance. */
async function instanceAt(folder: string, instanceId: string): Promise<Place | undefined> {
  try {
    const found = await readInstance(folder);
    return found?.settings.instanceId === instanceId ? await placeOf(folder) : undefined;
  } catch (error) {
    // Not there any more, or broken, or on a disk that is not there: nothing that synchronises with this id.
    if (isSyncError(error)) return undefined;
    throw error;
  }
}

function isSamePlace(a: Place, b: Place): boolean {
  if (a.device === b.device && a.inode === b.inode) return true;
  return process.platform === 'win32' ? a.folder.toLowerCase() === b.folder.toLowerCase() : a.folder === b.folder;
}

/** Undefined if there is none that is whole: a broken record counts for nothing. */
async function readHome(instance: Instance): Promise<Home | undefined> {
  const path = join(instance.cloudFolder, HOME_FILE);
  try {
    const object = await readJsonFile(nodeFs, path, REBUILT);
    if (object === undefined) return undefined;
    checkSchema(object, 1, path, REBUILT);
    const { instance_id: instanceId, host, folder, device, inode } = object;
    if (typeof instanceId !== 'string' || typeof host !== 'string' || typeof folder !== 'string') return undefined;
    if (typeof device !== 'string' || typeof inode !== 'string') return undefined;
    return { instanceId, host, folder, device, inode };
  } catch (error) {
    if (isSyncError(error, 'bad-settings')) return undefined;
    throw error;
  }
}
