/** Whether a repository is whole, and whether each content that there ever was is still somewhere. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { contentsOf, readGame } from './game.mjs';
import { resticCheck } from './programs.mjs';
import { filesBelow, PASSWORD } from './workshop.mjs';

const EMPTY = createHash('sha256').digest('hex');

/**
 * What is wrong, in words. `had`: SHA-256 of contents that must be in a game folder, in a trash or in a snapshot;
 * `known`, `sums` and `sound` are memories of what was read before.
 */
export async function findLosses(shop, place, { had, known, sums, sound }, { readData }) {
  const problems = await check(shop, place, sound, readData);
  const missing = new Set(had);
  for (const sha256 of contentsOnPcs(place)) missing.delete(sha256);
  try {
    for (const sha256 of await contentsInHistory(shop, place, known, sums)) missing.delete(sha256);
  } catch (error) {
    problems.push(`the history cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (missing.size > 0) problems.push(`LOST: ${missing.size} contents: ${[...missing].map((id) => id.slice(0, 8))}`);
  return problems;
}

/** The files of a repository are named by their contents: the same names and sizes are sound for the same reason. */
async function check({ programs }, { store, repo }, sound, readData) {
  const problems = existsSync(join(repo, 'config')) ? [] : ['there is no repository'];
  for (const name of existsSync(store) ? readdirSync(store) : []) {
    const folder = join(store, name);
    // One of a catalogue that was never finished holds nothing; the next that enters an instance makes it.
    if (!existsSync(join(folder, 'config'))) continue;
    const paths = filesBelow(folder).filter((path) => !path.startsWith('locks/'));
    const key = paths.map((path) => `${path} ${statSync(join(folder, path)).size}`).join();
    if (sound.has(key) && !readData) continue;
    const complaint = await resticCheck(programs.restic, folder, PASSWORD, readData);
    if (complaint === undefined) sound.add(key);
    else problems.push(`restic check of ${name}: ${complaint}`);
  }
  return problems;
}

/** SHA-256 of every file in both game folders and in their trash. */
export function contentsOnPcs({ pcs }) {
  const all = Object.values(pcs).flatMap(({ game }) => [
    ...[...readGame(game).values()].flatMap(({ sha256 = [] }) => sha256),
    ...contentsOf(join(game, '.cloud-sync', 'trash')),
  ]);
  return new Set(all);
}

/** SHA-256 of every file's content in every snapshot. */
export async function contentsInHistory({ internals }, { repo }, known, sums) {
  const { snapshots, blob } = await internals.readHistory(repo, PASSWORD, known);
  const found = new Set();
  for (const snapshot of snapshots) {
    known.set(snapshot.id, snapshot);
    for (const blobs of snapshot.files.values()) found.add(await sumOf(blobs, blob, sums));
  }
  return found;
}

/** A blob's id is the SHA-256 of its bytes. */
async function sumOf(blobs, blob, sums) {
  if (blobs.length < 2) return blobs[0] ?? EMPTY;
  const key = blobs.join();
  if (!sums.has(key)) {
    const hash = createHash('sha256');
    for (const id of blobs) hash.update(await blob(id));
    sums.set(key, hash.digest('hex'));
  }
  return sums.get(key);
}
