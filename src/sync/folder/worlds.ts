/** The worlds of a game folder as the game shows them: name, when they were last played, picture. Looks only. */
import { join } from 'node:path';
import type { Bytes } from '../../base/bytes.js';
import { SyncError } from '../../base/errors.js';
import { readLevel } from '../merge/level-name.js';
import { worldOf } from '../merge/units.js';
import { packFolderOf, type SyncOptions } from '../session.js';
import { nodeFs } from '../swap/fs-ops.js';
import { LARGEST_ICON, pngOf } from './world-picture.js';

export interface WorldFacts {
  /** Its folder, as "saves/World". */
  readonly folder: string;
  /** Its name in the game; missing if its level.dat does not tell. */
  readonly name?: string;
  /** In scope. */
  readonly files: number;
  readonly bytes: number;
  /** ISO 8601, by the clock of the PC that played it. */
  readonly lastPlayed?: string;
  /** Whether there is an icon.png: readWorldIcon gives it. */
  readonly hasIcon: boolean;
}

/** More are not looked at for the picture of an instance. */
const MOST_WORLDS = 200;

interface Entry {
  readonly type: 'file' | 'symlink' | 'dir';
  readonly size: number;
}

interface Counted {
  files: number;
  bytes: number;
}

/** `entries`: what lies in the game folder, by path. In order of the folders' names. */
export async function describeWorlds(packFolder: string, entries: ReadonlyMap<string, Entry>): Promise<WorldFacts[]> {
  const worlds = new Map<string, Counted>();
  for (const [path, { type, size }] of entries) {
    const world = worldOf(path);
    if (world === undefined) continue;
    const counted = worlds.get(world) ?? { files: 0, bytes: 0 };
    worlds.set(world, counted);
    if (type !== 'dir') counted.files += 1;
    counted.bytes += size;
  }
  const facts: WorldFacts[] = [];
  for (const [folder, counted] of [...worlds].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const isFile = (name: string): boolean => entries.get(`${folder}/${name}`)?.type === 'file';
    const level = isFile('level.dat') ? await readLevelOf(join(packFolder, folder, 'level.dat')) : {};
    facts.push({ folder, ...counted, ...level, hasIcon: isFile('icon.png') });
  }
  return facts;
}

async function readLevelOf(path: string): Promise<Pick<WorldFacts, 'name' | 'lastPlayed'>> {
  const bytes = await nodeFs.readFile(path).catch(() => {
    // The game holds it, or this user may not read it: the folder's name does.
    return undefined;
  });
  const { name, lastPlayedMs } = (bytes && readLevel(bytes)) ?? {};
  const time = lastPlayedMs === undefined ? undefined : new Date(lastPlayedMs);
  return {
    ...(name === undefined || name.trim() === '' ? {} : { name }),
    ...(time === undefined || Number.isNaN(time.getTime()) ? {} : { lastPlayed: time.toISOString() }),
  };
}

/** The world whose picture is the newest, as "saves/World": a picture for the instance. Never throws. */
export async function newestIcon(packFolder: string): Promise<string | undefined> {
  let newest: { readonly folder: string; readonly mtimeNs: bigint } | undefined;
  for (const name of (await nodeFs.readdir(join(packFolder, 'saves')).catch(() => [])).slice(0, MOST_WORLDS)) {
    const icon = await nodeFs.lstat(join(packFolder, 'saves', name, 'icon.png')).catch(() => undefined);
    if (icon?.type !== 'file' || (newest !== undefined && newest.mtimeNs >= icon.mtimeNs)) continue;
    newest = { folder: `saves/${name}`, mtimeNs: icon.mtimeNs };
  }
  return newest?.folder;
}

/**
 * The picture of a world, `world` being its folder as "saves/World": the bytes of a PNG file, up to 1 MiB. Undefined if
 * there is none. Throws 'usage' for what is no world's folder, 'io'.
 */
export async function readWorldIcon(
  options: Pick<SyncOptions, 'packFolder'> & { readonly world: string },
): Promise<Bytes | undefined> {
  const name = /^saves\/([^/\\]+)$/.exec(options.world)?.[1];
  if (name === undefined || name === '.' || name === '..') {
    throw new SyncError('usage', `${JSON.stringify(options.world)} is no world's folder, such as saves/World`);
  }
  const path = join(packFolderOf(options), 'saves', name, 'icon.png');
  const entry = await nodeFs.lstat(path);
  if (entry?.type !== 'file' || entry.size > LARGEST_ICON) return undefined;
  return pngOf(await nodeFs.readFile(path));
}
