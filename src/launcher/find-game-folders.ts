/** The game folders of all instances of this user's launchers, as far as they are where launchers usually are. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isSyncError } from '../base/errors.js';
import { findConfig, instanceFolders } from './find-launcher.js';
import { type Surroundings, usualRoots } from './places.js';

/** Far more than anybody has; it bounds the time for a folder that only looks like one of instances. */
const MOST = 2000;

/** Looks at names only, save the launchers' own settings. Never throws: what cannot be read is not found. */
export async function findGameFolders(around: Surroundings): Promise<string[]> {
  const found = new Set<string>();
  for (const root of await usualRoots(around)) {
    const config = await findConfig(root);
    if (config === undefined) continue;
    for (const folder of await foldersOf(config)) for (const game of await gamesIn(folder)) found.add(game);
  }
  return [...found];
}

async function foldersOf(config: string): Promise<string[]> {
  try {
    return await instanceFolders(config);
  } catch (error) {
    if (isSyncError(error, 'io')) return [];
    throw error;
  }
}

async function gamesIn(instances: string): Promise<string[]> {
  const games: string[] = [];
  for (const id of (await namesIn(instances)).slice(0, MOST)) {
    const names = await namesIn(join(instances, id));
    if (!names.includes('instance.cfg')) continue;
    const game = names.find((name) => name === '.minecraft') ?? names.find((name) => name === 'minecraft');
    if (game !== undefined) games.push(join(instances, id, game));
  }
  return games;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    // A file, or not there, or not for this user.
    return [];
  }
}
